import Foundation
import SpectralImaging
import SpectralConvolution
import SpatialConvolution
import SpectralCore
import TestSupport
import Testing

/// What the taps are.
@Suite struct KernelTapsTests {
  /// OpenCV's, SciPy's and NumPy's numbers, from Fixtures/make_reference.py.
  private struct Reference: Decodable {
    let kernels: [String: [[Double]]]
    let windows: [String: [[Double]]]

    static let file: Reference = {
      let url = fixtures(of: #filePath).appendingPathComponent("reference.json")
      return try! JSONDecoder().decode(Reference.self, from: Data(contentsOf: url))
    }()
  }

  @Test func tapsThatAnyoneKnows() {
    #expect(Kernel(.box(Extent(height: 1, width: 2))) == Kernel(rows: [[0.5, 0.5]]))
    #expect(Kernel(.sobel(.x)) == Kernel(rows: [[1, 0, -1], [2, 0, -2], [1, 0, -1]]))
    #expect(Kernel(.sobel(.y)) == Kernel(rows: [[1, 2, 1], [0, 0, 0], [-1, -2, -1]]))
    #expect(Kernel(.scharr(.x)) == Kernel(rows: [[3, 0, -3], [10, 0, -10], [3, 0, -3]]))
    #expect(Kernel(.prewitt(.y)) == Kernel(rows: [[1, 1, 1], [0, 0, 0], [-1, -1, -1]]))
    #expect(Kernel(.laplacian()) == Kernel(rows: [[0, 1, 0], [1, -4, 1], [0, 1, 0]]))
    #expect(Kernel(.laplacian(neighbors: .eight)) == Kernel(rows: [[1, 1, 1], [1, -8, 1], [1, 1, 1]]))
    #expect(Kernel(.sharpen()) == Kernel(rows: [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]))
    #expect(Kernel(.sharpen(amount: 0)) == Kernel(rows: [[0, 0, 0], [0, 1, 0], [0, 0, 0]]))
    #expect(Kernel(.emboss()) == Kernel(rows: [[2, 1, 0], [1, 1, -1], [0, -1, -2]]))
    // Light from the right: what rises to the left is lit.
    #expect(Kernel(.emboss(lightAngle: 0)) == Kernel(rows: [[-1, 0, 1], [-1, 1, 1], [-1, 0, 1]]))
    // Light from above: what rises downwards is lit.
    #expect(Kernel(.emboss(lightAngle: 90)) == Kernel(rows: [[1, 1, 1], [0, 1, 0], [-1, -1, -1]]))
    #expect(Kernel(.motion(length: 3, angle: 0)) == Kernel(rows: [[1 / 3.0, 1 / 3.0, 1 / 3.0]]))
    #expect(Kernel(.motion(length: 3, angle: -90)).extent == Extent(height: 3, width: 1))
    // Through the corners of pixels, and so only through those of the diagonal; up to the right.
    let half = 0.5.squareRoot()
    let diagonal = Kernel(.motion(length: 6 * half, angle: 45))
    for (place, tap) in diagonal.taps.elements.enumerated() {
      #expect(abs(tap - ([2, 4, 6].contains(place) ? 1 / 3.0 : 0)) < 1e-15)
    }
    // A disk inside its pixel, and one that bulges into four neighbours by segments of a circle of radius 0.6.
    #expect(Kernel(.disk(diameter: 0.9)) == Kernel(rows: [[1]]))
    let bulging = Kernel(.disk(diameter: 1.2)).taps
    let segment = 0.36 * acos(0.5 / 0.6) - 0.5 * (0.36 - 0.25).squareRoot()
    #expect(abs(bulging[0, 1] - segment / (.pi * 0.36)) < 1e-15 && bulging[0, 0] == 0)
  }

  private static let shapes: [(String, KernelShape, Double)] = [
    // Some operations on numbers below 16 on either side, but for what is computed by other means.
    ("gaussian:1.5", .gaussian(deviation: 1.5), 1e-14), ("gaussian:2,3", .gaussian(deviation: 2, radius: 3), 1e-14),
    ("sobel:x", .sobel(.x), 0), ("sobel:y", .sobel(.y), 0), ("prewitt:x", .prewitt(.x), 0),
    ("prewitt:y", .prewitt(.y), 0), ("scharr:x", .scharr(.x), 0), ("scharr:y", .scharr(.y), 0),
    ("laplacian", .laplacian(), 0), ("log:1.4", .laplacianOfGaussian(deviation: 1.4), 1e-14),
    ("gabor:8,30", .gabor(wavelength: 8, angle: 30, deviation: 4, radius: 12), 1e-14),
    (
      "gabor:6,120,3,90,0.5", .gabor(wavelength: 6, angle: 120, deviation: 3, phase: 90, aspect: 0.5, radius: 15),
      1e-14
    ),
    // Quadrature to 1e-13 a piece.
    ("disk:5.3", .disk(diameter: 5.3), 1e-12), ("disk:9", .disk(diameter: 9), 1e-12),
    // Two million points, two of which may be on the wrong side of a border.
    ("motion:12.5,30", .motion(length: 12.5, angle: 30), 1e-6),
    ("motion:9,-70", .motion(length: 9, angle: -70), 1e-6),
  ]

