import SpectralConvolution
import SpectralCore

/// A problem that is computed as another one, over copies of its operands.
protocol Reformulation<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar

  /// The other problem, or one like all those into which this one falls.
  var inner: ConvolutionProblem { get }
  /// How many problems there are.
  var blocks: Int { get }
  /// The bytes of the copies for one of them.
  func copyBytes(_ pass: ConvolutionPass) -> Int
  /// The result of a pass.
  ///
  /// - Parameter method: Computes the same pass of the other problem.
  func run(
    _ pass: ConvolutionPass, _ operands: PassOperands<Scalar>,
    by method: (ConvolutionProblem, PassOperands<Scalar>) -> Tensor<Scalar>
  ) -> Tensor<Scalar>
}

/// With a number of its own beyond the border: inside a padded copy.
extension PaddedProblem: Reformulation {
  var blocks: Int { 1 }

  func copyBytes(_: ConvolutionPass) -> Int { copyBytes }
}
