import Foundation
import SpectralKit

/// `spectral conv1d`: one convolution of signals in files, and its gradients.
enum Conv1DCommand: Subcommand {
  private static let command = ConvolutionCommand(rank: 1)
  static let specification = command.specification
  static func run(_ arguments: Arguments) throws { try command.run(arguments) }
}

/// `spectral conv2d`: the same for images.
enum Conv2DCommand: Subcommand {
  private static let command = ConvolutionCommand(rank: 2)
  static let specification = command.specification
  static func run(_ arguments: Arguments) throws { try command.run(arguments) }
}

/// `spectral conv3d`: the same for volumes.
enum Conv3DCommand: Subcommand {
  private static let command = ConvolutionCommand(rank: 3)
  static let specification = command.specification
  static func run(_ arguments: Arguments) throws { try command.run(arguments) }
}

/// A convolution of arrays in files, and its gradients, over signals, images or volumes.
private struct ConvolutionCommand: Sendable {
  private typealias Common = CommonFlags
  /// The axes over which windows slide.
  let rank: Int

  private let input: Flag<ArraySource>
  private let weight: Flag<ArraySource>
  private let bias: Flag<ArraySource>
  private let output: Flag<String>
  private let stride: Flag<AxisValues>
  private let padding: Flag<Padding>
  private let boundary: Flag<Boundary>
  private let dilation: Flag<AxisValues>
  private let groups: Flag<Int>
  private let operation: Flag<ConvolutionOperation>
  private let outputGradient: Flag<String>
  private let inputGradient: Flag<String>
  private let weightGradient: Flag<String>
  private let biasGradient: Flag<String>

  init(rank: Int) {
    self.rank = rank
    let array = ["signal", "image", "volume"][rank - 1]
    let arrays = array + "s"
    let axes = ["L", "H x W", "D x H x W"][rank - 1]
    let kernelAxes = ["kL", "kH x kW", "kD x kH x kW"][rank - 1]
    let outputAxes = ["L'", "H' x W'", "D' x H' x W'"][rank - 1]
    input = Flag(
      "--input", .array(example: "x.npy"), isRequired: true,
      "\(arrays) x, N x C x \(axes); float32 is computed in single precision, float64 and integers in double; or the numbers of "
        + "one \(array) with one channel, as in \(rank == 1 ? "1,2,3" : "1,2;3,4")")
    weight = Flag(
      "--weight", .array(example: "w.npy"), isRequired: true,
      "filters w, O x C/groups x \(kernelAxes), converted to x's precision; or the numbers of one filter for one channel"
    )
    bias = Flag(
      "--bias", .array(example: "b.npy"),
      "a number for each filter, O, added to its feature map; or the numbers themselves, as in 0.5,1")
    output = Flag(
      "--output", short: "-o", .outputFile("FILE", example: "y.npy"),
      "feature maps y, N x O x \(outputAxes), in x's precision; needed unless a gradient is asked for")

    stride = Flag("--stride", .axisValues(rank: rank), default: "1", "how far the window moves along each axis")
    padding = Flag(
      "--padding", .padding(rank: rank), default: "valid",
      "elements added around the \(arrays); same gives ceil(size / stride) outputs, the odd element at the end; full lets the "
        + "window overlap the \(array) in one element")
    boundary = Flag(
      "--boundary", .boundary, default: Boundary.zero.rawValue,
      "what the added elements are: 0; reflect dcba|abcd|dcba; mirror dcb|abcd|cba; replicate aaaa|abcd|dddd; circular "
        + "abcd|abcd|abcd; or a number of their own")
    dilation = Flag("--dilation", .axisValues(rank: rank), default: "1", "the distance between the filter's taps")
    groups = Flag(
      "--groups", .integer(1...(.max), example: 2), default: "1",
      "groups of channels that do not see each other; as many as channels: depthwise")
    operation = Flag(
      "--operation", .word(example: ConvolutionOperation.convolution),
      default: ConvolutionOperation.correlation.rawValue,
      "correlation as networks have it, or true convolution with the filters flipped")

    outputGradient = Flag(
      "--output-gradient", .inputFile("FILE", example: "dy.npy"), "the gradient of a loss by y, of y's shape")
    inputGradient = Flag(
      "--input-gradient", .outputFile("FILE", example: "dx.npy"), "where to write the gradient by x")
    weightGradient = Flag(
      "--weight-gradient", .outputFile("FILE", example: "dw.npy"), "where to write the gradient by w")
    biasGradient = Flag(
      "--bias-gradient", .outputFile("FILE", example: "db.npy"), "where to write the gradient by the bias, O")
  }

