import SpectralCore

/// The mean of each whole plane: `[N, C, H, W]` to `[N, C]`, ready for a dense layer.
public struct GlobalAveragePooling2D<Scalar: TensorScalar>: Layer {
  /// A pooling layer.
  public init() {}

  /// The tape is the shape of the input.
  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: TensorShape) {
    (self(input), input.shape)
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
    let shape = outputShape(for: input.shape)
    let pixels = input.shape[2] * input.shape[3]
    return input.withUnsafeElements { x in
      Tensor(shape) { y in
        Parallel.forEach(y.count, grain: rowGrain(pixels)) { plane in
          y[plane] = runningSum(x.baseAddress! + plane * pixels, pixels) / Scalar(pixels)
        }
      }
    }
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: TensorShape
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    let pixels = tape[2] * tape[3]
    let input = gradient.withUnsafeElements { g in
      Tensor<Scalar>(tape) { dx in
        Parallel.forEach(g.count, grain: rowGrain(pixels)) { plane in
          (dx.baseAddress! + plane * pixels).initialize(repeating: g[plane] / Scalar(pixels), count: pixels)
        }
      }
    }
    return (input, NoParameters())
  }

  public func outputShape(for input: TensorShape) -> TensorShape {
    precondition(
      input.rank == 4 && input[2] * input[3] > 0, "GlobalAveragePooling2D takes images, N x C x H x W, not \(input)")
    return [input[0], input[1]]
  }
}
