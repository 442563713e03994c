/// What is added around an array before a window slides over it.
public enum Padding: Hashable, Sendable {
  /// Nothing: the window stays inside the array.
  case valid
  /// As much as makes the output `ceil(input / stride)`; an odd element goes to the end (as PyTorch's `same` and ONNX's
  /// `SAME_UPPER`).
  case same
  /// As much as lets the window overlap the array in one element: `dilation * (kernel - 1)` on every side.
  case full
  /// Numbers of elements: one pair that stands for all axes, or a pair for each axis in order.
  case sides([Sides])

  /// The elements added in front of an axis and behind it.
  public struct Sides: Hashable, Sendable {
    /// In front of the first element.
    public var before: Int
    /// Behind the last element.
    public var after: Int

    /// Numbers of elements.
    public init(before: Int, after: Int) { (self.before, self.after) = (before, after) }
  }

  /// The same number of elements on every side.
  public static func pixels(_ count: Int) -> Padding { .sides([Sides(before: count, after: count)]) }

  /// As many elements in front of an axis as behind it.
  public static func symmetric(_ counts: AxisValues) -> Padding {
    .sides(counts.values.map { Sides(before: $0, after: $0) })
  }

  /// The pixels on each side of an image.
  public static func explicit(top: Int, bottom: Int, left: Int, right: Int) -> Padding {
    .sides([Sides(before: top, after: bottom), Sides(before: left, after: right)])
  }

  /// The sides of an axis where numbers are given; nil where they follow from the sizes.
  public func sides(axis: Int) -> Sides? {
    guard case .sides(let sides) = self else { return nil }
    return sides.count == 1 ? sides[0] : sides[axis]
  }

  /// Whether there is a pair for each of `rank` axes, or none is needed.
  public func fits(rank: Int) -> Bool {
    guard case .sides(let sides) = self else { return true }
    return sides.count == 1 || sides.count == rank
  }
}
