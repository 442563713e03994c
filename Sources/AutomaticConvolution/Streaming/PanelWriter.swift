import Foundation
import SpectralCore

/// Writes panels of an array to their places in a file.
struct PanelWriter<Scalar: AnyMethodScalar>: Sendable {
  let file: PartialFile
  let plan: PanelPlan<Scalar>

  /// Numbers that are brought together before they are written.
  static var stagedNumbers: Int { 1 << 19 }

  /// Writes what stands before the numbers.
  func writeHeader() throws { try plan.outputHeader.withUnsafeBytes { try file.write($0, at: 0) } }

  /// Writes what is new in a panel; runs that are contiguous in both the panel and the file are written at once.
  func write(_ output: Tensor<Scalar>, panel: Int) throws {
    try output.withUnsafeElements { numbers in
      let base = numbers.baseAddress!
      if plan.layout.channelsTogether > 1 { return try interleave(base, panel: panel) }
      var run = (source: 0, place: 0, count: 0)
      try plan.forEachRun(of: panel) { source, place, count in
        if source == run.source + run.count && place == run.place + run.count {
          run.count += count
        } else {
          try write(base + run.source, place: run.place, count: run.count)
          run = (source, place, count)
        }
      }
      try write(base + run.source, place: run.place, count: run.count)
    }
  }

  /// Brings the channels of each pixel together, and writes them.
  private func interleave(_ base: UnsafePointer<Scalar>, panel: Int) throws {
    let (channels, volume) = (plan.layout.channels, plan.cuts.reduce(1) { $0 * $1.length })
    let capacity = max(1, min(Self.stagedNumbers / channels, plan.blocks.length * volume))
    let staged = Scratch<Scalar>(count: capacity * channels)
    var (place, held) = (0, 0)
    try plan.forEachRun(of: panel) { source, target, count in
      var done = 0
      while done < count {
        if held == capacity || place + held * channels != target + done * channels {
          try write(staged.base, place: place, count: held * channels)
          (place, held) = (target + done * channels, 0)
        }
        let taken = min(count - done, capacity - held)
        for c in 0..<channels {
          let (from, to) = (base + source + c * volume + done, staged.base + held * channels + c)
          for i in 0..<taken { to[i * channels] = from[i] }
        }
        done += taken
        held += taken
      }
    }
    try write(staged.base, place: place, count: held * channels)
  }

  private func write(_ numbers: UnsafePointer<Scalar>, place: Int, count: Int) throws {
    guard count > 0 else { return }
    let size = MemoryLayout<Scalar>.stride
    try file.write(
      UnsafeRawBufferPointer(start: numbers, count: count * size), at: plan.outputHeader.count + place * size)
  }
}
