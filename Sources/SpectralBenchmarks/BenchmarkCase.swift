import Foundation
import SpectralConvolution
import SpectralCore

/// One shape to be timed, as `cases.json` files state it.
public struct BenchmarkCase: Hashable, Sendable {
  /// What is convolved.
  public enum Kind: String, Sendable {
    /// A batch of arrays with a bank of filters; zero padding of half the kernel.
    case layer
    /// One array with one kernel; zero boundary, output of the same size.
    case array
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
  /// The elements along each axis: `[L]`, `[H, W]` or `[D, H, W]`.
  public var size: [Int]
  /// The taps of the kernel along each axis.
  public var kernelSize: [Int]
  /// Groups of channels.
  public var groups: Int?
  /// How far the window moves; 1 if absent.
  public var stride: Int?
  /// The distance between taps; 1 if absent.
  public var dilation: Int?
  /// Single if absent.
  public var precision: Precision?

  /// A case.
  public init(
    name: String, kind: Kind, batch: Int? = nil, inputChannels: Int? = nil, outputChannels: Int? = nil, size: [Int],
    kernel: [Int], groups: Int? = nil, stride: Int? = nil, dilation: Int? = nil, precision: Precision? = nil
  ) {
    self.name = name
    self.kind = kind
    (self.batch, self.inputChannels, self.outputChannels) = (batch, inputChannels, outputChannels)
    (self.size, kernelSize) = (size, kernel)
    (self.groups, self.stride, self.dilation, self.precision) = (groups, stride, dilation, precision)
  }

  /// The taps along the longest axis of the kernel; setting it gives every axis as many.
  public var kernel: Int {
    get { kernelSize.max()! }
    set { kernelSize = kernelSize.map { _ in newValue } }
  }

  /// The elements along the shortest axis; setting it gives every axis as many.
  public var side: Int {
    get { size.min()! }
    set { size = size.map { _ in newValue } }
  }

  /// The convolution that the case states.
  ///
  /// - Throws: If a size cannot be, if sizes do not fit each other, or if this machine has no memory for the arrays; the
  ///   sentence names the case.
  public func problem() throws(ConvolutionError) -> ConvolutionProblem {
    try checkSizes()
    let (batch, channels, outputs, groups) = (batch ?? 1, inputChannels ?? 1, outputChannels ?? 1, groups ?? 1)
    let input = [batch, channels] + size
    let filter = [outputs, channels / groups] + kernelSize
    try require(MemoryEstimate(input, scalarBytes: scalarBytes) + MemoryEstimate(filter, scalarBytes: scalarBytes))
    do {
      let problem = try ConvolutionProblem(
        ConvolutionGeometry(
          stride: AxisValues(stride ?? 1), dilation: AxisValues(dilation ?? 1),
          padding: kind == .array ? .same : .symmetric(AxisValues(kernelSize.map { $0 / 2 })), groups: groups),
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
      for field in numberFields {
        let numbers = object[field] as? [Any] ?? object[field].map { [$0] } ?? []
        for value in numbers {
          guard let number = (value as? NSNumber)?.doubleValue, Int(exactly: number).map(sizeRange.contains) != true
          else { continue }
          throw sizeError(object["name"] as? String ?? "without a name", field, "\(value)")
        }
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
    let single = [
      ("batch", batch), ("inputChannels", inputChannels), ("outputChannels", outputChannels), ("groups", groups),
      ("stride", stride), ("dilation", dilation),
    ]
    let listed = size.map { ("size", Optional($0)) } + kernelSize.map { ("kernel", Optional($0)) }
    for (field, size) in single + listed {
      guard let size, !Self.sizeRange.contains(size) else { continue }
      throw Self.sizeError(name, field, "\(size)")
    }
    guard ConvolutionProblem.ranks.contains(size.count), kernelSize.count == size.count else {
      throw ConvolutionError(
        "case \(name): size and kernel must have one to three numbers, and as many as each other")
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

extension BenchmarkCase: Codable {
  private enum Field: String, CodingKey, CaseIterable {
    case name, kind, batch, inputChannels, outputChannels, size, height, width, kernel, groups, stride, dilation,
      precision
  }

  private static let numberFields = Field.allCases.map(\.rawValue).filter {
    !["name", "kind", "precision"].contains($0)
  }

  /// A case; `conv2d` is a layer and `image` an array of two axes, whose sizes are spelled height and width.
  public init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: Field.self)
    let name = try fields.decode(String.self, forKey: .name)
    let word = try fields.decode(String.self, forKey: .kind)
    guard let kind = ["conv2d": Kind.layer, "image": .array][word] ?? Kind(rawValue: word) else {
      throw DecodingError.dataCorruptedError(
        forKey: .kind, in: fields, debugDescription: "the kind must be layer, array, conv2d or image, not \(word)")
    }
    let size =
      try fields.decodeIfPresent([Int].self, forKey: .size) ?? [
        fields.decode(Int.self, forKey: .height), fields.decode(Int.self, forKey: .width),
      ]
    let kernel =
      try (try? fields.decode(Int.self, forKey: .kernel)).map { Array(repeating: $0, count: size.count) }
      ?? fields.decode([Int].self, forKey: .kernel)
    func number(_ field: Field) throws -> Int? { try fields.decodeIfPresent(Int.self, forKey: field) }
    try self.init(
      name: name, kind: kind, batch: number(.batch), inputChannels: number(.inputChannels),
      outputChannels: number(.outputChannels), size: size, kernel: kernel, groups: number(.groups),
      stride: number(.stride), dilation: number(.dilation),
      precision: fields.decodeIfPresent(Precision.self, forKey: .precision))
  }

  public func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: Field.self)
    try fields.encode(name, forKey: .name)
    try fields.encode(kind.rawValue, forKey: .kind)
    try fields.encode(size, forKey: .size)
    try fields.encode(kernelSize, forKey: .kernel)
    let numbers: [(Field, Int?)] = [
      (.batch, batch), (.inputChannels, inputChannels), (.outputChannels, outputChannels), (.groups, groups),
      (.stride, stride), (.dilation, dilation),
    ]
    for (field, number) in numbers { try fields.encodeIfPresent(number, forKey: field) }
    try fields.encodeIfPresent(precision, forKey: .precision)
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
