import SpectralCore

/// Lanes, the channels of a result, in blocks that are computed together.
enum LaneBlocks {
  /// So many lanes in blocks of about equal size, of at most `atMost` units.
  static func split(_ lanes: Int, atMost: Int, unit: Int) -> [Range<Int>] {
    let units = (lanes + unit - 1) / unit
    let blocks = (units + atMost - 1) / atMost
    return (0..<blocks).map { $0 * units / blocks * unit..<min(lanes, ($0 + 1) * units / blocks * unit) }
  }

  /// The vectors of a block.
  static func vectors<Scalar: TensorScalar>(_ block: Range<Int>, _: Scalar.Type) -> Int {
    (block.count + Scalar.vectorWidth - 1) / Scalar.vectorWidth
  }
}
