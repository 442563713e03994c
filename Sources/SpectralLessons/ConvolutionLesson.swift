import SpectralFigures
import Foundation
import SpectralKit

/// Idea 3: convolution as signal processing defines it, and the correlation that networks call convolution.
public enum ConvolutionLesson: Lesson {
  public static let word = "convolution"
  public static let title = "Convolution, and what networks call convolution"

  public static let listing = #"""
    import SpectralKit

    let x = Tensor<Double>([1, 1, 3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9])
    let w = Tensor<Double>([1, 1, 3, 3], [1, 2, 0, 0, -1, 0, 0, 0, 3])
    let convolution = ConvolutionGeometry(operation: .convolution)

    let correlated = try SpatialConvolution<Double>()(x, w)  // the window as it is
    let convolved = try SpatialConvolution<Double>()(x, w, convolution)  // the window turned by half a turn
    print(correlated.scalar, convolved.scalar)
    precondition(correlated.scalar == 27)  // 1·1 + 2·2 - 1·5 + 3·9
    precondition(convolved.scalar == 23)  // 3·1 - 1·5 + 2·8 + 1·9

    // Turning the kernel makes one of the other.
    let turned = Tensor<Double>([1, 1, 3, 3], w.elements.reversed())
    let again = try SpatialConvolution<Double>()(x, turned)
    precondition(again == convolved)
    """#

  public struct Findings: Sendable {
    /// The 3 x 3 example: image, kernel, both results with full padding.
    public var x, w, convolved, correlated: Tensor<Double>
    /// The distance of the Fourier method's results from these, after rounding: both hold whole numbers.
    public var integerError: Double
    /// The distance of x ∗ w from w ∗ x, and of x ⋆ w from w ⋆ x.
    public var convolutionAsymmetry, correlationAsymmetry: Double
    /// The distance of the convolution from the correlation with the turned kernel.
    public var turnedError: Double
    /// Signals: clicks, an echo, and the two operations on them.
    public var clicks, echo, echoed, correlatedEcho: [Double]
    /// Three stars on 64 x 64 pixels, and both operations on them.
    public var stars, convolvedStars, correlatedStars: Tensor<Double>
    /// The picture, the kernel, and both operations on it, `[H, W]`.
    public var image, comet, convolvedImage, correlatedImage: Tensor<Double>
    /// The largest distance of the two methods on the picture.
    public var methodDifference: Double
  }

  // MARK: Computing

  public static func measure(_ material: LessonMaterial, _ progress: LessonProgress) throws -> Findings {
    let (x, w) = (
      Tensor<Double>([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]), Tensor<Double>([3, 3], [1, 2, 0, 0, -1, 0, 0, 0, 3])
    )
    let turned = Tensor<Double>([3, 3], w.elements.reversed())
    let (convolved, correlated) = (try apply(.convolution, x, w), try apply(.correlation, x, w))
    let rounded = try [ConvolutionOperation.convolution, .correlation].map {
      try apply($0, x, w, by: FourierConvolution()).map { (value: Double) -> Double in value.rounded() }
    }
    let strengths: [Int: Double] = [6: 1, 20: 0.5, 28: 0.8]
    let clicks = (0..<64).map { strengths[$0] ?? 0 }
    let echo = (0..<24).map { pow(0.85, Double($0)) * ($0 % 6 == 0 ? 1 : 0.25) }
    func signal(_ operation: ConvolutionOperation) throws -> [Double] {
      try apply(operation, Tensor([1, 64], clicks), Tensor([1, 24], echo)).elements
    }
    let (image, comet) = (material.grey(side: 192), TheoremLesson.comet(21))
    let places: Set<Int> = [14 * 64 + 46, 32 * 64 + 20, 48 * 64 + 42]
    let stars = Tensor<Double>([64, 64], (0..<64 * 64).map { places.contains($0) ? 1 : 0 })
    let convolvedImage = try apply(.convolution, image, comet, padding: .same)
    return Findings(
      x: x, w: w, convolved: convolved, correlated: correlated,
      integerError: max((rounded[0] - convolved).maximumMagnitude, (rounded[1] - correlated).maximumMagnitude),
      convolutionAsymmetry: (try apply(.convolution, w, x) - convolved).maximumMagnitude,
      correlationAsymmetry: (try apply(.correlation, w, x) - correlated).maximumMagnitude,
      turnedError: (try apply(.correlation, x, turned) - convolved).maximumMagnitude,
      clicks: clicks, echo: echo, echoed: try signal(.convolution), correlatedEcho: try signal(.correlation),
      stars: stars, convolvedStars: try apply(.convolution, stars, comet, padding: .same),
      correlatedStars: try apply(.correlation, stars, comet, padding: .same), image: image, comet: comet,
      convolvedImage: convolvedImage,
      correlatedImage: try apply(.correlation, image, comet, padding: .same),
      methodDifference: (try apply(.convolution, image, comet, padding: .same, by: FourierConvolution())
        - convolvedImage).maximumMagnitude)
  }

  /// Either operation on planes, wherever window and image overlap.
  private static func apply(
    _ operation: ConvolutionOperation, _ x: Tensor<Double>, _ w: Tensor<Double>, padding: Padding = .full,
    by method: any ConvolutionMethod<Double> = SpatialConvolution<Double>()
  ) throws -> Tensor<Double> {
    let geometry = ConvolutionGeometry(padding: padding, boundary: .zero, operation: operation)
    let result = try method(
      x.reshaped(to: [1, 1, x.shape[0], x.shape[1]]), w.reshaped(to: [1, 1, w.shape[0], w.shape[1]]), geometry)
    return result.reshaped(to: [result.shape[2], result.shape[3]])
  }

  // MARK: Telling

  public static func text(_ findings: Findings) -> LessonText {
    LessonText(
      idea: """
        Both slide, multiply and add. *Convolution* turns the kernel by half a turn first; *correlation*, which networks \
        call convolution, does not.
        """,
      body: worked(findings) + signals(findings) + pictures(findings),
      numbers: [
        .init("3 x 3 example, both methods on whole numbers", findings.integerError == 0 ? "equal" : "different"),
        .init("x ∗ w against w ∗ x", findings.convolutionAsymmetry == 0 ? "equal" : "different"),
        .init("correlation, x with w against w with x", "differ by up to \(Int(findings.correlationAsymmetry))"),
        .init(
          "convolution against correlation with the turned kernel", findings.turnedError == 0 ? "equal" : "different"),
        .init("both methods on the picture, largest difference", scientific(findings.methodDifference)),
      ],
      notice: [
        "Convolving, every click *starts* an echo that looks like the kernel. Correlating, the echo runs backwards in time.",
        """
        The comets' tails point to the lower right when convolved, as the kernel is drawn, and to the upper left when \
        correlated.
        """,
        """
        For a symmetric kernel (box, Gaussian, Laplacian) the two are the same. A network learns its kernels, so it does \
        not care: it would simply learn the turned one.
        """,
      ],
      exercises: [
        .init(
          "Convolution does not mind which of the two is called the kernel. Where do the numbers above say so?",
          answer: """
            Substitute \(math: "m = n - k") in the sum: the two change places. The run found `x ∗ w` and `w ∗ x` equal, \
            number by number; the correlations are each other's mirror images.
            """),
        .init(
          "A kernel is 1 in its upper left corner and 0 elsewhere. What do the two operations do to a picture?",
          answer: """
            Both only move it. With the window's middle as origin, convolution moves the picture up and to the left, \
            correlation down and to the right: the impulse is copied to where the 1 is, or to the opposite place.
            """),
      ])
  }

  private static func worked(_ findings: Findings) -> [Block] {
    let turned = Tensor<Double>([3, 3], findings.w.elements.reversed())
    return [
      .text("For sequences, with sums that run over everything:"),
      .formula("(x * w)(n) =" + .sum(over: "k") + "x(n - k) w(k)" + .words("convolution")),
      .formula("(x ⋆ w)(n) =" + .sum(over: "k") + "x(n + k) w(k)" + .words("correlation")),
      .text(
        """
        The sign in the index is the whole difference. In the plane it turns the kernel by half a turn: up becomes down \
        and left becomes right. Take 3 x 3 pixels and 3 x 3 weights without symmetry.
        """),
      .matrices(
        [Matrix("x", findings.x), Matrix("w", findings.w), Matrix("w turned", turned)],
        caption: "The image, the kernel, and the kernel as convolution lays it on the image."),
      .text(
        """
        Where the window covers the image exactly, correlation gives 1·1 + 2·2 − 1·5 + 3·9 = \
        \(Int(findings.correlated[2, 2])), and convolution 3·1 − 1·5 + 2·8 + 1·9 = \(Int(findings.convolved[2, 2])). The \
        other places are those where the window hangs over the edge, and sees zeros.
        """),
      .matrices(
        [
          Matrix("x ∗ w, convolution", findings.convolved, marked: [[2, 2]]),
          Matrix("x ⋆ w, correlation", findings.correlated, marked: [[2, 2]]),
        ], caption: "All places where window and image touch. Framed: the place worked by hand."),
    ]
  }

  private static func signals(_ findings: Findings) -> [Block] {
    func series(_ name: String, _ values: [Double], _ style: Chart.Style, from first: Int = 0) -> Chart.Series {
      .init(name, values.enumerated().map { .init(Double($0.offset + first), $0.element) }, style: style)
    }
    return [
      .heading("In one dimension"),
      .text(
        """
        Three clicks in a room. Convolution answers each with the room's echo, as ears do. Correlation looks for the echo \
        in the signal, and so every click is found as early as its echo is long.
        """),
      .chart(
        Chart(
          "Three clicks and an echo", horizontal: ChartAxis("sample", .linear),
          vertical: ChartAxis("amplitude", .linear),
          series: [
            series("convolved: x ∗ w", findings.echoed, .smooth),
            // With full padding the first output is where the window's end meets the first sample.
            series("correlated: x ⋆ w", findings.correlatedEcho, .smooth, from: 1 - findings.echo.count),
            .init(
              "the clicks x",
              findings.clicks.enumerated().filter { $0.element > 0 }.map { .init(Double($0.offset), $0.element) },
              style: .dots),
          ]),
        alt: "Convolved, an echo follows each of three clicks; correlated, a growing echo comes before each.",
        caption: "The same clicks and the same echo, under either operation."),
    ]
  }

  private static func pictures(_ findings: Findings) -> [Block] {
    [
      .heading("In two dimensions"),
      .text("Stars show what a kernel does to a point, and the picture is nothing but points."),
      .pictures(
        [
          Picture(Plane.grey(findings.stars), alt: "Three bright points.", caption: "stars", scale: 2),
          Picture(
            Plane.grey(findings.comet), alt: "The kernel, a comet whose tail points to the lower right.",
            caption: "kernel", scale: 6),
          Picture(
            Plane.grey(findings.convolvedStars), alt: "At each star a comet whose tail points to the lower right.",
            caption: "convolved", scale: 2),
          Picture(
            Plane.grey(findings.correlatedStars), alt: "At each star a comet whose tail points to the upper left.",
            caption: "correlated", scale: 2),
        ], caption: "A comet of 21 x 21 weights."),
      .pictures(
        [
          Picture(Plane.grey(findings.image, 0...1), alt: "The picture in grey.", caption: "picture"),
          Picture(
            Plane.grey(findings.convolvedImage, 0...1), alt: "The picture smeared to the lower right.",
            caption: "convolved"),
          Picture(
            Plane.grey(findings.correlatedImage, 0...1), alt: "The picture smeared to the upper left.",
            caption: "correlated"),
        ], caption: "The same comet on the picture; the border is dark because beyond it the picture counts as black."),
    ]
  }
}