  var specification: Specification {
    let name = "conv\(rank)d"
    let arrays = ["signals", "images", "volumes"][rank - 1]
    let (numbers, taps) = rank == 1 ? ("1,2,3,4,5", "1,0,1") : ("1,2,3;4,5,6;7,8,9", "1,0;0,1")
    return Specification(
      name: name, summary: "convolve \(arrays) in .npy files, and compute the gradients",
      discussion: """
        Convolves a batch of \(arrays) with a bank of filters, arrays in NumPy's .npy files, by either method and with every \
        geometry. Only what is asked for is computed. All results are computed before the first is written, and each file \
        is replaced in one step. - is the standard input or output.
        """,
      sections: [
        .init("Arrays", [input, weight, bias, output]),
        .init("Geometry", [stride, padding, boundary, dilation, groups, operation]),
        .init("Gradients", [outputGradient, inputGradient, weightGradient, biasGradient]),
        .init(
          "Computation",
          [
            Common.method, Common.solver, Common.transforms, Common.plan, Common.memoryLimit, Common.threads,
            Common.deterministic,
          ]),
      ],
      examples: [
        .init(
          "spectral \(name) --input x.npy --weight w.npy --padding same --output y.npy",
          "Feature maps of the size of the \(arrays)."),
        .init(
          "spectral \(name) --input x.npy --weight w.npy --output-gradient dy.npy --weight-gradient dw.npy",
          "The gradient by the filters alone."),
        .init(
          "spectral \(name) --input '\(numbers)' --weight '\(taps)' --padding 1 --output y.npy",
          "A short window over short numbers."),
      ])
  }

  func run(_ arguments: Arguments) throws {
    try checkOutputs(arguments)
    let planning = try Common.planning(arguments) ?? .estimated
    for flag in [Common.method.name, Common.plan.name] where arguments.has(Common.solver) {
      guard flag == Common.method.name ? !arguments.has(Common.method) : !arguments.has(Common.plan) else {
        throw UsageError("\(Common.solver.name) leaves nothing for \(flag) to choose: leave one of them away")
      }
    }
    Common.applyThreads(arguments)
    switch try arguments[input].values(rank: rank + 2) {
    case .float(let images): try convolve(images, planning, arguments)
    case .double(let images): try convolve(images, planning, arguments)
    }
    try? Wisdom.save()
  }

  private var gradientFlags: [Flag<String>] { [inputGradient, weightGradient, biasGradient] }

  /// Something must be asked for, no two results may go to one file, and a gradient needs the one it comes from.
  private func checkOutputs(_ arguments: Arguments) throws {
    let gradients = gradientFlags.filter { arguments.has($0) }
    if let first = gradients.first, !arguments.has(outputGradient) {
      throw UsageError("\(first.name) needs the gradient by the output too: add \(outputGradient.example)")
    }
    guard !gradients.isEmpty || arguments.has(output) else {
      throw UsageError("\(output.name) is missing: e.g. \(output.example)")
    }
    var seen: [String: String] = [:]
    for flag in [output] + gradients {
      guard let path = arguments.optional(flag) else { continue }
      let place = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      if let other = seen.updateValue(flag.name, forKey: place) {
        throw UsageError("\(flag.name) and \(other) both name \(path): give each a file of its own")
      }
    }
    if gradients.isEmpty && arguments.has(outputGradient) {
      Console.say("note: \(outputGradient.name) is not used, since no gradient is asked for")
    }
  }

