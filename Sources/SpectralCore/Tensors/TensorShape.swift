/// The extents of a tensor, outermost first: `[N, C, H, W]` for a batch of images.
public struct TensorShape: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
  /// The extent of each axis.
  public let extents: [Int]

  /// A shape with these extents.
  ///
  /// - Precondition: no extent is negative and their product fits an `Int`.
  public init(_ extents: [Int]) {
    precondition(
      TensorShape.count(extents) != nil, "\(extents) is not a shape: an extent is negative or the product overflows")
    self.extents = extents
  }

  /// A shape with these extents.
  public init(arrayLiteral extents: Int...) { self.init(extents) }

  /// The number of elements of a tensor with these extents, or nil if there is no such tensor.
  ///
  /// Readers of files ask this before they trust a header.
  public static func count(_ extents: [Int]) -> Int? {
    var count = 1
    for extent in extents {
      guard extent >= 0 else { return nil }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow { return nil }
      count = product
    }
    return count
  }

  /// The number of axes.
  public var rank: Int { extents.count }

  /// The number of elements.
  public var count: Int { extents.reduce(1, *) }

  /// The extent of an axis; negative axes count from the last.
  public subscript(axis: Int) -> Int { extents[axis < 0 ? axis + rank : axis] }

  /// The distance in elements between neighbours along each axis.
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * extents[axis + 1] }
    return strides
  }

  /// The extents joined as in `8 x 64 x 56 x 56`; `scalar` for no axis at all.
  public var description: String { extents.isEmpty ? "scalar" : extents.map(String.init).joined(separator: " x ") }
}
