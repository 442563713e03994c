import AutomaticConvolution
import CSpectral
import SpectralConvolution
import SpectralCore
import SpectralTransforms
import Testing

/// Plans compute what the library computes, to the bit, wherever the caller's arrays lie.
@Suite struct PlanTests {
  private static let methods: [(number: Int, choice: ConvolutionChoice)] = [
    (SPECTRAL_AUTOMATIC, .automatic), (SPECTRAL_DIRECT, .direct), (SPECTRAL_FFT, .fft),
  ]

  @Test(arguments: (0..<60).map { RandomCase(seed: $0) }) func passes(_ example: RandomCase) throws {
    for (number, choice) in Self.methods {
      try check(example, number, choice.method(for: Float.self, deterministic: true))
      try check(example, number, choice.method(for: Double.self, deterministic: true))
    }
  }

  private func check<Scalar: FourierScalar>(
    _ example: RandomCase, _ number: Int, _ method: any ConvolutionMethod<Scalar>
  ) throws {
    let problem = example.problem
    var random = RandomGenerator(seed: example.seed)
    let plan = try #require(CPlan(example.options(double: Scalar.self == Double.self, method: number)), "\(message)")
    func tensor(_ shape: TensorShape) -> Tensor<Scalar> { .normal(shape, using: &random) }
    let (x, w, g) = (tensor(problem.inputShape), tensor(problem.filterShape), tensor(problem.outputShape))
    let (b, c) = (tensor([problem.outputChannels]), tensor([problem.inputChannels]))
    let layouts = CArray<Scalar>.Layout.allCases
    let layout = layouts[Int(example.seed) % layouts.count]
    let other = layouts[Int(example.seed / 5) % layouts.count]
    let (cx, cw, cg) = (CArray(x, layout), CArray(w, other), CArray(g, layout))
    let (cb, cc) = (CArray(b, other), CArray(c, layout))
    let comment = Comment(rawValue: "\(example) by \(method.name), \(layout) and \(other)")

    func expect(
      _ expected: Tensor<Scalar>, _ call: (UnsafePointer<spectral_array>) -> spectral_status
    ) {
      let result = CArray<Scalar>(expected.shape, other)
      #expect(result { call($0) } == SPECTRAL_OK, "\(message)")
      #expect(result.tensor.hasSameBits(as: expected), comment)
      #expect(result.isUntouchedAround, comment)
    }
    let relu = ConvolutionEpilogue(bias: b, activation: .relu)
    let y = method.forward(x, w, relu, problem)
    expect(y) { output in
      cx { x in cw { w in cb { b in spectral_forward(plan.handle, x, w, b, Int32(SPECTRAL_ACTIVATION_RELU), output) } }
      }
    }
    expect(method.forward(x, w, bias: nil, problem)) { output in
      cx { x in cw { w in spectral_forward(plan.handle, x, w, nil, Int32(SPECTRAL_ACTIVATION_NONE), output) } }
    }
    expect(method.inputGradient(g, w, problem)) { output in
      cg { g in cw { w in spectral_input_gradient(plan.handle, g, w, nil, 0, output) } }
    }
    var transposed = method.inputGradient(g, w, problem)
    ConvolutionEpilogue(bias: c, activation: .relu).apply(to: &transposed)
    expect(transposed) { output in
      cg { g in
        cw { w in
          cc { c in spectral_input_gradient(plan.handle, g, w, c, Int32(SPECTRAL_ACTIVATION_RELU), output) }
        }
      }
    }
    expect(method.filterGradient(g, x, problem)) { output in
      cg { g in cx { x in spectral_filter_gradient(plan.handle, g, x, output) } }
    }
    expect(g.sum(over: (0..<g.shape.rank).filter { $0 != 1 })) { output in
      cg { g in spectral_bias_gradient(g, output) }
    }

    // Filters that are used again.
    var filters: OpaquePointer?
    #expect(cw { spectral_filters_create($0, &filters) } == SPECTRAL_OK, "\(message)")
    for _ in 0..<2 {
      expect(y) { output in
        cx { x in
          cb { b in
            spectral_forward_prepared(plan.handle, x, filters, b, Int32(SPECTRAL_ACTIVATION_RELU), output)
          }
        }
      }
    }
    #expect(spectral_filters_free(filters) == SPECTRAL_OK)

    // A training step, whose gradients may be asked for one by one.
    let step = method.record(x, w, ConvolutionEpilogue(bias: b), problem)
    let gradients = method.gradients(g, step.tape, wantsInput: true)
    var tape: OpaquePointer?
    expect(step.output) { output in
      cx { x in cw { w in cb { b in spectral_record(plan.handle, x, w, b, 0, output, &tape) } } }
    }
    let filterGradient = CArray<Scalar>(problem.filterShape, layout)
    expect(gradients.input!) { input in
      cg { g in filterGradient { filter in spectral_gradients(tape, g, input, filter) } }
    }
    #expect(filterGradient.tensor.hasSameBits(as: gradients.filter), comment)
    #expect(filterGradient.isUntouchedAround, comment)
    let alone = method.gradients(g, step.tape, wantsInput: false)
    expect(alone.filter) { filter in cg { g in spectral_gradients(tape, g, nil, filter) } }
    expect(method.inputGradient(g, w, problem)) { input in cg { g in spectral_gradients(tape, g, input, nil) } }
    #expect(spectral_tape_free(tape) == SPECTRAL_OK)
  }