  private func convolve<Scalar: AnyMethodScalar>(
    _ x: Tensor<Scalar>, _ planning: ConvolutionPlanning, _ arguments: Arguments
  ) throws {
    let w = try arguments[weight].tensor(Scalar.self, rank: rank + 2)
    let problem = try problem(x.shape, w.shape, arguments)
    let b = try arguments.optional(bias).map { source in
      try checked(
        try source.tensor(Scalar.self, rank: 1), source.text, "the bias", [problem.outputChannels],
        "one number for each filter")
    }
    let wantsGradients = gradientFlags.contains { arguments.has($0) }
    var passes: [ConvolutionPass] = []
    if arguments.has(output) { passes.append(.forward) }
    if arguments.has(inputGradient) { passes.append(.inputGradient) }
    if arguments.has(weightGradient) { passes.append(.filterGradient) }
    try requireMemory(arrays(Scalar.self, passes, problem, wantsGradients), problem)
    let method = try method(Scalar.self, passes, problem, planning, arguments)
    let working = try passes.map { try method.workingMemory($0, problem) }.max() ?? 0
    try requireMemory(arrays(Scalar.self, passes, problem, wantsGradients) + MemoryEstimate(bytes: working), problem)
    let dy =
      try wantsGradients
      ? arguments.optional(outputGradient).map { path in
        try checked(
          Tensor<Scalar>(npy: path), path, "the gradient by the output", problem.outputShape, "the output's shape")
      } : nil

    let clock = ContinuousClock()
    let start = clock.now
    var results: [(path: String, tensor: Tensor<Scalar>)] = []
    if let path = arguments.optional(output) {
      results.append((path, method.forward(x, w, bias: b, problem)))
    }
    if let dy {
      if let path = arguments.optional(inputGradient) { results.append((path, method.inputGradient(dy, w, problem))) }
      if let path = arguments.optional(weightGradient) { results.append((path, method.filterGradient(dy, x, problem))) }
      if let path = arguments.optional(biasGradient) { results.append((path, channelSums(dy))) }
    }
    let seconds = (clock.now - start).seconds
    try NumPyFile.write(results)
    let list = results.map { "\($0.path) (\($0.tensor.shape))" }.joined(separator: ", ")
    Console.say("\(list): \(Scalar.self) by \(words(method, passes, problem)) in \(duration(seconds))")
  }

  private func problem(_ x: TensorShape, _ w: TensorShape, _ arguments: Arguments) throws -> ConvolutionProblem {
    let geometry = ConvolutionGeometry(
      stride: arguments[stride], dilation: arguments[dilation], padding: arguments[padding],
      groups: arguments[groups], boundary: arguments[boundary], operation: arguments[operation])
    let files = "\(arguments[weight].text) does not fit \(arguments[input].text)"
    do {
      guard x.rank == rank + 2 else {
        let other = x.rank >= 3 && x.rank <= 5 ? "; conv\(x.rank - 2)d takes such arrays" : ""
        throw ConvolutionError(
          "conv\(rank)d takes N x C x \(["L", "H x W", "D x H x W"][rank - 1]), the input has shape \(x)\(other)")
      }
      return try ConvolutionProblem(geometry, input: x, filter: w)
    } catch {
      throw CommandError("\(files): \(error)")
    }
  }

  /// The arrays that are held together: all operands and all results.
  private func arrays<Scalar: TensorScalar>(
    _: Scalar.Type, _ passes: [ConvolutionPass], _ problem: ConvolutionProblem, _ wantsGradients: Bool
  ) -> MemoryEstimate {
    var shapes = [problem.inputShape, problem.filterShape]
    if wantsGradients { shapes.append(problem.outputShape) }
    for pass in passes {
      switch pass {
      case .forward: shapes.append(problem.outputShape)
      case .inputGradient: shapes.append(problem.inputShape)
      case .filterGradient: shapes.append(problem.filterShape)
      }
    }
    return shapes.reduce(MemoryEstimate()) {
      $0 + MemoryEstimate($1.extents, scalarBytes: MemoryLayout<Scalar>.stride)
    }
  }