  @Test(arguments: shapes) func likeOpenCVAndSciPy(_ name: String, _ shape: KernelShape, _ tolerance: Double) throws {
    let expected = Kernel(rows: try #require(Reference.file.kernels[name]))
    let kernel = Kernel(shape)
    try #require(kernel.extent == expected.extent && kernel.extent == shape.extent)
    #expect(largestDifference(kernel.taps, expected.taps) <= tolerance)
  }

  @Test func thereIsNoReferenceWithoutATest() {
    #expect(Set(Reference.file.kernels.keys) == Set(Self.shapes.map(\.0)))
  }

  @Test(arguments: [
    ("hann", DesignWindow.hann), ("hamming", .hamming), ("blackman", .blackman), ("kaiser", .kaiser(beta: 6.5)),
  ])
  func windowsLikeSciPy(_ name: String, _ window: DesignWindow) throws {
    for expected in try #require(Reference.file.windows[name]) {
      let weights = window.weights(expected.count)
      #expect(weights == weights.reversed())
      // SciPy's own Bessel function is good to a few units in the last place.
      for (a, b) in zip(weights, expected) { #expect(abs(a - b) < 1e-14, "\(name) \(expected.count)") }
    }
  }

  @Test(arguments: [
    (KernelShape.box(Extent(height: 4, width: 7)), 1.0), (.gaussian(deviation: 0.2), 1), (.gaussian(deviation: 9), 1),
    (.disk(diameter: 63.5), 1), (.motion(length: 100, angle: 17), 1), (.motion(length: 0.3, angle: 200), 1),
    (.sobel(.x), 0), (.scharr(.y), 0), (.prewitt(.x), 0), (.laplacian(), 0), (.laplacian(neighbors: .eight), 0),
    (.laplacianOfGaussian(deviation: 3), 0), (.sharpen(amount: 2.5), 1), (.emboss(lightAngle: 77), 1),
    (.gabor(wavelength: 5, angle: 33, phase: 90), 0),
  ])
  func sums(_ shape: KernelShape, _ sum: Double) {
    let kernel = Kernel(shape)
    #expect(
      abs(kernel.sum - sum)
        <= ErrorBound.sum(count: kernel.taps.count, magnitude: kernel.magnitudeSum, scalar: Double.self))
    #expect(kernel.taps.isFinite)
  }

  @Test func slopes() {
    for (shape, gain) in [(KernelShape.sobel, 8.0), (KernelShape.scharr, 32), (KernelShape.prewitt, 6)] {
      #expect(Kernel(shape(.x)).slopeGain == (gain, 0))
      #expect(Kernel(shape(.y)).slopeGain == (0, gain))
    }
    #expect(Kernel(.gaussian(deviation: 2)).slopeGain.x.magnitude < 1e-15)
  }

  /// A ramp to the right, by true convolution, has the slope that `slopeGain` promises; the corner of the picture tells
  /// which way the kernels turn.
  @Test func whatConvolutionMakesOfThem() throws {
    func convolved(_ image: Tensor<Double>, _ kernel: Kernel) throws -> Tensor<Double> {
      let (h, w) = (image.shape[0], image.shape[1])
      let geometry = ConvolutionGeometry(padding: .same, boundary: .replicate, operation: .convolution)
      return try SpatialConvolution<Double>()(
        image.reshaped(to: [1, 1, h, w]), kernel.taps.reshaped(to: [1, 1, kernel.height, kernel.width]), geometry
      ).reshaped(to: [h, w])
    }
    func picture(_ value: (Int, Int) -> Double) -> Tensor<Double> {
      Tensor([21, 21], (0..<441).map { value($0 / 21, $0 % 21) })
    }
    let (right, down) = (picture { Double($1) }, picture { row, _ in Double(row) })
    #expect(try convolved(right, Kernel(.sobel(.x)))[10, 10] == 8)
    #expect(try convolved(down, Kernel(.scharr(.y)))[10, 10] == 32)
    #expect(try convolved(picture { Double($0 * $0 + $1 * $1) }, Kernel(.laplacian()))[10, 10] == 4)
    #expect(try convolved(picture { Double($0 * $0 + $1 * $1) }, Kernel(.laplacian(neighbors: .eight)))[10, 10] == 12)
    // A spot is smeared up to the right and down to the left.
    let spot = picture { $0 == 10 && $1 == 10 ? 1 : 0 }
    let smear = try convolved(spot, Kernel(.motion(length: 8, angle: 45)))
    #expect(smear[8, 12] > 0.1 && smear[12, 8] > 0.1 && smear[8, 8] == 0 && smear[12, 12] == 0)
    // A wave that runs up to the right is answered to, one that runs down to the right is not.
    let gabor = Kernel(.gabor(wavelength: 6, angle: 45))
    func wave(_ sign: Double) -> Tensor<Double> {
      picture { cos(2 * .pi * (Double($1 - 10) + sign * Double($0 - 10)) / (6 * 2.0.squareRoot())) }
    }
    #expect(try convolved(wave(-1), gabor)[10, 10] > 0.95)
    #expect(abs(try convolved(wave(1), gabor)[10, 10]) < 0.05)
    // The centre is where `same` puts it, odd or even.
    for extent in [Extent(3), Extent(4), Extent(height: 2, width: 5), Extent(height: 5, width: 2)] {
      let unit = Kernel(
        Tensor([extent.height, extent.width]) { taps in
          taps.initialize(repeating: 0)
          taps[extent.height / 2 * extent.width + extent.width / 2] = 1
        })
      #expect(unit.center == (extent.height / 2, extent.width / 2))
      #expect(try convolved(right, unit) == right, "\(extent)")
    }
  }

