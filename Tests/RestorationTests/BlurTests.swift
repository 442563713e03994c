import SpectralTransforms
import SpectralConvolution
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

@Suite struct BlurTests {
  @Test func aPointSpreadSumsToOne() throws {
    let blur = try PointSpread(Tensor<Double>([2, 3], [1, 2, 3, 4, 0, 0]))
    #expect(blur.kernel == Tensor([2, 3], [0.1, 0.2, 0.3, 0.4, 0, 0]))
    #expect(blur.extent == Extent(height: 2, width: 3) && blur.isNonNegative)
    #expect(try !PointSpread(Tensor<Double>([1, 2], [2, -1])).isNonNegative)
  }

  @Test(arguments: [
    (Tensor<Double>([1, 2], [1, -1]), "sums to zero"), (Tensor<Double>([1, 3], [0.1, 0.2, -0.3]), "sums to zero"),
    (Tensor<Double>([2, 2], repeating: 0), "sums to zero"), (Tensor<Double>([1, 1], [.nan]), "NaN"),
    (Tensor<Double>([0, 3], repeating: 0), "not empty"), (Tensor<Double>([3], repeating: 1), "kH x kW"),
  ])
  func whatIsNoPointSpread(kernel: Tensor<Double>, problem: String) {
    let error = #expect(throws: RestorationError.self) { try PointSpread(kernel) }
    #expect(error?.description.contains(problem) == true)
  }

  /// A single point off the centre is a shift, and to undo it a shift back: which way a kernel lies is told by no other
  /// kernel as well. Everywhere the gain is 1, so errors are those of two transforms there and back.
  @Test(arguments: [(Extent(3), 0, 2), (Extent(height: 4, width: 2), 3, 0), (Extent(height: 1, width: 6), 0, 5)])
  func aPointOffTheCentreIsAShift(extent: Extent, row: Int, column: Int) throws {
    let scene = Scenes.drawn(30, 25)
    var kernel = Tensor<Double>.zeros([extent.height, extent.width])
    kernel[row, column] = 1
    let blurred = Scenes.circularlyBlurred(scene, kernel)
    let (dy, dx) = (row - extent.height / 2, column - extent.width / 2)
    #expect(blurred[10, 10] == scene[10 - dy, 10 - dx])
    let restored = try InverseFilter(PointSpread(kernel), boundary: .circular)(blurred)
    let bound = 4 * ErrorBound.relativeL2(scalar: Double.self, pointCount: 750) * scene.norm
    #expect(largestDifference(restored, scene) <= bound)
  }

  /// |H| is at least 0.2 for this kernel, so the inverse is exact but for rounding, which it magnifies at most five times.
  @Test(arguments: [(17, 23), (32, 20), (3, 3), (1, 40)])
  func theInverseUndoesABlurWithoutNoise(height: Int, width: Int) throws {
    let kernel =
      height == 1
      ? Tensor<Double>([1, 3], [0.2, 0.6, 0.2]) : Tensor<Double>([3, 3], [0, 1, 0, 1, 6, 1, 0, 1, 0]) / 10
    let scene = Scenes.drawn(height, width)
    let blurred = Scenes.circularlyBlurred(scene, kernel)
    func check<Scalar: FourierScalar>(_: Scalar.Type) throws {
      let restored = try InverseFilter<Scalar>(
        PointSpread(kernel.converted()), floor: 0.1, boundary: .circular)(blurred.converted())
      // Blurred image and kernel are rounded to the precision, then four transforms.
      let bound =
        5
        * (5 * ErrorBound.relativeL2(fastSize: false, scalar: Scalar.self, pointCount: height * width)
          + 2 * Scalar.unitRoundoff)
      #expect(relativeL2(restored, scene) <= bound)
    }
    try check(Double.self)
    try check(Float.self)
  }

  /// A mean of two pixels keeps nothing of the wave of two pixels: what is not there is left out, not divided by zero.
  @Test func theFloorLimitsTheGain() throws {
    let kernel = Tensor<Double>([1, 2], [0.5, 0.5])
    let image = Tensor<Double>([1, 8], (0..<8).map { $0 % 2 == 0 ? 0.75 : 0.25 })
    let restored = try InverseFilter(PointSpread(kernel), floor: 0.01, boundary: .circular)(image)
    // At half a cycle per pixel |H| is rounding, the gain at most 1 / 0.01: of 0.25 with a factor of 1e-16 · 100 nothing.
    #expect(restored.maximumMagnitude <= 0.5 + 0.25 * 100)
    #expect(abs(restored.mean - 0.5) < 1e-15)
    for floor in [0, -1, 1.5, Double.nan] {
      #expect(throws: RestorationError.self) { try InverseFilter(PointSpread(kernel), floor: floor) }
    }
  }