  /// Sizes that are the same for two results of one call must not exchange them.
  @Test func gradientsOfOneShapeGoWhereTheyBelong() throws {
    let options = planOptions {
      ($0.input, $0.kernel) = ((3, 3, 0), (3, 3, 0))
      $0.padding = Int32(SPECTRAL_PADDING_SAME)
    }
    let plan = try #require(CPlan(options))
    var random = RandomGenerator(seed: 1)
    let shape: TensorShape = [1, 1, 3, 3]
    let (x, w, g) = (
      Tensor<Float>.normal(shape, using: &random), Tensor<Float>.normal(shape, using: &random),
      Tensor<Float>.normal(shape, using: &random)
    )
    let (cx, cw, cg) = (CArray(x), CArray(w), CArray(g))
    let (y, dx, dw) = (CArray<Float>(shape), CArray<Float>(shape), CArray<Float>(shape))
    var tape: OpaquePointer?
    #expect(cx { x in cw { w in y { y in spectral_record(plan.handle, x, w, nil, 0, y, &tape) } } } == SPECTRAL_OK)
    #expect(cg { g in dx { dx in dw { dw in spectral_gradients(tape, g, dx, dw) } } } == SPECTRAL_OK)
    #expect(spectral_tape_free(tape) == SPECTRAL_OK)
    let problem = try ConvolutionProblem(ConvolutionGeometry(padding: .same), input: shape, filter: shape)
    let method = ConvolutionChoice.direct.method(for: Float.self)
    for (found, expected) in [(dx, method.inputGradient(g, w, problem)), (dw, method.filterGradient(g, x, problem))] {
      // Sums of nine products of numbers below 4 in single precision.
      #expect((found.tensor - expected).maximumMagnitude < 1e-4)
    }
  }

  /// Every way to compute makes its result in the memory that is offered, so that none is copied.
  @Test(arguments: ConvolutionSolvers.all.map(\.name)) func resultsAreMadeInTheCallersMemory(_ solver: String) throws {
    for rank in 1...3 {
      let size = Array(repeating: 9, count: rank)
      let problem = try ConvolutionProblem(
        ConvolutionGeometry(padding: .same, boundary: .reflect), input: TensorShape([2, 2] + size),
        filter: TensorShape([3, 2] + size.map { _ in 3 }))
      let method: any ConvolutionMethod<Float> = try ConvolutionSolvers.method(named: solver)
      let (x, w) = (Tensor<Float>(problem.inputShape, repeating: 1), Tensor<Float>(problem.filterShape, repeating: 1))
      let g = Tensor<Float>(problem.outputShape, repeating: 1)
      func expectInPlace(_ pass: ConvolutionPass, _ shape: TensorShape, _ compute: () -> Tensor<Float>) {
        guard (try? method.workingMemory(pass, problem)) != nil else { return }
        let place = UnsafeMutablePointer<Float>.allocate(capacity: shape.count)
        defer { place.deallocate() }
        let memory = ResultMemory()
        memory.offer(place, shape)
        let result = memory.whileOffered(compute)
        #expect(result.withUnsafeElements { $0.baseAddress! == UnsafePointer(place) }, "\(pass), \(problem)")
      }
      expectInPlace(.forward, problem.outputShape) { method.forward(x, w, bias: nil, problem) }
      expectInPlace(.inputGradient, problem.inputShape) { method.inputGradient(g, w, problem) }
    }
  }

  @Test func plansSayWhatTheyAre() throws {
    let options = planOptions {
      $0.axes = 3
      ($0.input, $0.kernel, $0.stride) = ((9, 8, 7), (3, 2, 1), (2, 1, 1))
      $0.method = Int32(SPECTRAL_DIRECT)
    }
    let plan = try #require(CPlan(options))
    var sizes: [Int64] = [0, 0, 0]
    #expect(spectral_plan_output_sizes(plan.handle, &sizes) == SPECTRAL_OK)
    #expect(sizes == [4, 7, 7])
    func text(_ capacity: Int) -> String {
      var text = [CChar](repeating: 1, count: 64)
      #expect(spectral_plan_describe(plan.handle, Int32(SPECTRAL_FORWARD), &text, capacity) == SPECTRAL_OK)
      return text.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }
    #expect(text(64).hasPrefix("direct."))
    #expect(text(7) == "direct")
  }
}
