import CSpectral
import SpectralConvolution
import SpectralCore
import SpectralImaging
import SpectralTransforms
import Testing

/// Filters by frequency and restoration are the library's, to the bit.
@Suite struct RestorationTests {
  private func image<Scalar: TensorScalar>(_ extents: [Int], _: Scalar.Type) -> Tensor<Scalar> {
    var random = RandomGenerator(seed: 11)
    return Tensor<Scalar>.normal(TensorShape(extents), using: &random).map { abs($0) }
  }

  private func options(_ sizes: [Int], double: Bool = false) -> spectral_frequency_options {
    var options = spectral_frequency_options()
    _ = spectral_frequency_defaults(&options)
    options.axes = Int32(sizes.count)
    options.dtype = Int32(double ? SPECTRAL_FLOAT64 : SPECTRAL_FLOAT32)
    let numbers = sizes.map(Int64.init) + [0, 0]
    options.sizes = (numbers[0], numbers[1], numbers[2])
    return options
  }

  private func filtered<Scalar: TensorScalar>(
    _ expression: String, _ options: spectral_frequency_options, _ x: CArray<Scalar>, _ y: CArray<Scalar>
  ) -> spectral_status {
    var filter: OpaquePointer?
    let made = withUnsafePointer(to: options) { spectral_frequency_filter_create($0, expression, &filter) }
    guard made == SPECTRAL_OK else { return made }
    defer { _ = spectral_frequency_filter_free(filter) }
    return x { x in y { spectral_frequency_filter_apply(filter, x, $0) } }
  }

  @Test(arguments: CArray<Double>.Layout.allCases) func frequencyFilters(_ layout: CArray<Double>.Layout) throws {
    let lowPass = FrequencyFilter.lowPass(.gaussian, cutoff: 0.1)
    let notch = FrequencyFilter.notch(.gaussian, x: 0.25, y: 0.1, radius: 0.02)
    let x = image([2, 20, 23], Double.self)
    let y = CArray<Double>(x.shape, layout)
    for words in [
      "--lowpass gaussian:0.1 --notch gaussian:0.25,0.1,0.02", "lowpass=gaussian:0.1  notch=gaussian:0.25,0.1,0.02",
    ] {
      #expect(filtered(words, options([20, 23], double: true), CArray(x, layout), y) == SPECTRAL_OK, "\(message)")
      #expect(y.tensor.hasSameBits(as: try (lowPass * notch).apply(to: x)))
      #expect(y.isUntouchedAround)
    }
  }

  @Test func signalsVolumesAndLogarithms() throws {
    let signal = image([3, 40], Float.self)
    let y = CArray<Float>(signal.shape)
    #expect(filtered("highpass gaussian:0.2", options([40]), CArray(signal), y) == SPECTRAL_OK, "\(message)")
    let high = FrequencyFilter.highPass(.gaussian, cutoff: 0.2)
    #expect(y.tensor.hasSameBits(as: try RankedFilterPlan<Float>(high, size: [40])(signal)))
    let volume = image([6, 7, 8], Float.self)
    let z = CArray<Float>(volume.shape)
    #expect(filtered("laplacian", options([6, 7, 8]), CArray(volume), z) == SPECTRAL_OK, "\(message)")
    #expect(z.tensor.hasSameBits(as: try RankedFilterPlan<Float>(.laplacian, size: [6, 7, 8])(volume)))
    let picture = image([9, 10], Float.self)
    let even = CArray<Float>(picture.shape)
    #expect(filtered("homomorphic gaussian:0.05,0.5,2", options([9, 10]), CArray(picture), even) == SPECTRAL_OK)
    #expect(even.tensor.isFinite)
  }

  @Test func whatIsNoFilterIsRefused() {
    let (x, y) = (CArray<Float>([8, 8]), CArray<Float>([8, 8]))
    for (words, status, sentence) in [
      ("", SPECTRAL_VALUE, "the expression is empty: e.g. lowpass gaussian:0.08"),
      ("lowpass", SPECTRAL_VALUE, "needs a shape"), ("--lowpas gaussian:0.1", SPECTRAL_VALUE, "'lowpas' is no filter"),
      ("lowpass gaussian:0.7", SPECTRAL_VALUE, "lowpass"), ("mask mask.png", SPECTRAL_VALUE, "'mask' is no filter"),
      // The image is NaN throughout.
      ("lowpass gaussian:0.1", SPECTRAL_VALUE, "not finite"),
    ] {
      #expect(Int(filtered(words, options([8, 8]), x, y)) == status)
      #expect(message.contains(sentence), "\(words): \(message)")
    }
    var narrow = options([8, 8])
    narrow.memory_limit = 100
    #expect(filtered("lowpass gaussian:0.1", narrow, x, y) == SPECTRAL_MEMORY, "\(message)")
  }