  private func requireMemory(_ estimate: MemoryEstimate, _ problem: ConvolutionProblem) throws(MemoryError) {
    try MemoryBudget.machine.require(
      estimate, for: "convolving \(problem.inputShape) numbers to \(problem.outputShape)",
      remedy: "pad less, or take fewer images at once")
  }

  /// An array that must have a certain shape.
  private func checked<Scalar: TensorScalar>(
    _ tensor: Tensor<Scalar>, _ name: String, _ what: String, _ shape: TensorShape, _ remedy: String
  ) throws -> Tensor<Scalar> {
    guard tensor.shape == shape else {
      throw FileError(name, "\(what) has shape \(tensor.shape), but it must be \(shape), \(remedy)")
    }
    return tensor
  }

  /// The method that was asked for, once it is clear that it can do the passes.
  private func method<Scalar: AnyMethodScalar>(
    _: Scalar.Type, _ passes: [ConvolutionPass], _ problem: ConvolutionProblem, _ planning: ConvolutionPlanning,
    _ arguments: Arguments
  ) throws -> any ConvolutionMethod<Scalar> {
    let limit = arguments.optional(Common.memoryLimit)
    let transforms = arguments[Common.transforms]
    try Common.checkTransforms(
      arguments, arguments[Common.method], by: Common.method.name, solver: arguments.optional(Common.solver))
    if let name = arguments.optional(Common.solver) {
      do {
        let method = try ConvolutionSolvers.method(
          named: name, for: Scalar.self, memoryLimit: limit, transforms: transforms)
        for pass in passes { _ = try method.workingMemory(pass, problem) }
        return method
      } catch { throw CommandError("\(Common.solver.name): \(error)") }
    }
    let isDeterministic = arguments[Common.deterministic]
    let seconds = passes.compactMap {
      FourierConvolution<Scalar>(memoryLimit: limit, transforms: transforms, rigor: .estimate).estimatedSeconds(
        $0, problem)
    }
    // Measuring FFTW's plans takes a while: it pays only where there is much to transform, or where it was asked for.
    let isWorthIt = planning == .measured || seconds.reduce(0, +) > 2
    let method = arguments[Common.method].method(
      for: Scalar.self, deterministic: isDeterministic || !isWorthIt, memoryLimit: limit, transforms: transforms,
      planning: planning)
    do { for pass in passes { _ = try method.workingMemory(pass, problem) } } catch {
      throw CommandError("\(Common.memoryLimit.name): \(error)")
    }
    return method
  }

  /// The method, and what an automatic one chose.
  private func words<Scalar: AnyMethodScalar>(
    _ method: any ConvolutionMethod<Scalar>, _ passes: [ConvolutionPass], _ problem: ConvolutionProblem
  ) -> String {
    guard let automatic = method as? AutomaticConvolution<Scalar> else { return method.name }
    let chosen = Set(passes.map { automatic.choice(problem, $0).name }).sorted()
    let how = automatic.planning == .measured ? "measured" : "automatic"
    return (chosen.isEmpty ? "" : chosen.joined(separator: " and ") + ", ") + "the \(how) choice"
  }
}

/// The sum over every axis but the second, `[N, O, ...]` to `[O]`: the gradient by a bias. Added up in Double.
private func channelSums<Scalar: TensorScalar>(_ tensor: Tensor<Scalar>) -> Tensor<Scalar> {
  let (batch, channels, area) = (tensor.shape[0], tensor.shape[1], tensor.shape.extents.dropFirst(2).reduce(1, *))
  return tensor.withUnsafeElements { source in
    Tensor([channels]) { target in
      for c in 0..<channels {
        target[c] = Scalar(
          (0..<batch).reduce(0.0) { sum, n in
            let start = (n * channels + c) * area
            return sum + doubleSum(UnsafeBufferPointer(rebasing: source[start..<start + area]))
          })
      }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func doubleSum<Scalar: TensorScalar>(_ values: UnsafeBufferPointer<Scalar>) -> Double {
  var sum = 0.0
  for x in values { sum += Double(x) }
  return sum
}
