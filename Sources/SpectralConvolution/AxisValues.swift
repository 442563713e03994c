/// A number for each axis: one for all of them, `2`, or one each in the order of the axes, `[1, 2, 2]` for depth, height
/// and width.
public struct AxisValues: Hashable, Sendable, ExpressibleByIntegerLiteral, ExpressibleByArrayLiteral,
  CustomStringConvertible
{
  /// One number that stands for all axes, or one for each.
  public let values: [Int]

  /// One number for all axes.
  public init(_ value: Int) { values = [value] }

  /// A number for each axis in order; a single one stands for all.
  public init(_ values: [Int]) {
    precondition(!values.isEmpty, "there must be a number for at least one axis")
    self.values = values
  }

  /// A number for the rows' axis and one for the columns'.
  public init(_ extent: Extent) { values = [extent.height, extent.width] }

  /// One number for all axes.
  public init(integerLiteral value: Int) { self.init(value) }

  /// A number for each axis in order.
  public init(arrayLiteral values: Int...) { self.init(values) }

  /// The number of an axis.
  public subscript(axis: Int) -> Int { values.count == 1 ? values[0] : values[axis] }

  /// Whether there is a number for each of `rank` axes.
  public func fits(rank: Int) -> Bool { values.count == 1 || values.count == rank }

  /// The numbers of `rank` axes.
  ///
  /// - Precondition: ``fits(rank:)``.
  public func expanded(rank: Int) -> [Int] {
    precondition(fits(rank: rank), "\(values.count) numbers for \(rank) axes")
    return values.count == 1 ? Array(repeating: values[0], count: rank) : values
  }

  /// Whether every axis has this number.
  public func isAll(_ value: Int) -> Bool { values.allSatisfy { $0 == value } }

  /// E.g. `2` or `1 x 2 x 2`.
  public var description: String { values.map(String.init).joined(separator: " x ") }
}
