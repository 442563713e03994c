import Foundation
import SpectralKit
import TestSupport
import Testing

/// `mpirun -n N spectral convolve`: the bytes of one process.
@Suite(.serialized, .enabled(if: hasMPI, "this build has no MPI: make mpi, and SPECTRALKIT_MPI=1 for the tests"))
struct RankedConvolveTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
  private func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }
  private var names: [String] { try! FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

  private func write(_ shape: TensorShape) throws {
    var random = RandomGenerator(seed: 1)
    try Tensor<Float>.normal(shape, using: &random).writeNPY(to: path("x.npy"))
  }

  private func start(_ ranks: Int, _ arguments: [String]) -> RunningSpectral {
    mpirun(ranks, spectralBinary, arguments, in: folder)
  }

  /// Signals, images and volumes, with channels and without, by both methods.
  @Test(
    arguments: [
      ([2_000_000], ["--kernel", "random:1,301", "--ndim", "1"]),
      ([700, 900], ["--kernel", "random:31", "--boundary", "circular", "--method", "fft"]),
      ([500, 400, 3], ["--kernel", "gaussian:3", "--boundary", "mirror", "--method", "direct"]),
      ([60, 150, 140], ["--kernel", "gaussian:1,2,2", "--ndim", "3", "--boundary", "constant:0.5"]),
    ])
  func theBytesOfOneProcess(_ shape: [Int], _ flags: [String]) throws {
    try write(TensorShape(shape))
    var flags = flags
    if shape.count == 1 {
      try Tensor<Float>([301], repeating: 0.25).writeNPY(to: path("k.npy"))
      flags = ["--kernel", "k.npy"]
    }
    let common = ["convolve", "x.npy", "--memory-limit", "43MiB"] + flags
    let one = spectral(common + ["-o", "one.npy"], in: folder)
    #expect(one.code == 0, "\(one)")
    // Something is there before, and is replaced.
    try Data("old".utf8).write(to: folder.appendingPathComponent("y.npy"))
    for ranks in [1, 2, 3, 4, 8] {
      let outcome = start(ranks, common + ["-o", "y.npy"]).finish()
      #expect(outcome.code == 0 && outcome.lines.count == 1 && outcome.output.isEmpty, "\(outcome)")
      #expect(outcome.talk.contains(" precision by ") && outcome.talk.contains("on \(ranks) ranks") == (ranks > 1))
      #expect(try data("y.npy") == data("one.npy"), "\(shape) on \(ranks) ranks")
    }
    #expect(names == ["k.npy", "one.npy", "x.npy", "y.npy"].filter { $0 != "k.npy" || shape.count == 1 })
  }

  // MARK: Kills

  private let long = ["convolve", "x.npy", "--kernel", "random:201", "--method", "direct", "--memory-limit", "44MiB"]

  /// A process of a run that is under way.
  private struct RankProcess {
    var number: pid_t
    var rank: Int
    /// Whether it computes; else it guards one that does.
    var computes: Bool
  }

  /// The processes of ranks that write a file in this test's folder.
  private func processes() -> [RankProcess] {
    var found: [(number: pid_t, parent: pid_t, rank: Int)] = []
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let number = pid_t(name), let words = FileManager.default.contents(atPath: "/proc/\(name)/cmdline"),
        let settings = FileManager.default.contents(atPath: "/proc/\(name)/environ"),
        let status = FileManager.default.contents(atPath: "/proc/\(name)/status")
      else { continue }
      func text(_ data: Data) -> [Substring] { String(decoding: data, as: UTF8.self).split(separator: "\0") }
      guard text(words).first == spectralBinary.path[...], text(words).contains(path("y.npy")[...]),
        let rank = text(settings).lazy.compactMap({ $0.wholeMatch(of: /OMPI_COMM_WORLD_RANK=(\d+)/) }).first,
        let parent = String(decoding: status, as: UTF8.self).firstMatch(of: /PPid:\s+(\d+)/)
      else { continue }
      found.append((number, pid_t(parent.1)!, Int(rank.1)!))
    }
    return found.map { process in
      RankProcess(
        number: process.number, rank: process.rank,
        computes: found.contains { $0.number == process.parent })
    }
  }

  /// Starts a long run, and waits until its ranks are at work and some of what they do is safe.
  private func startLongRun(_ ranks: Int) -> RunningSpectral {
    let run = start(ranks, long + ["-o", path("y.npy"), "--threads", "1"])
    while run.process.isRunning {
      let isSafe = names.filter { $0.hasSuffix(".journal") }.contains { name in
        (try? data(name)).map { String(decoding: $0, as: UTF8.self).contains("\ndone ") } ?? false
      }
      if isSafe && processes().count(where: \.computes) == ranks { return run }
      usleep(10_000)
    }
    Issue.record("the run was over before it could be killed")
    return run
  }

  /// The run ends with one line that names the rank, and goes on with another number of ranks.
  @Test func aKilledRankEndsTheRun() throws {
    try write([1500, 1600])
    #expect(spectral(long + ["-o", "one.npy"], in: folder).code == 0)
    try Data("old".utf8).write(to: folder.appendingPathComponent("y.npy"))
    for (round, ranks) in [4, 2, 3].enumerated() {
      let run = startLongRun(ranks)
      let victim = Int.random(in: 0..<ranks)
      for process in processes() where process.rank == victim && process.computes == (round < 2) {
        kill(process.number, SIGKILL)
      }
      let outcome = run.finish()
      if round < 2 {
        #expect(outcome.code == 1 && outcome.lines.count == 1, "\(outcome)")
        #expect(
          outcome.talk.contains(
            "rank \(victim) of \(ranks) was ended by signal 9 (Killed), and with it the run: the same"),
          "\(outcome)")
      } else {
        // The guard itself: that is the launcher's to say, or to keep silent about.
        #expect(outcome.code != 0 && !outcome.talk.contains("spectral:"), "\(outcome)")
      }
      #expect(processes().isEmpty)
      #expect(try data("y.npy") == Data("old".utf8))
    }
    let outcome = start(2, long + ["-o", path("y.npy")]).finish()
    #expect(outcome.code == 0 && outcome.lines.count == 2, "\(outcome)")
    #expect(outcome.talk.contains("going on after ") && outcome.talk.contains(" of 1500 rows, which"))
    #expect(try data("y.npy") == data("one.npy") && names == ["one.npy", "x.npy", "y.npy"])
  }

  /// What a run of one process has left is gone on from, and the other way round.
  @Test func oneProcessAndSeveralGoOnFromEachOther() throws {
    try write([1500, 1600])
    #expect(spectral(long + ["-o", "one.npy"], in: folder).code == 0)
    let run = startLongRun(2)
    for process in processes() { kill(process.number, SIGKILL) }
    #expect(run.finish().code != 0)
    let outcome = spectral(long + ["-o", "y.npy"], in: folder)
    #expect(outcome.code == 0 && outcome.talk.contains("going on after "), "\(outcome)")
    #expect(try data("y.npy") == data("one.npy") && names == ["one.npy", "x.npy", "y.npy"])
  }

  private static let refused: [([String], Int32, String)] = [
    (
      ["convolve", "absent.npy", "--kernel", "1", "-o", "y.npy"], 1,
      "spectral convolve: absent.npy: there is no such file"
    ),
    (
      ["convolve", "x.npy", "--kernel", "1", "-o", "no/y.npy"], 1,
      "spectral convolve: no/y.npy: the folder no does not exist"
    ),
    (["convolve", "x.npy", "--kernel", "1"], 2, "spectral convolve: nothing would be left of the result"),
    (["convolve", "x.npy", "-o", "y.npy"], 2, "spectral convolve: --kernel is missing"),
    (
      ["convolve", "x.npy", "--kernel", "1", "-o", "y.png"], 1,
      "spectral convolve: x.npy: several ranks convolve an array"
    ),
    (
      ["convolve", "x.npy", "x.npy", "--kernel", "1", "-o", "."], 2,
      "spectral convolve: several ranks convolve one array"
    ),
    (
      ["convolve", "x.npy", "--kernel", "1", "-o", "/dev/null"], 2,
      "spectral convolve: /dev/null: several ranks read and write files"
    ),
    (
      ["convolve", "x.npy", "--kernel", "1", "-o", "y.npy", "--part", "1/2"], 2,
      "spectral convolve: --part is for runs that"
    ),
    (["filter", "x.npy", "--lowpass", "ideal:0.1", "-o", "y.npy"], 2, "spectral filter: runs as one process"),
    (["nonsense"], 2, "spectral: nonsense is not a command"), ([], 2, "spectral: say what to do"),
  ]

  /// What is wrong on all ranks is said once.
  @Test(arguments: refused) func failures(_ arguments: [String], _ code: Int32, _ words: String) throws {
    try write([30, 40])
    let outcome = start(3, arguments).finish()
    #expect(outcome.code == code && outcome.lines.count == 1 && outcome.talk.hasPrefix(words), "\(outcome)")
    #expect(names == ["x.npy"])
  }

  /// What is wrong on one rank names it.
  @Test func aFailureOfOneRankNamesIt() throws {
    try write([600, 700])
    // Rank 1 finds another file than the others.
    let line = "[ $OMPI_COMM_WORLD_RANK = 1 ] && input=absent.npy || input=x.npy; "
    let outcome = mpirun(
      3, URL(fileURLWithPath: "/bin/sh"),
      ["-c", line + "exec \"$0\" convolve $input --kernel box:3 -o y.npy", spectralBinary.path], in: folder
    ).finish()
    #expect(outcome.code == 1 && outcome.lines.count == 1, "\(outcome)")
    #expect(outcome.talk.hasPrefix("spectral convolve: rank 1 of 3: absent.npy: there is no such file"))
    #expect(!names.contains("y.npy"))
    #expect(start(2, ["convolve", "x.npy", "--kernel", "box:3", "-o", "y.npy"]).finish().code == 0)
    #expect(names == ["x.npy", "y.npy"])
  }

  @Test func helpIsSaidOnce() {
    let outcome = start(3, ["--version"]).finish()
    #expect(outcome.code == 0 && outcome.output.split(separator: "\n").count == 1, "\(outcome)")
  }
}
