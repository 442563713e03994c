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
    _ = outputShape(for: input.shape)
    return input.mean(over: 2..<input.shape.rank)
  }

  public func backward(
    _ gradient: Tensor<Scalar>, _ tape: TensorShape
  ) -> (input: Tensor<Scalar>, parameters: NoParameters<Scalar>) {
    let one = TensorShape(tape.extents.prefix(2) + Array(repeating: 1, count: Rank.axes))
    let share = gradient.reshaped(to: one) / Scalar(tape.extents.dropFirst(2).reduce(1, *))
    return (share.broadcast(to: tape), NoParameters())
  }

  public func outputShape(for input: TensorShape) -> TensorShape {
    precondition(
      input.rank == Rank.axes + 2 && input.extents.dropFirst(2).allSatisfy { $0 > 0 },
      "GlobalAveragePooling\(Rank.axes)D takes \(Rank.batch), not \(input)")
    return [input[0], input[1]]
  }

  public var label: String { "GlobalAveragePooling\(Rank.axes)D" }
}