  @Test func symmetry() {
    for shape in [
      KernelShape.box(4), .gaussian(deviation: 3.3), .disk(diameter: 7.7), .laplacian(),
      .laplacianOfGaussian(deviation: 2), .sharpen(amount: 0.3),
    ] {
      let kernel = Kernel(shape)
      #expect(kernel.parity == .even && kernel.isSameLeftAndRight && kernel.isSameTopAndBottom)
      #expect(kernel.isSameTransposed, "\(shape)")
    }
    let motion = Kernel(.motion(length: 11, angle: 20))
    #expect(motion.parity == .even && !motion.isSameLeftAndRight && !motion.isSameTransposed)
    let sobel = Kernel(.sobel(.x))
    #expect(sobel.parity == .odd && !sobel.isSameLeftAndRight && sobel.isSameTopAndBottom)
    #expect(Kernel(.emboss()).parity == .none && Kernel(.emboss()).isSameTransposed)
    #expect(Kernel(.gabor(wavelength: 7, angle: 13)).parity == .even)
    #expect(Kernel(.gabor(wavelength: 7, angle: 13, phase: 90)).parity == .odd)
  }

  @Test func factors() throws {
    for shape in [
      KernelShape.box(Extent(height: 3, width: 5)), .gaussian(deviation: 2.7), .sobel(.x), .scharr(.y), .prewitt(.x),
      .motion(length: 5, angle: 90),
    ] {
      let kernel = Kernel(shape)
      let (column, row) = try #require(kernel.factors, "\(shape)")
      try #require(column.count == kernel.height && row.count == kernel.width)
      for r in column.indices {
        for c in row.indices { #expect(abs(column[r] * row[c] - kernel.taps[r, c]) < 1e-15 * 16) }
      }
    }
    #expect(try #require(Kernel(.sobel(.x)).factors) == ([1, 2, 1], [1, 0, -1]))
    #expect(try #require(Kernel(.scharr(.y)).factors) == ([1, 0, -1], [3, 10, 3]))
    for shape in [
      KernelShape.laplacian(), .disk(diameter: 9), .laplacianOfGaussian(deviation: 1), .sharpen(), .emboss(),
      .motion(length: 9, angle: 30),
    ] { #expect(Kernel(shape).factors == nil, "\(shape)") }
    #expect(Kernel(rows: [[0, 0], [0, 0]]).factors == nil)
  }

  @Test func sizesAreKnownBeforeTheTaps() throws {
    for shape in [
      KernelShape.box(Extent(height: 2, width: 3)), .gaussian(deviation: 8), .disk(diameter: 31), .disk(diameter: 4),
      .motion(length: 21, angle: 45), .laplacianOfGaussian(deviation: 2), .gabor(wavelength: 10, angle: 0),
      .random(side: 6), .emboss(lightAngle: 12),
    ] { #expect(Kernel(shape).extent == shape.extent, "\(shape)") }
    #expect(
      KernelShape.gaussian(deviation: 8).extent == Extent(49) && KernelShape.disk(diameter: 31).extent == Extent(31))
  }

  @Test(arguments: [
    (KernelShape.gaussian(deviation: 0), "the standard deviation must be above 0 pixels, not 0.0"),
    (.gaussian(deviation: .nan), "standard deviation"), (.gaussian(deviation: 1, radius: -1), "radius"),
    (.box(0), "at least 1 x 1"), (.disk(diameter: -3), "diameter"), (.disk(diameter: .infinity), "diameter"),
    (.motion(length: 0, angle: 0), "length"), (.motion(length: 5, angle: .infinity), "angle"),
    (.gabor(wavelength: 1.9, angle: 0), "at least 2 pixels"), (.gabor(wavelength: 4, angle: 0, aspect: 0), "aspect"),
    (.laplacianOfGaussian(deviation: 1e200, radius: 3), "at most 1e15"), (.disk(diameter: 1e-300), "at least 1e-9"),
    (.gabor(wavelength: 8, angle: 30, aspect: 1e300), "at most 1e15"), (.sharpen(amount: .nan), "amount"),
    (.random(side: 0), "side"),
  ])
  func refusals(_ shape: KernelShape, _ words: String) {
    let error = #expect(throws: KernelError.self) { try shape.check(within: KernelShape.usualBudget) }
    #expect(error?.description.contains(words) ?? false, "\(error!)")
  }

  /// What is too large is refused by its size alone, whatever that is.
  @Test(arguments: [
    (KernelShape.gaussian(deviation: 1e6), "a kernel of 6000001 x 6000001 taps takes 262.0 TiB of memory"),
    (.disk(diameter: 1e200), "more than 8 EiB"), (.box(Extent(.max)), "more than 8 EiB"),
    (.gaussian(deviation: 1, radius: 10_000), "20001 x 20001 taps"), (.motion(length: 1e9, angle: -90), "7.5 GiB"),
    (.box(Extent(height: 1, width: 1_000_000_000)), "7.5 GiB"), (.random(side: 20_000), "3.0 GiB"),
  ])
  func kernelsThatAreTooLarge(_ shape: KernelShape, _ words: String) {
    let error = #expect(throws: MemoryError.self) { try shape.check(within: KernelShape.usualBudget) }
    let text = error?.description ?? ""
    #expect(text.contains(words) && text.hasSuffix("256.0 MiB: take a smaller kernel"), "\(text)")
    let chosen = #expect(throws: MemoryError.self) {
      try shape.check(within: MemoryBudget(limit: 1 << 30), beside: MemoryEstimate(bytes: 1 << 30))
    }
    #expect(chosen?.description.contains("the limit is 1.0 GiB: raise the limit") == true)
  }

  /// At no time are there more taps than the kernel has. Counted in a process of its own, since others would count too.
  @Test func kernelsAreMadeInPlace() async {
    await #expect(processExitsWith: .success) {
      let shapes: [KernelShape] = [
        .box(Extent(301)), .gaussian(deviation: 50), .disk(diameter: 301), .motion(length: 301, angle: 30),
        .laplacianOfGaussian(deviation: 40), .gabor(wavelength: 60, angle: 30), .random(side: 301),
      ]
      for shape in shapes {
        let bytes = shape.memory().bytes!
        #expect(bytes == 8 * shape.extent.height * shape.extent.width)
        #expect(MemoryPool.peak { _ = Kernel(shape) } <= MemoryPool.sizeClass(bytes))
      }
    }
  }

