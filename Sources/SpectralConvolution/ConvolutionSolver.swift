import SpectralCore

/// One way to compute one pass of a problem.
///
/// A method has a table of solvers and asks each of them: whether it can do a pass of a problem within a memory limit, how
/// long that will take, and what memory it takes. Whoever wants a particular one asks for it by its name.
package protocol ConvolutionSolver<Scalar>: Sendable {
  /// `Float` or `Double`.
  associatedtype Scalar: TensorScalar

  /// The method and the way, e.g. `direct.window`.
  static var name: String { get }
  /// What it does and what for, in a sentence.
  static var summary: String { get }

  /// A solver for a pass of a problem.
  ///
  /// - Parameter memoryLimit: The most working memory beside operands and result, in bytes; nil for no limit.
  /// - Throws: If it cannot do the pass, or not within the limit; the sentence says why.
  init(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) throws(ConvolutionError)

  /// The time that the pass will take on one core.
  var cost: CostEstimate { get }
  /// Whether measurements favour it for such channels and images: then it is taken unless another solver's estimate is
  /// much less than its own.
  var isPreferred: Bool { get }
  /// The solver with its tables, for the next calls; nil if they take little time to make, or much memory.
  var kept: (any ConvolutionSolver<Scalar>)? { get }
  /// The memory of the pass, phase after phase.
  var memory: [WorkingSet] { get }

  /// The result of the pass.
  ///
  /// - Returns: Nil if operands are not finite and this solver would not give what the definition's sums give.
  func run(_ operands: PassOperands<Scalar>) -> Tensor<Scalar>?
}

/// What a pass is given: two of images, filters and output gradient, in this order: images and filters, output gradient and
/// filters, or output gradient and images.
package struct PassOperands<Scalar: TensorScalar> {
  package let first: Tensor<Scalar>
  package let second: Tensor<Scalar>
  /// Added to each output channel, forward only.
  package let bias: Tensor<Scalar>?
  /// Taken of each output after that, by solvers that do it as they write. The others are not given any.
  package let activation: ConvolutionActivation
  /// Where what is made of the filters may be kept for the next call.
  package let cache: FilterCache<Scalar>?

  package init(
    _ first: Tensor<Scalar>, _ second: Tensor<Scalar>, bias: Tensor<Scalar>? = nil,
    activation: ConvolutionActivation = .none, cache: FilterCache<Scalar>? = nil
  ) {
    (self.first, self.second, self.bias, self.activation, self.cache) = (first, second, bias, activation, cache)
  }

  /// Both as one.
  package var epilogue: ConvolutionEpilogue<Scalar> { ConvolutionEpilogue(bias: bias, activation: activation) }
}

/// The seconds that the parts of a pass take on one core, by rates that were measured on AVX-512 machines: products, those
/// with zeros that are not skipped included, copies, calls and tables.
package struct CostEstimate: ExpressibleByDictionaryLiteral, Sendable {
  package let parts: [(name: String, seconds: Double)]

  package init(_ parts: [(name: String, seconds: Double)]) { self.parts = parts }
  package init(dictionaryLiteral elements: (String, Double)...) { parts = elements.map { ($0.0, $0.1) } }

  /// All parts together.
  package var seconds: Double { parts.reduce(0) { $0 + $1.seconds } }
}

extension ConvolutionSolver {
  /// The seconds of a pass on one core.
  package func seconds(_ pass: ConvolutionPass, _ rates: CostRates) -> Double {
    cost.seconds * rates.factor("\(Self.name) \(pass)")
  }
  package var kept: (any ConvolutionSolver<Scalar>)? { nil }
}
