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

    @Test func transparencyCounts() throws {
      // 2000 x 2000 pixels are 16 MB a plane: the image's four, those of the premultiplied image and of its convolution,
      // and the quotient, 256 MB, beside the program's 40 MiB.
      try RasterImage(pixels: .zeros([3, 2000, 2000]), alpha: .zeros([2000, 2000])).write(to: folder.path + "/icon.png")
      let command = ["convolve", "icon.png", "--kernel", "box:3", "-o", "o.png", "--memory-limit"]
      let refused = spectral(command + ["276MiB"], in: folder)
      #expect(refused.code == 1 && refused.talk.contains("icon.png: convolving it takes 28"), "\(refused)")
      #expect(spectral(command + ["290MiB"], in: folder).code == 0)
    }

    @Test func theMarginOfTheMachineIsNotForArrays() throws {
      // All but a hundredth of the machine's memory, in one array.
      let side = Int((0.99 * Double(ProcessInfo.processInfo.physicalMemory) / 8).squareRoot())
      let outcome = spectral(
        "conv2d", "--input", "one.npy", "--weight", "one.npy", "--padding", "\((side - 1) / 2)", "--output", "y.npy",
        in: try {
          try Tensor<Double>([1, 1, 1, 1], [1]).writeNPY(to: folder.path + "/one.npy")
          return folder
        }())
      #expect(outcome.code == 1 && outcome.lines.count == 1, "\(outcome)")
      #expect(outcome.talk.contains(" of memory, and this machine has "), "\(outcome.talk)")
    }

    /// A training whose pictures are far too large is refused before one of them is decoded.
    @Test func aFolderOfLargePicturesIsRefusedByTheirHeaders() throws {
      let classes = folder.path + "/classes/a"
      try FileManager.default.createDirectory(atPath: classes, withIntermediateDirectories: true)
      for i in 0..<3 {
        try FileManager.default.createSymbolicLink(
          atPath: "\(classes)/\(i).png", withDestinationPath: folder.path + "/large.png")
      }
      try RasterImage(pixels: .zeros([1, 6000, 6000])).write(to: folder.path + "/large.png")
      let line = "ulimit -v 1000000; exec timeout 60 \"$0\" train --dataset folder --data classes --epochs 1"
      let outcome = spectral(shell: line, in: folder)
      #expect(outcome.code == 1 && outcome.lines.count == 1, "\(outcome)")
      #expect(outcome.talk.contains("training lenet5 on batches of 2 images of 1 x 6000 x 6000 takes"), "\(outcome)")
    }

    @Test(arguments: [
      ("spectrum wide.png -o o.png", 1200), ("spectrum wide.png -o o.npy", 1200),
      ("spectrum tall.png --plain -o o.png", 500),
      ("spectrum wide.png --peaks 3", 1200), ("compare wide.png", 700), ("compare wide.png", 1000),
      ("compare tall.png", 400),
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