  @Test func files() throws {
    let folder = temporaryFolder()
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    let kernels = [Kernel(.disk(diameter: 6)), Kernel(.sobel(.x)), Kernel(.gaussian(deviation: 1.2))]
    for kernel in kernels {
      try kernel.write(to: path("k.npy"))
      #expect(try Kernel(path: path("k.npy")) == kernel)
      try kernel.write(to: path("k.png"))
      guard kernel.parity == .even else { continue }
      // Each tap is rounded to a 65535th of the largest, then all are divided by their sum.
      let back = try Kernel(path: path("k.png"))
      let step = kernel.taps.maximumMagnitude / 65535
      #expect(
        largestDifference(back.taps, kernel.taps) <= step * (0.5 + 0.5 * Double(kernel.taps.count) * step * 65535))
    }
    // A signed kernel: 0 is grey.
    try Kernel(.sobel(.x)).write(to: path("s.png"))
    let grey = try Kernel(path: path("s.png")).taps
    #expect(abs(grey[0, 1] / grey[1, 0] - 0.5) < 1e-4 && grey[1, 2] == 0)
    try Tensor<Double>([1, 1, 2, 2], [1, 2, 3, 4]).writeNPY(to: path("four.npy"))
    #expect(try Kernel(path: path("four.npy")) == Kernel(rows: [[1, 2], [3, 4]]))
    try Tensor<Double>([2, 2, 2], repeating: 1).writeNPY(to: path("cube.npy"))
    try Tensor<Double>([2, 2], repeating: .nan).writeNPY(to: path("nan.npy"))
    try Kernel(rows: [[0, 0]]).write(to: path("black.png"))
    for name in ["cube.npy", "nan.npy", "black.png", "absent.npy"] {
      #expect(throws: FileError.self, "\(name)") { try Kernel(path: path(name)) }
    }
    #expect(throws: FileError.self) { try kernels[0].write(to: path("k.txt")) }
  }
}