  @Test func wienerAndRichardsonLucy() throws {
    let (x, taps) = (image([2, 18, 21], Float.self), Tensor<Float>([3, 3], [1, 2, 1, 2, 4, 2, 1, 2, 1]))
    let blur = try PointSpread(taps)
    let (cx, ch, y) = (CArray(x, .transposed), CArray(taps, .shifted), CArray<Float>(x.shape, .spread))
    #expect(cx { x in ch { h in y { spectral_wiener(nil, x, h, $0) } } } == SPECTRAL_OK, "\(message)")
    #expect(y.tensor.hasSameBits(as: try WienerFilter(blur)(x)))
    var wiener = spectral_wiener_options()
    _ = spectral_wiener_defaults(&wiener)
    (wiener.noise_kind, wiener.noise) = (Int32(SPECTRAL_NOISE_RATIO), 0.02)
    wiener.boundary = Int32(SPECTRAL_BOUNDARY_CIRCULAR)
    #expect(cx { x in ch { h in y { spectral_wiener(&wiener, x, h, $0) } } } == SPECTRAL_OK, "\(message)")
    #expect(y.tensor.hasSameBits(as: try WienerFilter(blur, noise: .ratio(0.02), boundary: .circular)(x)))
    #expect(y.isUntouchedAround)

    var lucy = spectral_richardson_lucy_options()
    _ = spectral_richardson_lucy_defaults(&lucy)
    (lucy.iterations, lucy.damping) = (7, 0.1)
    #expect(cx { x in ch { h in y { spectral_richardson_lucy(&lucy, x, h, $0) } } } == SPECTRAL_OK, "\(message)")
    #expect(y.tensor.hasSameBits(as: try RichardsonLucy(blur, iterations: 7, damping: 0.1)(x)))
  }

  @Test func progressIsHeardAndCanStop() {
    let (x, h, y) = (
      CArray(image([16, 16], Float.self)), CArray(Tensor<Float>([3, 3], repeating: 1)), CArray<Float>([16, 16])
    )
    var lucy = spectral_richardson_lucy_options()
    _ = spectral_richardson_lucy_defaults(&lucy)
    var count: Int32 = 0
    lucy.progress = { fraction, context in
      let count = context!.assumingMemoryBound(to: Int32.self)
      count.pointee += 1
      // A call within a call.
      return spectral_threads() > 0 && fraction <= 1 && count.pointee < 5 ? 0 : 1
    }
    withUnsafeMutablePointer(to: &count) { lucy.progress_context = UnsafeMutableRawPointer($0) }
    #expect(x { x in h { h in y { spectral_richardson_lucy(&lucy, x, h, $0) } } } == SPECTRAL_STOPPED)
    #expect(count == 5)
    #expect(message == "stopped by the progress function")
  }

  @Test func blursThatCannotBeUndoneAreRefused() {
    let (x, y) = (CArray(image([8, 8], Float.self)), CArray<Float>([8, 8]))
    for (taps, status, sentence) in [
      (Tensor<Float>([1, 2], [1, -1]), SPECTRAL_VALUE, "sums to zero"),
      (Tensor<Float>([9, 9], repeating: 1), SPECTRAL_SHAPE, "larger than the images"),
      (Tensor<Float>([3], repeating: 1), SPECTRAL_SHAPE, "must be [kH, kW]"),
      (Tensor<Float>([1, 2], [1, .nan]), SPECTRAL_VALUE, "NaN"),
    ] {
      let h = CArray(taps)
      #expect(Int(x { x in h { h in y { spectral_wiener(nil, x, h, $0) } } }) == status)
      #expect(message.contains(sentence), "\(message)")
    }
    var lucy = spectral_richardson_lucy_options()
    _ = spectral_richardson_lucy_defaults(&lucy)
    lucy.memory_limit = 1000
    let h = CArray(Tensor<Float>([3, 3], repeating: 1))
    #expect(x { x in h { h in y { spectral_richardson_lucy(&lucy, x, h, $0) } } } == SPECTRAL_MEMORY)
    #expect(message.contains("the limit is 1000 bytes: raise the limit"), "\(message)")
  }
}
