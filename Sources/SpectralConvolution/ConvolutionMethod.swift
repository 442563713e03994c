import SpectralCore

/// A way to compute a convolution and its two gradients, for every geometry.
///
/// The three passes are one trilinear form `Σ g · x · w` seen from its three sides: fix two of output gradient,
/// images and filters, and the pass gives the gradient by the third. So each pass is the exact adjoint of the others.
///
/// - Precondition: of all passes, that the tensors have the shapes which the problem states.
public protocol ConvolutionMethod<Scalar>: Sendable {
  /// `Float` or `Double`.
  associatedtype Scalar: TensorScalar

  /// The word that chooses this method on the command line: `direct`, `fft` or `automatic`.
  var name: String { get }

  /// Feature maps `[N, O, ...]` of signals `[N, C, L]`, images `[N, C, H, W]` or volumes `[N, C, D, H, W]` under filters
  /// `[O, C / groups, ...]`, after an epilogue.
  func forward(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    _ problem: ConvolutionProblem
  ) -> Tensor<Scalar>

  /// The gradient by the input, `[N, C, ...]`, from the gradient by the feature maps.
  func inputGradient(
    _ gradient: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar>

  /// The gradient by the filters, `[O, C / groups, ...]`, from the gradient by the feature maps.
  func filterGradient(
    _ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar>

  /// The forward pass of a training step: also keeps what the backward passes can use again. The gradient that goes into
  /// those is the one by the output before its activation.
  func record(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    _ problem: ConvolutionProblem
  ) -> (output: Tensor<Scalar>, tape: ConvolutionTape<Scalar>)

  /// The backward passes of a training step.
  ///
  /// - Returns: The gradient by the images, if wanted, and by the filters.
  func gradients(
    _ gradient: Tensor<Scalar>, _ tape: ConvolutionTape<Scalar>, wantsInput: Bool
  ) -> (input: Tensor<Scalar>?, filter: Tensor<Scalar>)

  /// The bytes of working memory that a pass needs beside its operands and its result.
  ///
  /// - Throws: If the method has a memory limit and cannot keep within it; the sentence gives the estimate.
  func workingMemory(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) throws(ConvolutionError) -> Int

  /// The bytes of working memory that a training step needs, ``record(_:_:_:_:)`` and
  /// ``gradients(_:_:wantsInput:)``, beside operands and results; the tape's included.
  ///
  /// - Throws: If the method has a memory limit and cannot keep within it; the sentence gives the estimate.
  func trainingMemory(_ problem: ConvolutionProblem) throws(ConvolutionError) -> Int
}

/// One of the three computations of a convolution.
public enum ConvolutionPass: String, CaseIterable, Hashable, Sendable {
  /// Images and filters to feature maps.
  case forward
  /// Output gradient and filters to input gradient.
  case inputGradient
  /// Output gradient and images to filter gradient.
  case filterGradient
}

/// What a convolution keeps from its forward pass for its backward passes.
public struct ConvolutionTape<Scalar: TensorScalar>: Sendable {
  /// What was computed.
  public let problem: ConvolutionProblem
  /// The images.
  public let input: Tensor<Scalar>
  /// The filters.
  public let filter: Tensor<Scalar>
  /// What the method keeps for itself, e.g. spectra. Another method may ignore it: the tensors above suffice.
  public let memory: (any Sendable)?

  /// A tape.
  public init(
    problem: ConvolutionProblem, input: Tensor<Scalar>, filter: Tensor<Scalar>, memory: (any Sendable)? = nil
  ) {
    self.problem = problem
    self.input = input
    self.filter = filter
    self.memory = memory
  }
}

extension ConvolutionMethod {
  public func record(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ epilogue: ConvolutionEpilogue<Scalar>,
    _ problem: ConvolutionProblem
  ) -> (output: Tensor<Scalar>, tape: ConvolutionTape<Scalar>) {
    (forward(input, filter, epilogue, problem), ConvolutionTape(problem: problem, input: input, filter: filter))
  }

  /// The forward pass without an activation.
  public func forward(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, bias: Tensor<Scalar>?, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    forward(input, filter, ConvolutionEpilogue(bias: bias), problem)
  }

  /// The forward pass of a training step without an activation.
  public func record(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, bias: Tensor<Scalar>?, _ problem: ConvolutionProblem
  ) -> (output: Tensor<Scalar>, tape: ConvolutionTape<Scalar>) {
    record(input, filter, ConvolutionEpilogue(bias: bias), problem)
  }

  public func gradients(
    _ gradient: Tensor<Scalar>, _ tape: ConvolutionTape<Scalar>, wantsInput: Bool
  ) -> (input: Tensor<Scalar>?, filter: Tensor<Scalar>) {
    (
      wantsInput ? inputGradient(gradient, tape.filter, tape.problem) : nil,
      filterGradient(gradient, tape.input, tape.problem)
    )
  }

  public func trainingMemory(_ problem: ConvolutionProblem) throws(ConvolutionError) -> Int {
    try memoryOfPasses(problem)
  }

  /// The bytes of a training step whose passes go one by one.
  package func memoryOfPasses(_ problem: ConvolutionProblem) throws(ConvolutionError) -> Int {
    var most = 0
    // The refusal that names the most: a limit that meets it is enough for all passes.
    var refusal: ConvolutionError?
    for pass in ConvolutionPass.allCases {
      do { most = max(most, try workingMemory(pass, problem)) } catch {
        if error.neededBytes ?? .max > refusal?.neededBytes ?? -1 { refusal = error }
      }
    }
    if let refusal { throw refusal }
    return most
  }

  /// The feature maps of images under filters, any geometry; the simplest way to call a method.
  ///
  /// - Throws: If the geometry does not fit the tensors, or the method's memory limit cannot be kept.
  public func callAsFunction(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ geometry: ConvolutionGeometry = ConvolutionGeometry()
  ) throws(ConvolutionError) -> Tensor<Scalar> {
    let problem = try ConvolutionProblem(
      geometry, input: input.shape, filter: filter.shape)
    _ = try workingMemory(.forward, problem)
    return forward(input, filter, bias: nil, problem)
  }
}

extension ConvolutionProblem {
  /// Traps unless the operands have the shapes of this problem; every method calls it first.
  public func check<Scalar>(
    input: Tensor<Scalar>? = nil, filter: Tensor<Scalar>? = nil, gradient: Tensor<Scalar>? = nil,
    bias: Tensor<Scalar>? = nil
  ) {
    if let input {
      precondition(input.shape == inputShape, "the images have shape \(input.shape), the problem says \(inputShape)")
    }
    if let filter {
      precondition(
        filter.shape == filterShape, "the filters have shape \(filter.shape), the problem says \(filterShape)")
    }
    if let gradient {
      precondition(
        gradient.shape == outputShape, "the gradient has shape \(gradient.shape), the problem says \(outputShape)")
    }
    if let bias {
      precondition(
        bias.shape == [outputChannels], "the bias has shape \(bias.shape), there are \(outputChannels) outputs")
    }
  }
}
