import SpectralFigures
import Foundation
import SpectralKit

/// Idea 8: the discrete transform is circular.
public enum CircularLesson: Lesson {
  public static let word = "circular"
  public static let title = "The discrete transform is circular"

  public static let listing = #"""
    import SpectralKit

    var random = RandomGenerator(seed: 1)
    let picture = Tensor<Double>.uniform([64, 64], in: 0..<1, using: &random)
    let kernel = Tensor<Double>.uniform([9, 9], in: 0..<1, using: &random)

    /// Transform, multiply, invert, on `size` x `size` points; what does not fit is filled with zeros.
    func bySpectra(_ size: Int) -> Tensor<Double> {
      func padded(_ x: Tensor<Double>) -> Tensor<Double> {
        var y = Tensor<Double>.zeros([size, size])
        for i in 0..<x.shape[0] { for j in 0..<x.shape[1] { y[i, j] = x[i, j] } }
        return y
      }
      let transform = RealTransform2D<Double>(height: size, width: size)
      return transform.inverse(transform.forward(padded(picture)) * transform.forward(padded(kernel)))
    }
    let (circular, linear) = (bySpectra(64), bySpectra(64 + 9 - 1))
    let touched = (0..<64 * 64).filter { abs(circular[$0 / 64, $0 % 64] - linear[$0 / 64, $0 % 64]) > 1e-10 }
    precondition(touched.allSatisfy { $0 / 64 < 8 || $0 % 64 < 8 })
    print(touched.count, "pixels of the first 8 rows and columns hold what wrapped around")
    """#

  /// A wave that is sampled.
  public struct Sampled: Sendable {
    /// Cycles per pixel of the wave.
    public let frequency: Double
    /// Cycles per sample as it seems to be when every `step`-th pixel is kept: by the formula, and in the spectrum.
    public let formula, measured: Double
  }

  public struct Findings: Sendable {
    /// `[side, side]`, `[taps, taps]`.
    public var picture, kernel: Tensor<Double>
    /// On as many points as the picture has; and on enough.
    public var circular, linear: Tensor<Double>
    /// Their distance where nothing can wrap, and where it does.
    public var insideDifference, borderDifference: Double
    /// How many rows (and columns) are spoiled.
    public var spoiled: Int
    /// The distance from ``Boundary/circular`` and from zero padding by the direct method.
    public var circularError, linearError: Double
    /// A wave that is kept at every second pixel.
    public var step: Int
    public var sampled: [Sampled]
    /// Rings of growing frequency; every fourth pixel; the mean of four by four pixels.
    public var rings, picked, averaged: Tensor<Double>
  }

  // MARK: Computing

  public static func measure(_ material: LessonMaterial, _ progress: LessonProgress) throws -> Findings {
    let (picture, kernel) = (material.grey(side: 160), TheoremLesson.comet(33))
    let (side, taps) = (160, 33)
    let circular = bySpectra(picture, kernel, size: side)
    let linear = bySpectra(picture, kernel, size: side + taps - 1)
    let cropped = Tensor<Double>([side, side], (0..<side * side).map { linear[$0 / side, $0 % side] })
    let difference = (circular - cropped).elements.map { abs($0) }
    let isInside = { (i: Int) in i / side >= taps - 1 && i % side >= taps - 1 }
    // The same by definition: the window starts outside of the picture, where there is the picture again, or nothing.
    func direct(_ boundary: Boundary) throws -> Tensor<Double> {
      let geometry = ConvolutionGeometry(
        padding: .explicit(top: taps - 1, bottom: 0, left: taps - 1, right: 0),
        boundary: boundary,
        operation: .convolution)
      return try SpatialConvolution<Double>()(
        picture.reshaped(to: [1, 1, side, side]), kernel.reshaped(to: [1, 1, taps, taps]), geometry
      ).reshaped(to: [side, side])
    }
    let rings: Tensor<Double> = Scene.zonePlate(side: 224).reshaped(to: [224, 224]).converted()
    let averaged = RasterImage(pixels: rings.converted().reshaped(to: [1, 224, 224])).resized(height: 56, width: 56)
      .pixels
    return Findings(
      picture: picture, kernel: kernel, circular: circular, linear: linear,
      insideDifference: difference.indices.filter(isInside).map { difference[$0] }.max()!,
      borderDifference: difference.indices.filter { !isInside($0) }.map { difference[$0] }.max()!, spoiled: taps - 1,
      circularError: (circular - (try direct(.circular))).maximumMagnitude,
      linearError: (cropped - (try direct(.zero))).maximumMagnitude, step: 2,
      sampled: [0.05, 0.15, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5].map { sampled($0, step: 2) }, rings: rings,
      picked: Tensor([56, 56], (0..<56 * 56).map { rings[4 * ($0 / 56), 4 * ($0 % 56)] }),
      averaged: averaged.reshaped(to: [56, 56]).converted())
  }

  /// Transform, multiply, invert, on `size` x `size` points.
  private static func bySpectra(_ picture: Tensor<Double>, _ kernel: Tensor<Double>, size: Int) -> Tensor<Double> {
    let transform = RealTransform2D<Double>(height: size, width: size)
    func padded(_ x: Tensor<Double>) -> Tensor<Double> {
      var y = Tensor<Double>.zeros([size, size])
      y.withUnsafeMutableElements { y in
        for (i, value) in x.elements.enumerated() { y[i / x.shape[1] * size + i % x.shape[1]] = value }
      }
      return y
    }
    return transform.inverse(transform.forward(padded(picture)) * transform.forward(padded(kernel)))
  }

  /// A wave of 400 pixels, every `step`-th of them, and where its spectrum is largest.
  private static func sampled(_ frequency: Double, step: Int) -> Sampled {
    let count = 400 / step
    let samples = (0..<count).map { cos(2 * .pi * frequency * Double($0 * step)) }
    let spectrum = RealTransform2D<Double>(height: 1, width: count).forward(Tensor([1, count], samples))
    let largest = (0...count / 2).max { spectrum[0, $0].magnitude < spectrum[0, $1].magnitude }!
    let turns = frequency * Double(step)
    return Sampled(
      frequency: frequency, formula: abs(turns - turns.rounded()), measured: Double(largest) / Double(count))
  }

  // MARK: Telling

  public static func text(_ findings: Findings) -> LessonText {
    LessonText(
      idea: """
        The discrete transform takes the picture for one tile of a pattern without end. What hangs over on one side comes \
        in on the other, unless there is room for it.
        """,
      body: wrapping(findings) + aliasing(findings),
      numbers: [
        .init(
          "circular against linear, first \(findings.spoiled) rows and columns",
          "differ by up to \(decimals(findings.borderDifference, 3))"),
        .init("circular against linear, everywhere else", "differ by at most \(scientific(findings.insideDifference))"),
        .init("circular by spectra against a direct method that wraps", scientific(findings.circularError)),
        .init("padded, by spectra against a direct method with zeros", scientific(findings.linearError)),
        .init(
          "a wave of 0.4 cycles per pixel, every second pixel, seems to have",
          "\(decimals(findings.sampled.first { $0.frequency == 0.4 }!.measured, 2)) cycles per sample"),
      ],
      notice: [
        """
        Only the first \(findings.spoiled) rows and columns are wrong, one less than the kernel has. Everything else is \
        the linear convolution, to the last digits. Overlap-save lives on that: it computes with small circles and keeps \
        what did not wrap.
        """,
        """
        Seen from the samples, 0.4 and 0.1 cycles per pixel are the same wave. Nothing that is done afterwards can tell \
        them apart: the fine rings must go *before* pixels are dropped.
        """,
      ],
      exercises: [
        .init(
          "A signal of 1000 samples is filtered with 65 taps by transforms of 1024 points. Is that enough?",
          answer: """
            No: the result has 1000 + 65 − 1 = 1064 samples, so 40 of them wrap around and spoil the first 40. With 1080 \
            points, a product of small primes, nothing wraps.
            """),
        .init(
          "The rings in the reduced picture are not in the large one. Where do the brightest false ones lie?",
          answer: """
            Where the true frequency is near a multiple of the sampling frequency: with every fourth pixel kept, at 0.25 \
            cycles per pixel, which is in the middle of the sides and in the corners. There the samples hit the wave at the \
            same phase every time, and it looks like none.
            """),
      ])
  }

  private static func wrapping(_ findings: Findings) -> [Block] {
    let (side, size) = (findings.picture.shape[0], findings.linear.shape[0])
    func picture(_ values: Tensor<Double>, _ alt: String, _ caption: String) -> Picture {
      Picture(Plane.grey(values, 0...1), alt: alt, caption: caption)
    }
    let cropped = Tensor<Double>([side, side], (0..<side * side).map { findings.linear[$0 / side, $0 % side] })
    return [
      .text(
        """
        A wave that fits into \(math: "N") points a whole number of times goes on beyond them as if nothing had happened: \
        point \(math: "N") is point 0 again. A product of such spectra is the convolution on a circle:
        """),
      .formula(
        .sub("y", "n") + "=" + .sum(over: "k = 0", to: "N - 1") + .sub("x", "(n - k) mod N") + .sub("w", "k")
          + .words("instead of") + .sub("y", "n") + "=" + .sum(over: "k") + .sub("x", "n - k") + .sub("w", "k")),
      .pictures(
        [
          picture(
            findings.circular, "Smeared picture; at the left and upper edge the other side shows through.",
            "circular, \(side) points"),
          picture(cropped, "Smeared picture with a dark edge on the left and on top.", "linear, same part"),
          Picture(
            Plane.grey((findings.circular - cropped).map { abs($0) }),
            alt: "The difference: black but for a frame on the left and on top.", caption: "their distance"),
        ],
        caption:
          "A comet of \(findings.kernel.shape[0]) x \(findings.kernel.shape[1]) weights, with its head in the corner."),
      .text(
        """
        The cure is room: \(side) + \(findings.kernel.shape[0]) − 1 = \(size) points, filled up with zeros. What hangs \
        over falls into the margin.
        """),
      .pictures(
        [picture(findings.linear, "The whole linear convolution with its margin.", "linear, \(size) points")],
        caption: "Nothing has wrapped around."),
    ]
  }

  private static func aliasing(_ findings: Findings) -> [Block] {
    [
      .heading("The same in frequency: aliasing"),
      .text(
        """
        Sampling is the mirror image of this. Keep every second pixel, and frequencies wrap around: a wave of \(math: "f") \
        cycles per pixel makes \(math: "2 f") turns from sample to sample, and of turns only the fraction shows. Beyond \
        half a turn, Nyquist's limit, it seems to run backwards.
        """),
      .chart(
        Chart(
          "What a wave seems to be when every second pixel is kept",
          horizontal: ChartAxis("true frequency, cycles per pixel", .linear),
          vertical: ChartAxis("apparent, cycles per sample", .linear),
          series: [
            .init("by the formula", findings.sampled.map { .init($0.frequency, $0.formula) }, style: .smooth),
            .init("largest in the spectrum", findings.sampled.map { .init($0.frequency, $0.measured) }, style: .dots),
          ]),
        alt: "The apparent frequency rises to 0.5 at 0.25 cycles per pixel and falls back to 0 at 0.5.",
        caption: "200 samples of a cosine each. The fold at 0.25 is the Nyquist limit of every second pixel."),
      .pictures(
        [
          Picture(
            Plane.grey(findings.rings, 0...1), alt: "A zone plate: rings that get finer outwards.",
            caption: "rings, 224 x 224"),
          Picture(
            Plane.grey(findings.picked, 0...1), alt: "Every fourth pixel: false rings around several centres.",
            caption: "every fourth pixel", scale: 4),
          Picture(
            Plane.grey(findings.averaged, 0...1), alt: "Means of 4 by 4 pixels: fine rings fade into grey.",
            caption: "means of 4 x 4 pixels", scale: 4),
        ],
        caption:
          "Every fourth pixel invents rings. The mean is a low-pass filter: it takes most of the fine rings away first."
      ),
    ]
  }
}
