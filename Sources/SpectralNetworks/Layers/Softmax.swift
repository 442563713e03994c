import SpectralCore

/// Turns scores into probabilities along the last axis: `e^x / Σ e^x`.
public struct Softmax<Scalar: TensorScalar>: Layer {
  /// A softmax.
  public init() {}

  /// The tape is the output.
  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tensor<Scalar>) {
    let output = input.softmax()
    return (output, output)
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tensor<Scalar>
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    (gradient.rowwise(tape) { softmaxGradient($0, $1, $2) }, NoParameters())
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> { input.softmax() }

  public func outputShape(for input: TensorShape) -> TensorShape { input }
}

/// The logarithm of the softmax along the last axis: `x - log Σ e^x`, without the loss of digits of taking both.
public struct LogSoftmax<Scalar: TensorScalar>: Layer {
  /// A logarithm of a softmax.
  public init() {}

  /// The tape is the output.
  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tensor<Scalar>) {
    let output = input.logSoftmax()
    return (output, output)
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tensor<Scalar>
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    (gradient.rowwise(tape) { logSoftmaxGradient($0, $1, $2) }, NoParameters())
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> { input.logSoftmax() }

  public func outputShape(for input: TensorShape) -> TensorShape { input }
}

extension Tensor {
  /// Probabilities from scores along the last axis, e.g. of `[N, K]`. The largest score of a row is subtracted first,
  /// so that scores of any size survive.
  public func softmax() -> Tensor { rowwise(self) { _, x, y in softmaxRow(x, y) } }

  /// The logarithms of ``softmax()``, `x - log Σ e^x`.
  public func logSoftmax() -> Tensor { rowwise(self) { _, x, y in logSoftmaxRow(x, y) } }

  /// A tensor of the same shape that `kernel` computes row by row of the last axis.
  func rowwise(
    _ other: Tensor,
    _ kernel: (UnsafeBufferPointer<Scalar>, UnsafeBufferPointer<Scalar>, UnsafeMutableBufferPointer<Scalar>) -> Void
  ) -> Tensor {
    precondition(shape == other.shape, "one tensor has shape \(shape), the other \(other.shape)")
    precondition(shape.rank > 0 && shape[-1] > 0, "a softmax of a tensor of shape \(shape)")
    let width = shape[-1]
    return withUnsafeElements { a in
      other.withUnsafeElements { b in
        Tensor(shape) { result in
          // A row costs an exponential for each element: a fraction of the usual piece is worth handing over.
          Parallel.forEach(count / width, grain: max(1, rowGrain(width) / 8)) { row in
            let part = row * width..<(row + 1) * width
            kernel(.init(rebasing: a[part]), .init(rebasing: b[part]), .init(rebasing: result[part]))
          }
        }
      }
    }
  }
}

/// The largest of some numbers; NaN if one is NaN.
@inline(__always)
func maximum<Scalar: TensorScalar>(_ x: UnsafeBufferPointer<Scalar>) -> Scalar {
  var largest = x[0]
  for value in x where !(value <= largest) { largest = largest.isNaN ? largest : value }
  return largest
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func softmaxRow<Scalar: TensorScalar>(_ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeMutableBufferPointer<Scalar>) {
  let largest = maximum(x)
  exponential(x, less: largest, y)
  let factor = 1 / runningSum(y.baseAddress!, y.count)
  for i in x.indices { y[i] *= factor }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func logSoftmaxRow<Scalar: TensorScalar>(_ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeMutableBufferPointer<Scalar>) {
  let largest = maximum(x)
  exponential(x, less: largest, y)
  let logarithm = logarithm(runningSum(y.baseAddress!, y.count))
  for i in x.indices { y[i] = x[i] - largest - logarithm }
}

// dx = y (g - Σ g y)
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func softmaxGradient<Scalar: TensorScalar>(
  _ g: UnsafeBufferPointer<Scalar>, _ y: UnsafeBufferPointer<Scalar>, _ dx: UnsafeMutableBufferPointer<Scalar>
) {
  var inner: Scalar = 0
  for i in g.indices { inner += g[i] * y[i] }
  for i in g.indices { dx[i] = y[i] * (g[i] - inner) }
}

// dx = g - e^y Σ g
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func logSoftmaxGradient<Scalar: TensorScalar>(
  _ g: UnsafeBufferPointer<Scalar>, _ y: UnsafeBufferPointer<Scalar>, _ dx: UnsafeMutableBufferPointer<Scalar>
) {
  var sum: Scalar = 0
  for i in g.indices { sum += g[i] }
  exponential(y, less: 0, dx)
  for i in g.indices { dx[i] = g[i] - dx[i] * sum }
}
