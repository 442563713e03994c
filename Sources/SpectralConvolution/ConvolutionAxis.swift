/// One axis of a convolution: how many elements go in, how many come out, and which element each tap of each window sees.
public struct ConvolutionAxis: Hashable, Sendable {
  /// Elements of the array.
  public let input: Int
  /// Taps of the kernel.
  public let kernel: Int
  /// From one output to the next.
  public let stride: Int
  /// From one tap to the next.
  public let dilation: Int
  /// Elements added in front.
  public let paddingBefore: Int
  /// Elements added behind.
  public let paddingAfter: Int
  /// What the added elements are.
  public let boundary: Boundary
  /// Windows that fit.
  public let output: Int

  /// The elements that a kernel spans, its first and last taps included.
  public var span: Int { dilation * (kernel - 1) + 1 }
  /// The elements of the padded array.
  public var padded: Int { paddingBefore + input + paddingAfter }

  /// The element of the array that stands at a place of the padded array; nil where none does, but the boundary's value.
  @inlinable
  public func source(_ paddedPosition: Int) -> Int? {
    boundary.source(of: paddedPosition - paddingBefore, count: input)
  }

  /// The element that a tap of a window sees; nil where none stands there, but the boundary's value.
  @inlinable
  public func source(output: Int, tap: Int) -> Int? { source(stride * output + dilation * tap) }

  /// The axis that an array of fewer axes lacks: one element, one tap.
  public static let absent = ConvolutionAxis()

  private init() {
    (input, kernel, stride, dilation, paddingBefore, paddingAfter, output) = (1, 1, 1, 1, 0, 0, 1)
    boundary = .zero
  }

  /// An axis, or an error that says what would fit.
  ///
  /// - Parameters:
  ///   - name: What an element of the axis is called in errors, e.g. `row`.
  ///   - sides: The padding where it is given in numbers.
  package init(
    _ name: String, input: Int, kernel: Int, stride: Int, dilation: Int, padding: Padding, sides: Padding.Sides?,
    boundary: Boundary
  ) throws(ConvolutionError) {
    guard input > 0 else { throw ConvolutionError("the input has no \(name)s: it needs at least one") }
    guard kernel > 0 else { throw ConvolutionError("the kernel has no \(name)s: it needs at least one") }
    guard stride > 0 else {
      throw ConvolutionError("the stride along the \(name)s is \(stride): it must be at least 1")
    }
    guard dilation > 0 else {
      throw ConvolutionError("the dilation along the \(name)s is \(dilation): it must be at least 1")
    }
    let (reach, overflow) = dilation.multipliedReportingOverflow(by: kernel - 1)
    // Far below Int.max, so that no sum of sizes overflows further on.
    let most = 1 << 40
    let given = sides ?? Padding.Sides(before: 0, after: 0)
    guard !overflow, max(reach, dilation, input, stride) < most, max(given.before, given.after) < most else {
      throw ConvolutionError("a window of \(kernel) \(name)s with dilation \(dilation) is too large to compute with")
    }
    let span = reach + 1
    switch padding {
    case .valid: (paddingBefore, paddingAfter) = (0, 0)
    case .full: (paddingBefore, paddingAfter) = (reach, reach)
    case .same:
      let output = (input + stride - 1) / stride
      let total = max((output - 1) * stride + span - input, 0)
      (paddingBefore, paddingAfter) = (total / 2, total - total / 2)
    case .sides:
      guard given.before >= 0, given.after >= 0 else {
        throw ConvolutionError("the padding along the \(name)s is negative: it must be at least 0")
      }
      (paddingBefore, paddingAfter) = (given.before, given.after)
    }
    let padded = paddingBefore + input + paddingAfter
    guard padded >= span else {
      let fits = (padded - 1) / dilation + 1
      throw ConvolutionError(
        "a kernel of \(kernel) \(name)s\(dilation > 1 ? " with dilation \(dilation)" : "") spans \(span), but the padded "
          + "input has \(padded): pad \(span - padded) more, or take a kernel of at most \(fits)")
    }
    self.input = input
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.boundary = boundary
    output = (padded - span) / stride + 1
  }
}
