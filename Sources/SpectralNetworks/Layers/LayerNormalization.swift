import CKernels
import SpectralCore

/// Gives every example mean 0 and variance 1 over its last axes, then a learned scale and shift (Ba, Kiros and Hinton,
/// 2016).
///
/// Input and output `[..., normalizedShape]`; `weight` and `bias` have the normalised shape. Training and inference are
/// the same.
public struct LayerNormalization<Scalar: TensorScalar>: Layer {
  /// The scale, from 1, and the shift, from 0.
  public var parameters: Weights<Scalar>
  /// Added to the variance, so that a constant example can be divided by its deviation.
  public let epsilon: Double

  /// A normalisation over the last axes, whose extents are `normalizedShape`.
  public init(_ normalizedShape: TensorShape, epsilon: Double = 1e-5) {
    precondition(
      normalizedShape.rank > 0 && normalizedShape.count > 0, "a normalisation over axes of shape \(normalizedShape)")
    parameters = Weights(weight: Tensor(normalizedShape, repeating: 1), bias: .zeros(normalizedShape))
    self.epsilon = epsilon
  }

  /// What the backward pass needs.
  public struct Tape: Sendable {
    let input: Tensor<Scalar>
    /// The mean of each row.
    let mean: Tensor<Scalar>
    /// One over the deviation of each row.
    let inverse: Tensor<Scalar>
  }

  private var width: Int { parameters.weight.count }

  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tape) {
    let width = width
    let rows = outputShape(for: input.shape).count / width
    var (mean, inverse) = (Tensor<Scalar>.zeros([rows]), Tensor<Scalar>.zeros([rows]))
    let output = input.withUnsafeElements { x in
      parameters.weight.withUnsafeElements { weight in
        parameters.bias!.withUnsafeElements { bias in
          mean.withUnsafeMutableElements { mean in
            inverse.withUnsafeMutableElements { inverse in
              Tensor<Scalar>(input.shape) { y in
                nonisolated(unsafe) let (mean, inverse) = (mean, inverse)
                Parallel.forEach(rows, grain: rowGrain(width)) { row in
                  let part = row * width..<(row + 1) * width
                  (mean[row], inverse[row]) = standardizeRow(
                    .init(rebasing: x[part]), weight, bias, Scalar(epsilon), .init(rebasing: y[part]))
                }
              }
            }
          }
        }
      }
    }
    return (output, Tape(input: input, mean: mean, inverse: inverse))
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tape
  ) -> (input: Tensor<Scalar>, parameters: Weights<Scalar>) {
    let width = width
    let own = parameterGradient(gradient, tape)
    let input = gradient.withUnsafeElements { g in
      tape.input.withUnsafeElements { x in
        parameters.weight.withUnsafeElements { weight in
          tape.mean.withUnsafeElements { mean in
            tape.inverse.withUnsafeElements { inverse in
              Tensor<Scalar>(tape.input.shape) { dx in
                Parallel.forEach(mean.count, grain: rowGrain(width)) { row in
                  let part = row * width..<(row + 1) * width
                  standardizeRowGradient(
                    .init(rebasing: g[part]), .init(rebasing: x[part]), weight, mean[row], inverse[row],
                    .init(rebasing: dx[part]))
                }
              }
            }
          }
        }
      }
    }
    return (input, own)
  }

  public func parameterGradient(_ gradient: Tensor<Scalar>, _ tape: Tape) -> Weights<Scalar> {
    precondition(
      gradient.shape == tape.input.shape,
      "the gradient has shape \(gradient.shape), the output had \(tape.input.shape)")
    let width = width
    var weight = Tensor<Scalar>.zeros(parameters.weight.shape)
    var bias = weight
    gradient.withUnsafeElements { g in
      tape.input.withUnsafeElements { x in
        tape.mean.withUnsafeElements { mean in
          tape.inverse.withUnsafeElements { inverse in
            weight.withUnsafeMutableElements { weight in
              bias.withUnsafeMutableElements { bias in
                // Pieces write to their own columns only.
                nonisolated(unsafe) let (weight, bias) = (weight, bias)
                forEachRange(width, size: max(32, rowGrain(mean.count))) {
                  sumStandardizedRows(g, x, mean, inverse, width, $0, weight, bias)
                }
              }
            }
          }
        }
      }
    }
    return Weights(weight: weight, bias: bias)
  }

  public func outputShape(for input: TensorShape) -> TensorShape {
    let last = parameters.weight.shape
    precondition(
      input.rank > last.rank && Array(input.extents.suffix(last.rank)) == last.extents,
      "the normalisation is over last axes of \(last), the input has shape \(input)")
    return input
  }

  public var label: String { "LayerNormalization(\(parameters.weight.shape), epsilon \(epsilon))" }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func standardizeRow<Scalar: TensorScalar>(
  _ x: UnsafeBufferPointer<Scalar>, _ weight: UnsafeBufferPointer<Scalar>, _ bias: UnsafeBufferPointer<Scalar>,
  _ epsilon: Scalar, _ y: UnsafeMutableBufferPointer<Scalar>
) -> (mean: Scalar, inverse: Scalar) {
  let count = Scalar(x.count)
  let mean = runningSum(x.baseAddress!, x.count) / count
  let variance = runningSumOfSquares(x.baseAddress!, mean, x.count) / count
  let inverse = 1 / (variance + epsilon).squareRoot()
  for i in x.indices { y[i] = (x[i] - mean) * inverse * weight[i] + bias[i] }
  return (mean, inverse)
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func standardizeRowGradient<Scalar: TensorScalar>(
  _ g: UnsafeBufferPointer<Scalar>, _ x: UnsafeBufferPointer<Scalar>, _ weight: UnsafeBufferPointer<Scalar>,
  _ mean: Scalar, _ inverse: Scalar, _ dx: UnsafeMutableBufferPointer<Scalar>
) {
  // dx = 1/σ (h - mean(h) - x̂ mean(h x̂)) with h = g w.
  let count = Scalar(x.count)
  for i in x.indices { dx[i] = g[i] * weight[i] }
  let base = runningSum(dx.baseAddress!, x.count) / count
  let product = Scalar.kernels.pointee.sum_products(dx.baseAddress, x.baseAddress, Double(mean), x.count)
  let slope = product * Double(inverse) * Double(inverse) / Double(x.count)
  Scalar.kernels.pointee.standardize_gradient(
    dx.baseAddress, dx.baseAddress, x.baseAddress, Double(mean), Double(base), slope, Double(inverse), x.count)
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func sumStandardizedRows<Scalar: TensorScalar>(
  _ g: UnsafeBufferPointer<Scalar>, _ x: UnsafeBufferPointer<Scalar>, _ mean: UnsafeBufferPointer<Scalar>,
  _ inverse: UnsafeBufferPointer<Scalar>, _ width: Int, _ columns: Range<Int>,
  _ weight: UnsafeMutableBufferPointer<Scalar>, _ bias: UnsafeMutableBufferPointer<Scalar>
) {
  let (c, count) = (columns.lowerBound, columns.count)
  let (weight, bias) = (weight.baseAddress! + c, bias.baseAddress! + c)
  for row in mean.indices {
    let (g, x) = (g.baseAddress! + row * width + c, x.baseAddress! + row * width + c)
    Scalar.kernels.pointee.add_products(bias, weight, g, x, Double(mean[row]), Double(inverse[row]), count)
  }
}
