import SpectralFigures
import Foundation
import SpectralKit

/// Idea 5: an image is a sum of waves.
public enum WavesLesson: Lesson {
  public static let word = "waves"
  public static let title = "An image is a sum of waves"

  public static let listing = #"""
    import SpectralKit

    // A picture that the package draws, and its spectrum.
    let digit = ProceduralDigits().image(3, .test).map { Double($0) / 255 }
    let picture = Tensor<Double>([28, 28], digit)
    let transform = RealTransform2D<Double>(height: 28, width: 28)
    let spectrum = transform.forward(picture)

    // Only the strongest waves stay. Each stands for itself and for its twin on the other side of frequency 0.
    let strengths = (0..<28 * 15).map { spectrum[$0 / 15, $0 % 15].magnitude }
    for count in [4, 16, 64, 420] {
      let weakest = strengths.sorted(by: >)[count - 1]
      var kept = spectrum
      kept.values.withUnsafeMutableElements { values in
        for i in strengths.indices where strengths[i] < weakest { (values[2 * i], values[2 * i + 1]) = (0, 0) }
      }
      let error = (transform.inverse(kept) - picture).norm / picture.norm
      print(count, "waves: relative error", error)
      if count == 420 { precondition(error < 1e-15) }
    }
    """#

  /// One wave of the picture.
  public struct Wave: Sendable {
    /// Cycles per pixel down and across.
    public let fy, fx: Double
    /// Half of its height from trough to crest.
    public let amplitude: Double
    /// `[H, W]`.
    public let picture: Tensor<Double>
    /// Pixels from crest to crest.
    public var wavelength: Double { 1 / (fx * fx + fy * fy).squareRoot() }
  }

  /// The picture from its strongest waves.
  public struct Rebuilt: Sendable {
    /// Waves besides the mean.
    public let count: Int
    /// `[H, W]`.
    public let picture: Tensor<Double>
    /// ‖picture - rebuilt‖ / ‖picture - mean‖, measured, and by Parseval from the waves that are missing.
    public let error, predictedError: Double
  }

  public struct Findings: Sendable {
    public var picture: Tensor<Double>
    public var spectrum: Spectrum<Double>
    /// The strongest waves besides the mean.
    public var strongest: [Wave]
    public var rebuilt: [Rebuilt]
    /// All waves besides the mean.
    public var waveCount: Int
    /// Σ|x|² and Σ|X|² / (H W), relative difference.
    public var parsevalError: Double
    /// The picture from its phases with all magnitudes equal, and from its magnitudes with all phases 0.
    public var phaseOnly, magnitudeOnly: Tensor<Double>
  }

  static let side = 192

  // MARK: Computing

  public static func measure(_ material: LessonMaterial, _ progress: LessonProgress) throws -> Findings {
    let picture = material.grey(side: side)
    let transform = RealTransform2D<Double>(height: side, width: side)
    let spectrum = transform.forward(picture)
    let waves = pairs(spectrum).sorted { $0.strength > $1.strength }
    let all = waves.reduce(0) { $0 + $1.energy }
    let counts = [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, waves.count]
    let area = Double(side * side)
    let norm = max((picture - picture.mean).norm, .leastNormalMagnitude)
    let rebuilt = try counts.map { count in
      try progress.check()
      let result = transform.inverse(only(waves.prefix(count).map(\.place) + [0], of: spectrum))
      let missing = waves.dropFirst(count).reduce(0) { $0 + $1.energy } / area
      return Rebuilt(
        count: count, picture: result, error: (picture - result).norm / norm,
        predictedError: max(missing, 0).squareRoot() / norm)
    }
    return Findings(
      picture: picture, spectrum: spectrum, strongest: waves.prefix(4).map { wave($0.place, spectrum, transform) },
      rebuilt: rebuilt, waveCount: waves.count,
      parsevalError: abs(
        (all + pow(spectrum[0, 0].magnitude, 2)) / area / max(pow(picture.norm, 2), .leastNormalMagnitude) - 1),
      phaseOnly: transform.inverse(reshaped(spectrum) { value, length in (1 / length) * value }),
      magnitudeOnly: transform.inverse(reshaped(spectrum) { _, length in ComplexNumber(length) }))
  }

  /// Each wave once: of two opposite frequencies, whose values are conjugates, the one that is kept.
  private static func pairs(_ spectrum: Spectrum<Double>) -> [(place: Int, strength: Double, energy: Double)] {
    let half = side / 2 + 1
    return (1..<side * half).compactMap { place in
      let (u, v) = (place / half, place % half)
      // In the columns 0 and W/2 rows come in pairs.
      let isOwnColumn = v == 0 || v == side / 2
      if isOwnColumn && u > side / 2 { return nil }
      let isSingle = isOwnColumn && (u == 0 || u == side / 2)
      let square = spectrum[u, v].squaredMagnitude
      return (place, square.squareRoot() * (isSingle ? 1 : 2), isSingle ? square : 2 * square)
    }
  }

  /// The spectrum with these waves and no others.
  private static func only(_ places: [Int], of spectrum: Spectrum<Double>) -> Spectrum<Double> {
    let half = side / 2 + 1
    var kept = Tensor<Double>.zeros(like: spectrum.values)
    kept.withUnsafeMutableElements { kept in
      spectrum.values.withUnsafeElements { values in
        for place in places {
          let (u, v) = (place / half, place % half)
          let twin = v == 0 || v == side / 2 ? (side - u) % side * half + v : place
          for i in [place, twin] { (kept[2 * i], kept[2 * i + 1]) = (values[2 * i], values[2 * i + 1]) }
        }
      }
    }
    return Spectrum(height: side, width: side, values: kept)
  }

  private static func wave(
    _ place: Int, _ spectrum: Spectrum<Double>, _ transform: RealTransform2D<Double>
  ) -> Wave {
    let half = side / 2 + 1
    let (u, v) = (place / half, place % half)
    let picture = transform.inverse(only([place], of: spectrum))
    return Wave(
      fy: Double(u <= side / 2 ? u : u - side) / Double(side), fx: Double(v) / Double(side),
      amplitude: picture.maximumMagnitude, picture: picture)
  }

  /// Every value but that of frequency 0, from itself and its magnitude; where the magnitude is 0 it stays.
  private static func reshaped(
    _ spectrum: Spectrum<Double>, _ body: (ComplexNumber<Double>, Double) -> ComplexNumber<Double>
  ) -> Spectrum<Double> {
    var result = spectrum
    result.values.withUnsafeMutableElements { values in
      for i in stride(from: 2, to: values.count, by: 2) {
        let value = ComplexNumber(values[i], values[i + 1])
        if value.magnitude > 1e-12 {
          let changed = body(value, value.magnitude)
          (values[i], values[i + 1]) = (changed.real, changed.imaginary)
        }
      }
      (values[0], values[1]) = (0, 0)
    }
    return result
  }

  // MARK: Telling

  public static func text(_ findings: Findings) -> LessonText {
    func share(_ limit: Double) -> String {
      findings.rebuilt.first { $0.error < limit }.map { "\(grouped($0.count)) of \(grouped(findings.waveCount))" }
        ?? "none"
    }
    return LessonText(
      idea:
        "Brightness along a row rises and falls; read it as waves. A picture is the sum of them, each with a length, a direction, a strength and a place.",
      body: waves(findings) + spectra(findings) + rebuilt(findings),
      numbers: [
        .init("waves of a picture of \(side) x \(side) pixels, besides its mean", grouped(findings.waveCount)),
        .init("wavelength of the strongest", "\(decimals(findings.strongest[0].wavelength, 1)) pixels"),
        .init("waves for a relative error below 20 %, at most", share(0.2)),
        .init("waves for a relative error below 5 %, at most", share(0.05)),
        .init("error from all of them", scientific(findings.rebuilt.last!.error)),
        .init("energy of pixels against energy of waves, relative", scientific(findings.parsevalError)),
      ],
      notice: [
        """
        A few long waves give the light and dark of the picture; edges need many short ones. That is why thumbnails and \
        JPEG can leave out so much.
        """,
        """
        What repeats in the picture (bricks, a fence) is a bright point in the spectrum, at the frequency of the pattern \
        and its multiples. A sharp edge is a bright line across the direction of the edge.
        """,
        "From the phases alone you recognise the picture; from the magnitudes alone you do not. Phase says *where*.",
      ],
      exercises: [
        .init(
          "A fence has a picket every 12 pixels. Where in the centred spectrum are its points?",
          answer: """
            On the horizontal line through the middle, at 1/12 = 0.083 cycles per pixel to the left and to the right, \
            and at multiples of it, since pickets are not sine waves.
            """),
        .init(
          "Why does a picture of H x W pixels have only about half as many waves?",
          answer: """
            A wave has two numbers, strength and place, and H W pixels have H W numbers. The spectrum has a complex value \
            for each of H W frequencies, but that at \(math: "(-u, -v)") is the conjugate of that at \(math: "(u, v)").
            """),
      ])
  }

  private static func waves(_ findings: Findings) -> [Block] {
    [
      .text(
        """
        The discrete Fourier transform of \(side) x \(side) pixels compares the picture with every wave that fits into \
        it a whole number of times:
        """),
      .formula(
        .hat("x") + "(u, v) =" + .sum(over: "i, j") + "x(i, j)" + .power("e", "-2 π i (u i / H + v j / W)")
          + ",   x(i, j) ="
          + .fraction("1", "H W") + .sum(over: "u, v") + .hat("x") + "(u, v)"
          + .power("e", "+2 π i (u i / H + v j / W)")),
      .pictures(
        [Picture(Plane.grey(findings.picture, 0...1), alt: "The picture in grey.", caption: "the picture")]
          + findings.strongest.map {
            Picture(
              Plane.signed($0.picture, limit: findings.strongest[0].amplitude),
              alt: "A wave of \(decimals($0.wavelength, 1)) pixels, amplitude \(decimals($0.amplitude, 3)).",
              caption: "\(decimals($0.wavelength, 1)) px, ±\(decimals($0.amplitude, 3))")
          }
          + findings.rebuilt.filter { $0.count == findings.strongest.count }.map {
            Picture(Plane.grey($0.picture, 0...1), alt: "The mean and the four waves: a blur.", caption: "their sum")
          },
        caption: """
          The picture, its four strongest waves with length and amplitude, and their sum with the mean. Of the waves grey \
          is 0, light is brighter than the mean, dark is darker.
          """),
    ]
  }

  private static func spectra(_ findings: Findings) -> [Block] {
    [
      .heading("All of them at once"),
      .text(
        """
        A spectrum has a point for each wave: its direction from the middle is the direction in which the wave runs, its \
        distance from the middle the frequency. In the middle are long waves, at the edges those of two pixels, half a \
        cycle per pixel.
        """),
      .pictures(
        [
          Picture(
            Plane.spectrum(findings.spectrum), alt: "Centred logarithmic magnitude.",
            caption: "magnitude, five decades", scale: 1),
          Picture(
            Plane.phase(findings.spectrum), alt: "Centred phase as shades: almost without pattern.",
            caption: "phase, −π black to +π white", scale: 1),
        ], caption: "Frequency 0 is in the middle of both."),
      .text("Which of the two carries the picture? Put it together from one of them alone:"),
      .pictures(
        [
          Picture(
            Plane.balanced(findings.phaseOnly), alt: "The picture rebuilt from its phases: edges and outlines.",
            caption: "rebuilt from phases only"),
          Picture(
            Plane.balanced(findings.magnitudeOnly), alt: "The picture rebuilt from its magnitudes: a blurred cross.",
            caption: "rebuilt from magnitudes only"),
        ],
        caption: """
          Left: all waves equally strong, each in its place. Right: each as strong as it is, all of them with a crest in \
          the corner.
          """),
    ]
  }

  private static func rebuilt(_ findings: Findings) -> [Block] {
    let shown = findings.rebuilt
    return [
      .heading("Adding up the strongest"),
      .animation(
        shown.map { step in
          Still(
            "\(grouped(step.count)) waves and the mean: relative error \(percent(step.error))",
            pictures: [
              Picture(
                Plane.grey(step.picture, 0...1), alt: "The picture from \(step.count) waves.", scale: 1, format: .jpeg)
            ])
        }, caption: "The picture from its k strongest waves."),
      .chart(
        Chart(
          "What is still missing", horizontal: ChartAxis("strongest waves that are kept, k"),
          vertical: ChartAxis("relative error", ),
          series: [
            .init("measured", shown.dropFirst().dropLast().map { .init(Double($0.count), $0.error) }),
            .init(
              "by Parseval, from what was left out",
              shown.dropFirst().dropLast().map { .init(Double($0.count), $0.predictedError) }, style: .smooth),
          ]),
        alt: "The relative error falls as more waves are kept; measured and predicted agree.",
        caption:
          "‖picture − rebuilt‖ / ‖picture − mean‖. Waves are perpendicular, so the squares of what is missing add up: that is Parseval's theorem."
      ),
    ]
  }
}
