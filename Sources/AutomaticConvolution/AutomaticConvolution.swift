import FourierConvolution
import Layers
import SpatialConvolution
import Tensors

/// A scalar for which both methods exist.
public typealias AnyMethodScalar = ConvolutionScalar & RowScalar

/// Chooses, for every problem, the method with the lower estimated cost. It is a choice by name: ``choice(_:_:)`` says
/// which.
public struct AutomaticConvolution<Scalar: AnyMethodScalar>: ConvolutionMethod {
  /// The direct method it may choose.
  public let direct: SpatialConvolution<Scalar>
  /// The Fourier method it may choose.
  public let fourier: FourierConvolution<Scalar>

  /// A choice between the two methods.
  public init(
    direct: SpatialConvolution<Scalar> = SpatialConvolution(),
    fourier: FourierConvolution<Scalar> = FourierConvolution()
  ) {
    self.direct = direct
    self.fourier = fourier
  }

  /// `automatic`.
  public var name: String { "automatic" }

  /// The method that a pass of a problem is computed with.
  public func choice(_ problem: ConvolutionProblem, _ pass: ConvolutionPass = .forward) -> any ConvolutionMethod<Scalar>
  {
    // Much padding under a long stride: the direct method would hold the padded rows.
    guard (try? direct.workingMemory(pass, problem)) != nil else { return fourier }
    // The Fourier method's estimate for a gradient is that of a whole training step, three passes.
    let passes: Double = pass == .forward ? 1 : 3
    let directSeconds =
      passes * Double(problem.multiplyAdds) / SpatialConvolution<Scalar>.multiplyAddsPerSecond(problem)
    guard let fourierSeconds = fourier.estimatedSeconds(pass, problem) else { return direct }
    return fourierSeconds < directSeconds ? fourier : direct
  }

  public func forward(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, bias: Tensor<Scalar>?, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    choice(problem).forward(input, filter, bias: bias, problem)
  }

  public func inputGradient(
    _ gradient: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    choice(problem, .inputGradient).inputGradient(gradient, filter, problem)
  }

  public func filterGradient(
    _ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    choice(problem, .filterGradient).filterGradient(gradient, input, problem)
  }

  public func record(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, bias: Tensor<Scalar>?, _ problem: ConvolutionProblem
  ) -> (output: Tensor<Scalar>, tape: ConvolutionTape<Scalar>) {
    choice(problem, .filterGradient).record(input, filter, bias: bias, problem)
  }

  public func gradients(
    _ gradient: Tensor<Scalar>, _ tape: ConvolutionTape<Scalar>, wantsInput: Bool
  ) -> (input: Tensor<Scalar>?, filter: Tensor<Scalar>) {
    choice(tape.problem, .filterGradient).gradients(gradient, tape, wantsInput: wantsInput)
  }

  public func workingMemory(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) throws(ConvolutionError) -> Int {
    try choice(problem, pass).workingMemory(pass, problem)
  }
}
