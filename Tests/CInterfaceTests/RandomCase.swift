import CSpectral
import SpectralConvolution
import SpectralCore

/// A convolution of small random sizes, in the library's words and in the interface's.
struct RandomCase: Sendable, CustomStringConvertible {
  let problem: ConvolutionProblem
  let seed: UInt64

  init(seed: UInt64) {
    self.seed = seed
    var random = RandomGenerator(seed: seed)
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    while true {
      let rank = number(1...3)
      func numbers(_ range: ClosedRange<Int>) -> [Int] { (0..<rank).map { _ in number(range) } }
      let groups = number(1...2)
      let boundaries: [Boundary] = Boundary.allCases + [.constant(0.5)]
      let geometry = ConvolutionGeometry(
        stride: AxisValues(numbers(1...2)), dilation: AxisValues(numbers(1...2)),
        padding: [
          .valid, .same, .full, .sides((0..<rank).map { _ in .init(before: number(0...3), after: number(0...3)) }),
        ][number(0...3)], groups: groups, boundary: boundaries[number(0...boundaries.count - 1)],
        operation: number(0...1) == 0 ? .correlation : .convolution)
      let most = [40, 12, 7][rank - 1]
      let channels = groups * number(1...3)
      if let problem = try? ConvolutionProblem(
        geometry, input: TensorShape([number(1...3), channels] + numbers(1...most)),
        filter: TensorShape([groups * number(1...3), channels / groups] + numbers(1...5)))
      {
        self.problem = problem
        return
      }
    }
  }

  var description: String { "seed \(seed): \(problem.inputShape) under \(problem.filterShape)" }

  /// The options of the plan.
  func options(double: Bool, method: Int) -> spectral_plan_options {
    planOptions { options in
      let geometry = problem.geometry
      options.dtype = Int32(double ? SPECTRAL_FLOAT64 : SPECTRAL_FLOAT32)
      options.axes = Int32(problem.rank)
      (options.batch, options.groups) = (Int64(problem.batch), Int64(geometry.groups))
      options.input_channels = Int64(problem.inputChannels)
      options.output_channels = Int64(problem.outputChannels)
      options.method = Int32(method)
      options.operation = Int32(geometry.operation == .correlation ? SPECTRAL_CORRELATION : SPECTRAL_CONVOLUTION)
      options.boundary_value = geometry.boundary.value
      let boundary =
        switch geometry.boundary {
        case .zero: SPECTRAL_BOUNDARY_ZERO
        case .reflect: SPECTRAL_BOUNDARY_REFLECT
        case .mirror: SPECTRAL_BOUNDARY_MIRROR
        case .replicate: SPECTRAL_BOUNDARY_REPLICATE
        case .circular: SPECTRAL_BOUNDARY_CIRCULAR
        case .constant: SPECTRAL_BOUNDARY_CONSTANT
        }
      let padding =
        switch geometry.padding {
        case .sides: SPECTRAL_PADDING_SIDES
        case .valid: SPECTRAL_PADDING_VALID
        case .same: SPECTRAL_PADDING_SAME
        case .full: SPECTRAL_PADDING_FULL
        }
      (options.boundary, options.padding) = (Int32(boundary), Int32(padding))
      func set(_ numbers: inout (Int64, Int64, Int64), _ value: (ConvolutionAxis) -> Int) {
        let values = problem.axes.map { Int64(value($0)) } + [0, 0]
        numbers = (values[0], values[1], values[2])
      }
      set(&options.input, \.input)
      set(&options.kernel, \.kernel)
      set(&options.stride, \.stride)
      set(&options.dilation, \.dilation)
      if case .sides = geometry.padding {
        set(&options.padding_before, \.paddingBefore)
        set(&options.padding_after, \.paddingAfter)
      }
    }
  }
}
