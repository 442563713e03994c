import Foundation
import SpectralKit
import TestSupport
import Testing

#if os(Linux)
  /// Every command that takes a picture refuses one for which there is no memory, before anything is allocated: here the
  /// address space of the process is what the machine has.
  @Suite struct ImageMemoryTests {
    let folder = temporaryFolder()

    init() throws {
      // Few bytes in the file, since all is black.
      try RasterImage(pixels: .zeros([1, 1, 1 << 25])).write(to: folder.path + "/wide.png")
      try RasterImage(pixels: .zeros([1, 1 << 23, 1])).write(to: folder.path + "/tall.png")
    }

    @Test(arguments: [
      ("spectrum wide.png -o o.png", 1200), ("spectrum wide.png -o o.npy", 1200),
      ("spectrum tall.png --plain -o o.png", 500),
      ("spectrum wide.png --peaks 3", 1200), ("compare wide.png", 2500),
      ("filter wide.png --lowpass gaussian:0.1 -o o.png", 700), ("filter tall.png --lowpass ideal:0.1 -o o.png", 1500),
      ("filter tall.png --lowpass gaussian:0.1 --show", 1500), ("hybrid wide.png wide.png --cutoff 8px -o o.png", 2000),
      ("match wide.png wide.png", 1800), ("match wide.png wide.png --method phase", 1800),
    ])
    func whatDoesNotFitIsRefusedWithTheEstimate(_ command: String, _ megabytes: Int) {
      // Two threads, whose stacks are part of the address space.
      let line = "ulimit -v \(megabytes * 1000); exec timeout 60 \"$0\" \(command)"
      let outcome = spectral(shell: line, in: folder)
      #expect(outcome.code == 1 && outcome.lines.count == 1, "\(outcome)")
      #expect(outcome.talk.contains(" of memory, and this machine has "), "\(outcome.talk)")
    }
  }
#endif
