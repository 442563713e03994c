/// An axis of an array cut into equal lengths.
///
/// The last length ends where the axis does and so begins before its predecessor ends: what both hold is computed
/// twice and written once. All panels then have one shape, and need one engine and one set of plans.
struct AxisCut: Hashable, Sendable {
  /// Pixels of the axis.
  let total: Int
  /// Pixels of each piece.
  let length: Int

  /// Pieces of at most `most` pixels, as equal as can be.
  init(total: Int, most: Int) {
    let pieces = (total + most - 1) / most
    self.total = total
    length = (total + pieces - 1) / pieces
  }

  /// How many pieces there are.
  var pieces: Int { (total + length - 1) / length }
  /// Where a piece begins.
  func start(_ piece: Int) -> Int { min(piece * length, total - length) }
  /// What a piece holds and its predecessors do not.
  func fresh(_ piece: Int) -> Range<Int> { piece * length..<min((piece + 1) * length, total) }
}
