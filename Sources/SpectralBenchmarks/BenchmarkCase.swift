import Foundation
import SpectralConvolution
import SpectralCore

/// One shape to be timed, as `cases.json` files state it.
public struct BenchmarkCase: Codable, Hashable, Sendable {
  /// What is convolved.
  public enum Kind: String, Codable, Sendable {
    /// A batch of images with a bank of filters; zero padding of half the kernel.
    case conv2d
    /// One plane with one kernel; zero boundary, output of the same size.
    case image
  }

  /// The numbers that are convolved.
  public enum Precision: String, Codable, CaseIterable, Sendable {
    /// Float.
    case single
    /// Double.
    case double
  }

  /// What it is called.
  public var name: String
  /// What is convolved.
  public var kind: Kind
  /// Images in the batch; 1 if absent, as are the channels and groups.
  public var batch: Int?
  /// Channels that go in.
  public var inputChannels: Int?
  /// Channels that come out.
  public var outputChannels: Int?
  /// Rows of an image.
  public var height: Int
  /// Columns of an image.
  public var width: Int
  /// Rows and columns of the kernel.
  public var kernel: Int
  /// Groups of channels.
  public var groups: Int?
  /// How far the window moves; 1 if absent.
  public var stride: Int?
  /// Single if absent.
  public var precision: Precision?

  /// A case.
  public init(
    name: String, kind: Kind, batch: Int? = nil, inputChannels: Int? = nil, outputChannels: Int? = nil, height: Int,
    width: Int, kernel: Int, groups: Int? = nil, stride: Int? = nil, precision: Precision? = nil
  ) {
    self.name = name
    self.kind = kind
    (self.batch, self.inputChannels, self.outputChannels) = (batch, inputChannels, outputChannels)
    (self.height, self.width, self.kernel) = (height, width, kernel)
    (self.groups, self.stride, self.precision) = (groups, stride, precision)
  }

  /// The convolution that the case states.
  ///
  /// - Throws: If a size cannot be, if sizes do not fit each other, or if this machine has no memory for the arrays; the
  ///   sentence names the case.
  public func problem() throws(ConvolutionError) -> ConvolutionProblem {
    try checkSizes()
    let (batch, channels, outputs, groups) = (batch ?? 1, inputChannels ?? 1, outputChannels ?? 1, groups ?? 1)
    let input = [batch, channels, height, width]
    let filter = [outputs, channels / groups, kernel, kernel]
    try require(MemoryEstimate(input, scalarBytes: scalarBytes) + MemoryEstimate(filter, scalarBytes: scalarBytes))
    do {
      let problem = try ConvolutionProblem(
        ConvolutionGeometry(
          kernel: Extent(kernel), stride: Extent(stride ?? 1),
          padding: kind == .image ? .same : .pixels(kernel / 2), groups: groups),
        input: TensorShape(input), filter: TensorShape(filter))
      try require(arrays(problem, .forward))
      return problem
    } catch { throw ConvolutionError("case \(name): \(error)") }
  }

  /// The cases of a file.
  ///
  /// - Throws: `ConvolutionError` for a size that cannot be; `DecodingError` if the file holds no cases.
  public static func list(json: Data) throws -> [BenchmarkCase] {
    // A number beyond an Int is, to the decoder, no JSON at all: so sizes are looked at before.
    let objects = (try? JSONSerialization.jsonObject(with: json)) as? [[String: Any]] ?? []
    for object in objects {
      for field in [
        "batch", "inputChannels", "outputChannels", "height", "width", "kernel", "groups", "stride",
      ] {
        guard let number = object[field] as? Double, Int(exactly: number).map(sizeRange.contains) != true else {
          continue
        }
        throw sizeError(object["name"] as? String ?? "without a name", field, "\(object[field]!)")
      }
    }
    return try JSONDecoder().decode([BenchmarkCase].self, from: json)
  }

  /// Places along an axis are counted in 32 bits.
  private static var sizeRange: ClosedRange<Int> { 1...Int(Int32.max) }

  private static func sizeError(_ name: String, _ field: String, _ value: String) -> ConvolutionError {
    ConvolutionError(
      "case \(name): \(field) is \(value), but must be a whole number from 1 to \(sizeRange.upperBound)")
  }

  /// Refuses sizes that no convolution has.
  private func checkSizes() throws(ConvolutionError) {
    let sizes = [
      ("batch", batch), ("inputChannels", inputChannels), ("outputChannels", outputChannels), ("height", height),
      ("width", width), ("kernel", kernel), ("groups", groups), ("stride", stride),
    ]
    for (field, size) in sizes {
      guard let size, !Self.sizeRange.contains(size) else { continue }
      throw Self.sizeError(name, field, "\(size)")
    }
  }

  private var scalarBytes: Int { precision == .double ? 8 : 4 }

  /// The arrays that go in and come out: for a training step their gradients besides.
  private func arrays(_ problem: ConvolutionProblem, _ pass: BenchmarkPass) -> MemoryEstimate {
    let shapes = [problem.inputShape, problem.filterShape, problem.outputShape]
    let all = shapes.reduce(MemoryEstimate()) { $0 + MemoryEstimate($1.extents, scalarBytes: scalarBytes) }
    return pass == .forward ? all : all + all
  }

  private func require(_ estimate: MemoryEstimate) throws(ConvolutionError) {
    do {
      try MemoryBudget.machine.require(estimate, for: "case \(name)", remedy: "make it smaller")
    } catch { throw ConvolutionError("\(error)") }
  }

  /// Checks that this machine has the memory to run the case: arrays, and what a method works in.
  ///
  /// - Throws: If it has not, or if the method cannot keep its memory limit.
  func checkMemory<Scalar: TensorScalar>(
    _ problem: ConvolutionProblem, _ pass: BenchmarkPass, _ method: any ConvolutionMethod<Scalar>
  ) throws(ConvolutionError) {
    try require(arrays(problem, pass))
    try require(arrays(problem, pass) + MemoryEstimate(bytes: try pass.workingMemory(method, problem)))
  }
}

/// What is timed.
public enum BenchmarkPass: String, CaseIterable, Sendable {
  /// Inference: the weights stay, the inputs change; what depends on the weights alone may be kept.
  case forward
  /// A training step: forward, then the gradients of input and filters, with new weights on every call.
  case training

  /// The pass whose plan is that of the whole.
  var longest: ConvolutionPass { self == .forward ? .forward : .filterGradient }

  /// The bytes that a method works in.
  ///
  /// - Throws: If its memory limit cannot be kept.
  func workingMemory<Scalar: TensorScalar>(
    _ method: any ConvolutionMethod<Scalar>, _ problem: ConvolutionProblem
  ) throws(ConvolutionError) -> Int {
    self == .forward ? try method.workingMemory(.forward, problem) : try method.trainingMemory(problem)
  }
}
