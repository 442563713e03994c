/// A pair of numbers, one for each axis of an image.
public struct Extent: Hashable, Sendable, ExpressibleByIntegerLiteral, CustomStringConvertible {
  /// Along the rows' axis (how many rows, or from row to row).
  public var height: Int
  /// Along the columns' axis.
  public var width: Int

  /// A height and a width.
  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// The same number for both axes.
  public init(_ side: Int) { self.init(height: side, width: side) }

  /// The same number for both axes.
  public init(integerLiteral side: Int) { self.init(side) }

  /// E.g. `5 x 3`.
  public var description: String { "\(height) x \(width)" }
}
