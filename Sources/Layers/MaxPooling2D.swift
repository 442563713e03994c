import CKernels
import Tensors

/// The largest pixel of each window, channel by channel.
///
/// Input `[N, C, H, W]`, output `[N, C, H', W']`; windows that do not fit are left out (PyTorch's floor mode). Padding
/// never wins. Of equal pixels the first wins, and receives the gradient; NaN wins over every number.
public struct MaxPooling2D<Scalar: TensorScalar>: Layer {
  /// The window's size.
  public let kernel: Extent
  /// From one window to the next.
  public let stride: Extent
  /// What is added around the image.
  public let padding: Padding
  /// From one pixel of a window to the next.
  public let dilation: Extent

  /// A pooling layer; windows stand side by side unless a stride is given.
  public init(kernel: Extent, stride: Extent? = nil, padding: Padding = .valid, dilation: Extent = 1) {
    self.kernel = kernel
    self.stride = stride ?? kernel
    self.padding = padding
    self.dilation = dilation
  }

  /// Who won.
  public struct Tape: Sendable {
    let input: Shape
    /// For each output, the place of its pixel in its plane.
    let winners: [Int32]
  }

  private func windows(_ input: Shape) -> PoolingWindows {
    PoolingWindows("MaxPooling2D", input, kernel: kernel, stride: stride, padding: padding, dilation: dilation)
  }

  private var isTwoByTwo: Bool { kernel == 2 && stride == 2 && dilation == 1 && padding == .valid }

  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tape) {
    let windows = windows(input.shape)
    precondition(windows.inputPixels <= Int32.max, "MaxPooling2D: a plane of more than 2^31 pixels")
    let shape = windows.outputShape(input.shape)
    var output: Tensor<Scalar>?
    let winners = [Int32](unsafeUninitializedCapacity: shape.count) { winners, count in
      output = pool(input, windows, winners.baseAddress!)
      count = shape.count
    }
    return (output!, Tape(input: input.shape, winners: winners))
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> { pool(input, windows(input.shape), nil) }

  private func pool(
    _ input: Tensor<Scalar>, _ windows: PoolingWindows, _ winners: UnsafeMutablePointer<Int32>?
  ) -> Tensor<Scalar> {
    let plan = isTwoByTwo && winners != nil ? nil : MaximumPlan(windows)
    return input.withUnsafeElements { x in
      Tensor(windows.outputShape(input.shape)) { y in
        // Only reached within the closure, whose planes do not overlap.
        nonisolated(unsafe) let winners = winners
        windows.forEachPlane(of: input.shape) { plane in
          let x = x.baseAddress! + plane * windows.inputPixels
          let y = y.baseAddress! + plane * windows.outputPixels
          let winners = winners.map { $0 + plane * windows.outputPixels }
          if let plan {
            largest(x, y, winners, windows, plan)
          } else {
            largestOfFour(x, y, winners!, windows)
          }
        }
      }
    }
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tape
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    let windows = windows(tape.input)
    let input = tape.winners.withUnsafeBufferPointer { winners in
      gradient.withUnsafeElements { g in
        Tensor<Scalar>(tape.input) { dx in
          windows.forEachPlane(of: tape.input) { plane in
            let outputs = plane * windows.outputPixels..<(plane + 1) * windows.outputPixels
            let inputs = plane * windows.inputPixels..<(plane + 1) * windows.inputPixels
            scatter(.init(rebasing: g[outputs]), .init(rebasing: winners[outputs]), .init(rebasing: dx[inputs]))
          }
        }
      }
    }
    return (input, NoParameters())
  }

  public func outputShape(for input: Shape) -> Shape { windows(input).outputShape(input) }

  public var label: String {
    let stride = stride == kernel ? "" : ", stride \(stride)"
    let padding = padding == .valid ? "" : ", padding \(padding.label)"
    let dilation = dilation == 1 ? "" : ", dilation \(dilation)"
    return "MaxPooling2D(\(kernel)\(stride)\(padding)\(dilation))"
  }
}