  private func methods<Scalar: FourierScalar>(
    _ kernel: Tensor<Scalar>, _ boundary: Boundary = .reflect, memoryLimit: Int? = nil
  ) throws -> [any Deconvolution<Scalar>] {
    let blur = try PointSpread(kernel)
    return [
      try InverseFilter(blur, boundary: boundary, memoryLimit: memoryLimit),
      try WienerFilter(blur, boundary: boundary, memoryLimit: memoryLimit),
      try WienerFilter(blur, noise: .ratio(0.01), boundary: boundary, memoryLimit: memoryLimit),
      try WienerFilter(blur, noise: .deviation(0.01), boundary: boundary, memoryLimit: memoryLimit),
      try RichardsonLucy(blur, iterations: 5, boundary: boundary, memoryLimit: memoryLimit),
    ]
  }

  /// A grey wall stays the wall it is. The zero boundary knows it to end.
  @Test(arguments: [Boundary.reflect, .mirror, .replicate, .circular])
  func anEvenImageStaysAsItIs(boundary: Boundary) throws {
    let image = Tensor<Double>([2, 21, 18], repeating: 0.375)
    for method in try methods(Tensor<Double>([4, 3], (1...12).map { Double($0) }), boundary) {
      let restored = try method(image)
      // Five iterations of two blurs at most, each with the bound of a convolution by transforms.
      let bound = 20 * ErrorBound.relativeL2(scalar: Double.self, pointCount: 30 * 30) * 0.375 * 30
      #expect(largestDifference(restored, image) <= bound, "\(method)")
    }
  }

  @Test func allGreysAreBlack() throws {
    for method in try methods(Tensor<Float>([3, 3], repeating: 1)) {
      #expect(try method(Tensor<Float>.zeros([16, 16])).maximumMagnitude == 0)
    }
  }

  @Test func planesAreRestoredOneByOne() throws {
    let (a, b) = (Scenes.drawn(40, 30, seed: 1), Scenes.drawn(40, 30, seed: 2))
    let both = Tensor<Double>([2, 40, 30], a.elements + b.elements)
    for method in try methods(Tensor<Double>([3, 5], repeating: 1)) {
      #expect(try method(both).elements == method(a).elements + method(b).elements)
    }
  }

  @Test func resultsDoNotDependOnThreads() throws {
    let image = Scenes.drawn(150, 130).converted(to: Float.self)
    for method in try methods(Tensor<Float>([7, 5], repeating: 1)) {
      let one = try withThreads(1) { try method(image) }
      let four = try withThreads(4) { try method(image) }
      #expect(one.hasSameBits(as: four))
    }
  }

  @Test func whatCannotBe() throws {
    func message(_ image: Tensor<Double>, _ kernel: Tensor<Double>, limit: Int? = nil) throws -> [String] {
      try methods(kernel, memoryLimit: limit).map { method in
        let error = #expect(throws: RestorationError.self) { _ = try method(image) }
        return error?.description ?? ""
      }
    }
    let kernel = Tensor<Double>([9, 3], repeating: 1)
    for text in try message(.zeros([8, 20]), kernel) {
      #expect(text.contains("9 x 3 is larger than the image of 8 x 20"))
    }
    var image = Tensor<Double>.zeros([2, 12, 20])
    image[1, 3, 7] = .nan
    for text in try message(image, kernel) { #expect(text.contains("row 3, column 7")) }
    for text in try message(.zeros([0, 20]), kernel) { #expect(text.contains("not empty")) }
    for text in try message(.zeros([400, 400]), kernel, limit: 1 << 20) {
      #expect(text.contains("limit is 1.0 MiB") && text.contains("raise it"))
    }
    #expect(throws: RestorationError.self) { try WienerFilter(PointSpread(kernel), noise: .ratio(0)) }
    #expect(throws: RestorationError.self) { try WienerFilter(PointSpread(kernel), noise: .deviation(-1)) }
    #expect(throws: RestorationError.self) { try RichardsonLucy(PointSpread(kernel), iterations: 0) }
    #expect(throws: RestorationError.self) { try RichardsonLucy(PointSpread(kernel), damping: 0) }
    #expect(throws: RestorationError.self) { try RichardsonLucy(PointSpread(Tensor<Double>([1, 2], [2, -1]))) }
  }

  /// What a callback throws ends the work, and until then it tells how far it is.
  @Test func progressIsToldAndMayEndTheWork() throws {
    struct Stop: Error {}
    let image = Tensor<Double>([2, 24, 24], repeating: 0.5)
    let method = try RichardsonLucy(PointSpread(Tensor<Double>([3, 3], repeating: 1)), iterations: 4)
    var fractions: [Double] = []
    _ = try method(image) { fractions.append($0.fraction) }
    #expect(fractions == (1...8).map { Double($0) / 8 })
    #expect(throws: Stop.self) { try method(image) { if $0.plane == 1 { throw Stop() } } }
    for method in try methods(Tensor<Double>([3, 3], repeating: 1)) {
      var last = 0.0
      _ = try method(image) { progress in
        #expect(progress.fraction > last)
        last = progress.fraction
      }
      #expect(last == 1)
    }
  }
}
