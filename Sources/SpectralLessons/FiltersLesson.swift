import SpectralFigures
import Foundation
import SpectralKit

/// Idea 6: a filter scales each wavelength.
public enum FiltersLesson: Lesson {
  public static let word = "filters"
  public static let title = "A filter scales each wavelength"

  public static let listing = #"""
    import Foundation
    import SpectralKit

    // A wave of 8 pixels through a kernel comes out as the same wave, scaled by the kernel's response.
    let kernel = Kernel(.gaussian(deviation: 1.5))
    let wave = Tensor<Double>([1, 1, 64, 64], (0..<64 * 64).map { cos(2 * .pi * 0.125 * Double($0 % 64)) })
    let around = ConvolutionGeometry(padding: .same, boundary: .circular, operation: .convolution)
    let taps = kernel.taps.reshaped(to: [1, 1, kernel.height, kernel.width])
    let filtered = try SpatialConvolution<Double>()(wave, taps, around)
    let gain = kernel.response(fx: 0.125, fy: 0).real
    precondition((filtered - gain * wave).maximumMagnitude < 1e-14)
    print("gain", gain)

    // An edge through three low-passes: which of them rings?
    let edge = Tensor<Double>([1, 1024], (0..<1024).map { $0 < 512 ? 0 : 1 })
    for shape in [FilterShape.ideal, .butterworth(order: 2), .gaussian] {
      let smooth = try FrequencyFilter.lowPass(shape, cutoff: 0.05).apply(to: edge, boundary: .circular)
      print(shape, "overshoots by", smooth.elements.max()! - 1)
    }
    """#

  /// A kernel, and what it makes of waves that run along the rows.
  public struct KernelAnswer: Sendable {
    public let name: String
    public let kernel: Kernel
    /// The gain of each wave of ``frequencies``: by the response, and measured on the wave.
    public let predicted, measured: [Double]
    /// The largest distance of a wave that went through the kernel from the wave that the response foretells.
    public let error: Double
    /// The distance of the kernel from what the inverse transform makes of its response.
    public let returnError: Double
    /// What it makes of the picture, `[H, W]`.
    public let filtered: Tensor<Double>
  }

  /// A filter that was told by its response.
  public struct FilterAnswer: Sendable {
    /// E.g. `low-pass`.
    public let kind: String
    public let shape: FilterShape
    /// Frequency 0 in the middle, `[H, W]`.
    public let response: Tensor<Double>
    public let predicted, measured: [Double]
    public let error: Double
    public let filtered: Tensor<Double>
  }

  /// An edge from 0 to 1 behind a low-pass.
  public struct Edge: Sendable {
    public let shape: FilterShape
    /// Cycles per pixel.
    public let cutoff: Double
    /// Pixels 40 before the edge to 40 behind it.
    public let profile: [Double]
    /// How far it rises above 1.
    public let overshoot: Double
    /// Pixels from the edge to where it stays within a hundredth of 1.
    public let settled: Int
  }

  public struct Findings: Sendable {
    public var kernels: [KernelAnswer]
    public var filters: [FilterAnswer]
    public var edges: [Edge]
    /// A bright pixel behind an ideal, a Butterworth and a Gaussian low-pass, `[H, W]`.
    public var points: [Tensor<Double>]
    /// The picture, and the same under stripes, for the notches.
    public var picture, striped: Tensor<Double>
    /// Root mean square distance from the picture: of the striped one, and of what each notch makes of it.
    public var stripes: Double
    public var left: [Double]
  }

  static let shapes: [FilterShape] = [.ideal, .butterworth(order: 2), .gaussian]
  /// Of waves that fit into 64 pixels a whole number of times, in cycles per pixel.
  static let frequencies = (0...32).map { Double($0) / 64 }
  /// The overshoot of an edge that has lost its high frequencies: ∫ sin t / (π t) from 0 to π, less 1/2 (Gibbs).
  static let gibbs = 0.0894898722

  // MARK: Computing

  public static func measure(_ material: LessonMaterial, _ progress: LessonProgress) throws -> Findings {
    let picture = material.grey(side: 160)
    let kernels: [(String, KernelShape)] = [
      ("box", .box(5)), ("Gaussian", .gaussian(deviation: 1.5)), ("motion", .motion(length: 15, angle: 30)),
      ("sharpen", .sharpen()), ("Sobel", .sobel(.x)), ("Laplacian", .laplacian()),
      ("Gabor", .gabor(wavelength: 6, angle: 0)),
    ]
    // Stripes of 5 pixels from crest to crest.
    let striped = Tensor<Double>(
      picture.shape, picture.elements.enumerated().map { $1 + 0.15 * cos(2 * .pi * 0.2 * Double($0 % 160)) })
    let filters = try kinds.flatMap { kind, filter in
      try shapes.map { shape in
        try progress.check()
        return try answer(kind, shape, filter(shape), kind == "notch" ? striped : picture)
      }
    }
    func distance(_ other: Tensor<Double>) -> Double { (other - picture).norm / 160 }
    return Findings(
      kernels: try kernels.map { try answer($0, Kernel($1), picture) }, filters: filters,
      edges: try edges.map { try edge($0, cutoff: $1) }, points: try shapes.map(point), picture: picture,
      striped: striped, stripes: distance(striped),
      left: filters.filter { $0.kind == "notch" }.map { distance($0.filtered) })
  }

  private static let kinds: [(String, @Sendable (FilterShape) -> FrequencyFilter)] = [
    ("low-pass", { .lowPass($0, cutoff: 0.1) }), ("high-pass", { .highPass($0, cutoff: 0.1) }),
    ("band-pass", { .bandPass($0, from: 0.05, to: 0.15) }), ("band-stop", { .bandStop($0, from: 0.05, to: 0.15) }),
    ("notch", { .notch($0, x: 0.2, y: 0, radius: 0.02) }),
  ]

  private static let edges: [(FilterShape, Double)] = [
    (.ideal, 0.05), (.ideal, 0.025), (.butterworth(order: 8), 0.05), (.butterworth(order: 4), 0.05),
    (.butterworth(order: 2), 0.05), (.butterworth(order: 1), 0.05), (.gaussian, 0.05),
  ]

  /// Waves along the rows, `[33, 1, 64, 64]`, each turned by its part of a circle.
  private static func waves(turned: (Int) -> Double = { _ in 0 }) -> Tensor<Double> {
    Tensor(
      [33, 1, 64, 64],
      (0..<33).flatMap { wave in
        // Whole turns are taken off first, so that the angle is exact.
        (0..<4096).map {
          cos(2 * .pi * (frequencies[wave] * Double($0 % 64)).remainder(dividingBy: 1) + turned(wave))
        }
      })
  }

  /// The norm of each wave in shares of that of another.
  private static func gains(_ waves: Tensor<Double>, over others: Tensor<Double>) -> [Double] {
    (0..<33).map { waves.rows($0..<$0 + 1).norm / others.rows($0..<$0 + 1).norm }
  }

  private static func answer(_ name: String, _ kernel: Kernel, _ picture: Tensor<Double>) throws -> KernelAnswer {
    let responses = frequencies.map { kernel.response(fx: $0, fy: 0) }
    let waves = waves()
    let filtered = try convolved(waves, kernel, .circular)
    let turned = Self.waves { responses[$0].phaseInDegrees * .pi / 180 }.elements
    let foretold = turned.enumerated().map { $1 * responses[$0 / 4096].magnitude }
    // The response, transformed back, is the kernel around pixel (0, 0) of a torus.
    let back = RealTransform2D<Double>(height: 64, width: 64).inverse(kernel.response(height: 64, width: 64))
    let distances = (0..<kernel.taps.count).map { place in
      let (row, column) = (place / kernel.width - kernel.center.row, place % kernel.width - kernel.center.column)
      return abs(back[(row + 64) % 64, (column + 64) % 64] - kernel.taps.elements[place])
    }
    let side = picture.shape[0]
    return KernelAnswer(
      name: name, kernel: kernel, predicted: responses.map(\.magnitude), measured: gains(filtered, over: waves),
      error: zip(filtered.elements, foretold).map { abs($0 - $1) }.max()!, returnError: distances.max()!,
      filtered: try convolved(picture.reshaped(to: [1, 1, side, side]), kernel, .reflect).reshaped(to: [side, side]))
  }

  /// A true convolution by the definition.
  private static func convolved(_ x: Tensor<Double>, _ kernel: Kernel, _ boundary: Boundary) throws -> Tensor<Double> {
    let geometry = ConvolutionGeometry(padding: .same, boundary: boundary, operation: .convolution)
    return try SpatialConvolution<Double>()(
      x, kernel.taps.reshaped(to: [1, 1, kernel.height, kernel.width]), geometry)
  }

  private static func answer(
    _ kind: String, _ shape: FilterShape, _ filter: FrequencyFilter, _ picture: Tensor<Double>
  ) throws -> FilterAnswer {
    let (waves, predicted) = (waves(), frequencies.map { filter($0, 0) })
    let filtered = try filter.apply(to: waves, boundary: .circular)
    return FilterAnswer(
      kind: kind, shape: shape, response: filter.response(height: 160, width: 160).centred, predicted: predicted,
      measured: gains(filtered, over: waves),
      error: zip(filtered.elements, waves.elements).enumerated().map { place, pair in
        abs(pair.0 - predicted[place / 4096] * pair.1)
      }.max()!, filtered: try filter.apply(to: picture))
  }

  private static func edge(_ shape: FilterShape, cutoff: Double) throws -> Edge {
    let edge = Tensor<Double>([1, 4096], (0..<4096).map { $0 < 2048 ? 0 : 1 })
    let smooth = try FrequencyFilter.lowPass(shape, cutoff: Frequency(cutoff)).apply(to: edge, boundary: .circular)
    // The other edge is at pixel 0: half-way there nothing of it is left, or little.
    let behind = smooth.elements[2048..<3072]
    let last = behind.lastIndex { abs($0 - 1) > 0.01 } ?? 2047
    return Edge(
      shape: shape, cutoff: cutoff, profile: Array(smooth.elements[2008..<2088]), overshoot: behind.max()! - 1,
      settled: last - 2047)
  }

  /// 65 x 65 pixels around a bright one.
  private static func point(_ shape: FilterShape) throws -> Tensor<Double> {
    let side = 129
    let impulse = Tensor<Double>([side, side], (0..<side * side).map { $0 == side * side / 2 ? 1 : 0 })
    let spread = try FrequencyFilter.lowPass(shape, cutoff: 0.1).apply(to: impulse, boundary: .circular)
    return Tensor([65, 65], (0..<65 * 65).map { spread[32 + $0 / 65, 32 + $0 % 65] })
  }
}