/// What every plane has in common, found once: which outputs each tap serves, and where each output looks first.
struct MaximumPlan: Sendable {
  /// For each tap along the columns, the outputs of a row that see a pixel through it.
  let columns: [Range<Int>]
  /// For each output of a row, the first column it sees.
  let firstColumn: [Int32]

  init(_ windows: PoolingWindows) {
    let axis = windows.horizontal
    columns = (0..<axis.kernel).map { axis.outputs(seenThrough: $0) }
    firstColumn = (0..<axis.output).map { output in
      Int32((0..<axis.kernel).lazy.compactMap { axis.source(output: output, tap: $0) }.first!)
    }
  }
}

// Taps outside, outputs inside: the inner loop runs along a row, whatever the window.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func largest<Scalar: TensorScalar>(
  _ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>, _ winners: UnsafeMutablePointer<Int32>?,
  _ windows: PoolingWindows, _ plan: MaximumPlan
) {
  let (vertical, horizontal) = (windows.vertical, windows.horizontal)
  for i in 0..<vertical.output {
    let y = y + i * horizontal.output
    let winners = winners.map { $0 + i * horizontal.output }
    var isFirst = true
    for a in 0..<vertical.kernel {
      guard let row = vertical.source(output: i, tap: a) else { continue }
      let x = x + row * horizontal.input
      if isFirst {
        for j in 0..<horizontal.output { y[j] = x[Int(plan.firstColumn[j])] }
        if let winners {
          for j in 0..<horizontal.output { winners[j] = Int32(row * horizontal.input) + plan.firstColumn[j] }
        }
        isFirst = false
      }
      for (b, outputs) in plan.columns.enumerated() {
        let first = outputs.lowerBound
        let offset = first * horizontal.stride + horizontal.dilation * b - horizontal.paddingBefore
        largerRow(
          y + first, winners.map { $0 + first }, x + offset, Int32(truncatingIfNeeded: row * horizontal.input + offset),
          horizontal.stride, outputs.count)
      }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func largerRow<Scalar: TensorScalar>(
  _ y: UnsafeMutablePointer<Scalar>, _ winners: UnsafeMutablePointer<Int32>?, _ x: UnsafePointer<Scalar>,
  _ place: Int32, _ stride: Int, _ count: Int
) {
  if Scalar.self == Float.self {
    if let winners {
      sk_larger_row_f32(y.f32, winners, x.f32, place, stride, count)
    } else {
      sk_larger_row_alone_f32(y.f32, x.f32, stride, count)
    }
  } else if let winners {
    sk_larger_row_f64(y.f64, winners, x.f64, place, stride, count)
  } else {
    sk_larger_row_alone_f64(y.f64, x.f64, stride, count)
  }
}

// Two by two, side by side: the window of nearly every network, all four taps at once.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func largestOfFour<Scalar: TensorScalar>(
  _ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>, _ winners: UnsafeMutablePointer<Int32>,
  _ windows: PoolingWindows
) {
  let (width, columns) = (windows.horizontal.input, windows.horizontal.output)
  for i in 0..<windows.vertical.output {
    let upper = x + 2 * i * width
    let (y, winners) = (y + i * columns, winners + i * columns)
    let place = Int32(2 * i * width)
    if Scalar.self == Float.self {
      sk_largest_of_four_f32(y.f32, winners, upper.f32, (upper + width).f32, place, Int32(width), columns)
    } else {
      sk_largest_of_four_f64(y.f64, winners, upper.f64, (upper + width).f64, place, Int32(width), columns)
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func scatter<Scalar: TensorScalar>(
  _ gradient: UnsafeBufferPointer<Scalar>, _ winners: UnsafeBufferPointer<Int32>,
  _ result: UnsafeMutableBufferPointer<Scalar>
) {
  result.initialize(repeating: 0)
  for i in gradient.indices { result[Int(winners[i])] += gradient[i] }
}

extension Padding {
  /// E.g. `same`, `1`, or `1 0 1 0` for top, bottom, left, right.
  var label: String {
    switch self {
    case .valid: "valid"
    case .same: "same"
    case .full: "full"
    case .explicit(let top, let bottom, let left, let right):
      Set([top, bottom, left, right]).count == 1 ? "\(top)" : "\(top) \(bottom) \(left) \(right)"
    }
  }
}
