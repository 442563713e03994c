import Foundation
import SpectralKit
import TestSupport
import Testing

/// `spectral convolve --part` and `--join`, from the outside.
@Suite struct PartCommandTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
  private func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }
  private var names: [String] { try! FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

  private func writeImage(_ shape: TensorShape) throws {
    var random = RandomGenerator(seed: 1)
    try Tensor<Float>.normal(shape, using: &random).writeNPY(to: path("x.npy"))
  }

  private let command = ["convolve", "x.npy", "--kernel", "random:61", "--method", "direct", "--memory-limit", "44MiB"]

  /// Parts run in random order, two at a time, and are killed at random moments: what they leave is what one run leaves.
  @Test func killedPartsGoOnToTheSameBytes() throws {
    try writeImage([900, 1000])
    #expect(spectral(command + ["-o", "whole.npy"], in: folder).code == 0)
    var random = RandomGenerator(seed: UInt64(ProcessInfo.processInfo.processIdentifier))
    let count = 5
    var left = Array(1...count).shuffled(using: &random)
    var kills = 0
    // A part that is killed after it has finished the file leaves nothing to do.
    while !left.isEmpty && !names.contains("y.npy") {
      let pair = Array(left.prefix(2))
      let runs = pair.map { part in
        RunningSpectral(command + ["-o", "y.npy", "--part", "\(part)/\(count)", "--threads", "1"], in: folder)
      }
      for run in runs where kills < 12 {
        // The first before it can be done, whatever the machine.
        usleep(kills == 0 ? 10_000 : UInt32.random(in: 1000..<400_000, using: &random))
        if kill(run.process.processIdentifier, SIGKILL) == 0 { kills += 1 }
      }
      for (part, run) in zip(pair, runs) {
        let outcome = run.finish()
        #expect(outcome.code == 0 || outcome.code == 128 + SIGKILL, "\(outcome)")
        if outcome.code == 0 { left.removeAll { $0 == part } }
      }
      left.shuffle(using: &random)
    }
    // The last may have been killed after its work was safe and before the file had its name.
    let outcome = spectral(command + ["-o", "y.npy", "--join"], in: folder)
    #expect(outcome.code == 0 && outcome.talk.contains("all parts are there, and the file is finished"), "\(outcome)")
    #expect(kills > 0)
    #expect(try data("y.npy") == data("whole.npy"))
    #expect(names == ["whole.npy", "x.npy", "y.npy"])
  }

  @Test func saysWhatIsStillToCome() throws {
    try writeImage([900, 1000])
    let first = spectral(command + ["-o", "y.npy", "--part", "2/3"], in: folder)
    #expect(
      first.code == 0 && first.talk.hasPrefix("y.npy: part 2/3, ")
        && first.talk.contains(" rows: single precision by direct in ") && first.lines.count == 1, "\(first)")
    #expect(first.talk.contains("; still to come: 1/3, 3/3"))
    let again = spectral(command + ["-o", "y.npy", "--part", "2/3"], in: folder)
    #expect(again.code == 0 && again.talk.contains("y.npy: part 2/3, was done; still to come: 1/3, 3/3"), "\(again)")
    let early = spectral(command + ["-o", "y.npy", "--join"], in: folder)
    #expect(
      early.code == 1 && early.talk.contains("panels are missing, of parts 1/3, 3/3: compute them, and join")
        && early.lines.count == 1, "\(early)")
    let other = spectral(command + ["-o", "y.npy", "--part", "1/3", "--boundary", "zero"], in: folder)
    #expect(
      other.code == 1 && other.lines.count == 1
        && other.talk.contains(
          "part 2/3 is of another task (it was begun with boundary reflect, not boundary zero): give all parts the same input "
            + "and the same settings, or remove y.npy.partial and its journals to begin anew"),
      "\(other)")
    #expect(spectral(command + ["-o", "y.npy", "--part", "3/3"], in: folder).code == 0)
    let last = spectral(command + ["-o", "y.npy", "--part", "1/3", "--verbose"], in: folder)
    #expect(last.code == 0 && last.talk.contains("; all parts are done, and the file is finished"), "\(last)")
    #expect(last.talk.contains("of memory"))
    let late = spectral(command + ["-o", "y.npy", "--part", "1/3"], in: folder)
    #expect(
      late.code == 1 && late.lines.count == 1
        && late.talk.contains(
          "y.npy: this file is there, finished or of another origin, and parts do not replace a file: remove it"),
      "\(late)")
    // More parts than there are pieces.
    let idle = spectral("convolve", "x.npy", "--kernel", "1", "-o", "z.npy", "--part", "1/9", in: folder)
    #expect(idle.code == 0 && idle.talk.contains("z.npy: part 1/9, has nothing to do"), "\(idle)")
    #expect(names == ["x.npy", "y.npy"])
  }

  private static let refused: [([String], Int32, [String])] = [
    (["--part", "9/8"], 2, ["--part must be a part from 1/8 to 8/8", "--part 3/8"]),
    (["--part", "0/8"], 2, ["--part must be a part from 1/8 to 8/8"]),
    (["--part", "3"], 2, ["--part must be the number of a part and how many there are", "--part 3/8"]),
    (["--part", "1/0"], 2, ["--part must be one of 1 to 1000000 parts"]),
    (["--part", "1/2", "--join"], 2, ["--part and --join exclude each other"]),
    (["--join"], 1, ["y.npy: no part of this file has been computed: run its parts first"]),
    (["--part", "1/2", "-o", "y.png"], 1, ["x.npy: only an array in a .npy file that becomes an array"]),
    (["--part", "1/2", "-o", "-"], 2, ["parts are read from files and written to one file"]),
    (["--part", "1/2", "--show"], 1, ["leave --part away"]),
  ]

  /// Every one of these fails with one line that holds its words, and leaves the folder as it was.
  @Test(arguments: refused) func failures(_ arguments: [String], _ code: Int32, _ words: [String]) throws {
    try writeImage([30, 40])
    let output = arguments.contains("-o") ? [] : ["-o", "y.npy"]
    let outcome = spectral(["convolve", "x.npy", "--kernel", "box:3"] + output + arguments, in: folder)
    #expect(outcome.code == code && outcome.output.isEmpty && outcome.lines.count == 1, "\(outcome)")
    for word in words { #expect(outcome.talk.contains(word), "\(outcome.talk)") }
    #expect(names == ["x.npy"])
  }
}
