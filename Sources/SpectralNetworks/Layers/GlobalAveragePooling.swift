import SpectralCore

/// The mean of each whole signal.
public typealias GlobalAveragePooling1D<Scalar: TensorScalar> = GlobalAveragePooling<Rank1, Scalar>
/// The mean of each whole plane.
public typealias GlobalAveragePooling2D<Scalar: TensorScalar> = GlobalAveragePooling<Rank2, Scalar>
/// The mean of each whole volume.
public typealias GlobalAveragePooling3D<Scalar: TensorScalar> = GlobalAveragePooling<Rank3, Scalar>

/// The mean of each channel over all axes: `[N, C, ...]` to `[N, C]`, ready for a dense layer.
public struct GlobalAveragePooling<Rank: SpatialRank, Scalar: TensorScalar>: Layer {
  /// A pooling layer.
  public init() {}

  /// The tape is the shape of the input.
  public func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: TensorShape) {
    (self(input), input.shape)
  }

  public func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
    let shape = outputShape(for: input.shape)
    let pixels = input.shape.extents.dropFirst(2).reduce(1, *)
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
    let pixels = tape.extents.dropFirst(2).reduce(1, *)
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
      input.rank == Rank.axes + 2 && input.extents.dropFirst(2).allSatisfy { $0 > 0 },
      "GlobalAveragePooling\(Rank.axes)D takes \(Rank.batch), not \(input)")
    return [input[0], input[1]]
  }

  public var label: String { "GlobalAveragePooling\(Rank.axes)D" }
}
