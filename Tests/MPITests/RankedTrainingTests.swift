import Foundation
import TestSupport
import Testing

/// `mpirun -n N spectral train`: the checkpoint of one process.
@Suite(.serialized, .enabled(if: hasMPI, "this build has no MPI: make mpi, and SPECTRALKIT_MPI=1 for the tests"))
struct RankedTrainingTests {
  private let folder = temporaryFolder()

  private func data(_ name: String) throws -> Data { try Data(contentsOf: folder.appendingPathComponent(name)) }
  private var names: [String] { try! FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

  private func train(_ convolution: String, _ more: String...) -> [String] {
    [
      "train", "--limit", "300", "--epochs", "2", "--batch-size", "40", "--micro-batch", "6", "--deterministic",
      "--convolution",
      convolution, "--checkpoint",
    ] + more
  }

  @Test(arguments: ["direct", "fft", "automatic"]) func theCheckpointOfOneProcess(_ convolution: String) throws {
    let one = spectral(train(convolution, "one.safetensors", "--metrics", "one.jsonl"), in: folder)
    #expect(one.code == 0, "\(one)")
    for ranks in [1, 2, 3, 4, 8] {
      let name = "on\(ranks).safetensors"
      let outcome = mpirun(ranks, spectralBinary, train(convolution, name), in: folder).finish()
      #expect(outcome.code == 0 && outcome.output.isEmpty, "\(outcome)")
      // What one process says, once.
      #expect(outcome.lines.count == one.lines.count, "\(outcome)")
      #expect(try data(name) == data("one.safetensors"), "\(ranks) ranks")
    }
  }

  /// Legs on different numbers of ranks, and on none.
  @Test func anotherNumberOfRanksGoesOn() throws {
    let one = spectral(train("fft", "one.safetensors"), in: folder)
    #expect(one.code == 0, "\(one)")
    for (ranks, steps) in [(3, 3), (2, 8), (1, 9), (4, 13)] {
      let outcome = mpirun(
        ranks, spectralBinary, train("fft", "net.safetensors", "--resume", "--steps", "\(steps)"), in: folder
      ).finish()
      #expect(outcome.code == 0 && outcome.talk.contains("stopped after step \(steps)"), "\(outcome)")
    }
    #expect(spectral(train("fft", "net.safetensors", "--resume"), in: folder).code == 0)
    #expect(try data("net.safetensors") == data("one.safetensors") && names == ["net.safetensors", "one.safetensors"])
  }

  @Test func failuresAreSaidOnce() throws {
    let refused: [([String], Int32, String)] = [
      (
        ["train", "--limit", "50"], 2,
        "spectral train: 3 ranks share the micro-batches of a step, and there are none: add"
      ),
      (
        ["train", "--limit", "50", "--micro-batch", "4", "--model", "large-kernel"], 1,
        "spectral train: the network keeps"
      ),
      (["train", "--dataset", "mnist", "--data", "absent", "--micro-batch", "4"], 1, "spectral train: absent"),
      (["train", "--micro-batch", "0"], 2, "spectral train: --micro-batch must be"),
      // Rank 0 alone writes.
      (train("direct", "absent/net.safetensors"), 1, "spectral train: rank 0 of 3: absent/net.safetensors"),
    ]
    for (arguments, code, words) in refused {
      let outcome = mpirun(3, spectralBinary, arguments, in: folder).finish()
      #expect(outcome.code == code && outcome.talk.contains(words), "\(outcome)")
      #expect(outcome.talk.components(separatedBy: "spectral train: ").count == 2, "\(outcome)")
      #expect(names.isEmpty)
    }
  }
}
