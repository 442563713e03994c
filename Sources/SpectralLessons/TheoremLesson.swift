import SpectralFigures
import Foundation
import SpectralKit

/// Idea 4: the Laplace transform turns convolution into a product; on the imaginary axis it is the Fourier transform.
public enum TheoremLesson: Lesson {
  public static let word = "theorem"
  public static let title = "A convolution in space is a product of transforms"

  public static let listing = #"""
    import Foundation
    import SpectralKit

    // Two causal signals, and their convolution by the definition: 255 samples.
    let f = (0..<128).map { pow(0.97, Double($0)) * cos(0.4 * Double($0)) }
    let g = (0..<128).map { pow(0.9, Double($0)) }
    let full = ConvolutionGeometry(padding: .full, operation: .convolution)
    let h = try SpatialConvolution<Double>()(Tensor([1, 1, 1, 128], f), Tensor([1, 1, 1, 128], g), full).elements

    // The Laplace transform along the line sigma + i omega: a Fourier transform of the damped signal.
    let fourier = RealTransform2D<Double>(height: 1, width: 512)
    func laplace(_ x: [Double], _ sigma: Double) -> Spectrum<Double> {
      let damped = x.enumerated().map { $1 * exp(-sigma * Double($0)) }
      return fourier.forward(Tensor([1, 512], damped + [Double](repeating: 0, count: 512 - x.count)))
    }
    for sigma in [0.2, 0.05, 0] {
      let (whole, product) = (laplace(h, sigma), laplace(f, sigma) * laplace(g, sigma))
      let error = (whole.values - product.values).maximumMagnitude / product.values.maximumMagnitude
      precondition(error < 1e-14)
      print("sigma \(sigma): error \(error)")
    }
    """#

  /// One real part of s.
  public struct Line: Sendable {
    /// Damping per sample.
    public let sigma: Double
    /// |L{f*g}(σ + iω)| from ω = 0 to π.
    public let ofConvolution: [Double]
    /// |L{f}(σ + iω) L{g}(σ + iω)|.
    public let ofProduct: [Double]
    /// The largest distance of the two, as complex numbers, divided by the largest magnitude.
    public let error: Double
  }

  public struct Findings: Sendable {
    /// The causal signals, and their convolution.
    public var f: [Double]
    public var g: [Double]
    public var convolution: [Double]
    /// From strong damping to none.
    public var lines: [Line]
    /// The picture, `[H, W]`, and the kernel, `[kH, kW]`.
    public var image: Tensor<Double>
    public var kernel: Tensor<Double>
    /// The linear convolution by definition, and by way of the product.
    public var direct: Tensor<Double>
    public var bySpectra: Tensor<Double>
    /// The spectra of image and kernel, padded, and of the convolution.
    public var spectra: (image: Spectrum<Double>, kernel: Spectrum<Double>, convolution: Spectrum<Double>)
    /// The distance of F{f*g} from F{f} F{g}: the largest, divided by the largest magnitude.
    public var spectrumError: Double
    /// The largest distance of the two convolutions.
    public var imageError: Double
  }

  // MARK: Computing

  public static func measure(_ material: LessonMaterial, _ progress: LessonProgress) throws -> Findings {
    let count = 128
    // A bell that was struck, and a room that fades.
    let f = (0..<count).map { pow(0.97, Double($0)) * cos(0.4 * Double($0)) }
    let g = (0..<count).map { pow(0.9, Double($0)) }
    let h = try convolved(f, g)
    let lines = try [0.2, 0.1, 0.05, 0.02, 0.01, 0].map { sigma in
      try progress.check()
      return line(f, g, h, sigma: sigma)
    }
    let image = material.grey(side: 208)
    return try picture(
      image, kernel: comet(17), f: f, g: g, h: h, lines: lines)
  }

  /// The linear convolution of two signals by the definition.
  private static func convolved(_ f: [Double], _ g: [Double]) throws -> [Double] {
    let geometry = ConvolutionGeometry(padding: .full, operation: .convolution)
    return try SpatialConvolution<Double>()(
      Tensor([1, 1, 1, f.count], f), Tensor([1, 1, 1, g.count], g), geometry
    ).elements
  }

  /// The Laplace transform Σ x[n] exp(-(σ + iω) n) at the frequencies ω = 2π k / points: the Fourier transform of the
  /// damped signal.
  package static func laplace(_ x: [Double], sigma: Double, points: Int) -> [ComplexNumber<Double>] {
    var damped = [Double](repeating: 0, count: points)
    for (n, value) in x.enumerated() { damped[n] = value * exp(-sigma * Double(n)) }
    let spectrum = RealTransform2D<Double>(height: 1, width: points).forward(Tensor([1, points], damped))
    return (0...points / 2).map { spectrum[0, $0] }
  }

  private static func line(_ f: [Double], _ g: [Double], _ h: [Double], sigma: Double) -> Line {
    let points = 512
    let whole = laplace(h, sigma: sigma, points: points)
    let product = zip(laplace(f, sigma: sigma, points: points), laplace(g, sigma: sigma, points: points)).map {
      $0 * $1
    }
    let largest = product.map(\.magnitude).max()!
    return Line(
      sigma: sigma, ofConvolution: whole.map(\.magnitude), ofProduct: product.map(\.magnitude),
      error: zip(whole, product).map { ($0 - $1).magnitude }.max()! / largest)
  }

  /// A bright head with a tail to the lower right that fades: a kernel without any symmetry, of sum 1.
  static func comet(_ side: Int) -> Tensor<Double> {
    let values = (0..<side * side).map { i -> Double in
      let (y, x) = (Double(i / side), Double(i % side))
      let (along, across) = ((x + y) / 2, (x - y) / 2)
      return exp(-along / 5) * exp(-across * across / (0.5 + 0.25 * along))
    }
    let sum = values.reduce(0, +)
    return Tensor([side, side], values.map { $0 / sum })
  }

  private static func picture(
    _ image: Tensor<Double>, kernel: Tensor<Double>, f: [Double], g: [Double], h: [Double], lines: [Line]
  ) throws -> Findings {
    let (side, taps) = (image.shape[0], kernel.shape[0])
    let size = side + taps - 1
    let geometry = ConvolutionGeometry(padding: .full, operation: .convolution)
    let direct = try SpatialConvolution<Double>()(
      image.reshaped(to: [1, 1, side, side]), kernel.reshaped(to: [1, 1, taps, taps]), geometry
    ).reshaped(to: [size, size])
    // Transform, multiply, invert; padding leaves room for what hangs over.
    let transform = RealTransform2D<Double>(height: size, width: size)
    let (imageSpectrum, kernelSpectrum) = (
      transform.forward(padded(image, to: size)), transform.forward(padded(kernel, to: size))
    )
    let product = imageSpectrum * kernelSpectrum
    let bySpectra = transform.inverse(product)
    let whole = transform.forward(direct)
    return Findings(
      f: f, g: g, convolution: h, lines: lines, image: image, kernel: kernel, direct: direct, bySpectra: bySpectra,
      spectra: (imageSpectrum, kernelSpectrum, whole),
      spectrumError: (whole.values - product.values).maximumMagnitude
        / max(product.values.maximumMagnitude, .leastNormalMagnitude),
      imageError: (direct - bySpectra).maximumMagnitude)
  }

  // MARK: Telling

  public static func text(_ findings: Findings) -> LessonText {
    let worst = findings.lines.map(\.error).max()!
    return LessonText(
      idea: """
        Sliding, multiplying and adding in space is *one multiplication for each frequency* on the other side of the \
        transform.
        """,
      body: signals(findings) + plane(findings) + pictures(findings),
      numbers: [
        .init("largest relative error of L{f∗g} against L{f} L{g}, all σ", scientific(worst)),
        .init("the same on the imaginary axis, σ = 0", scientific(findings.lines.last!.error)),
        .init("F{f∗g} against F{f} F{g}, picture", scientific(findings.spectrumError)),
        .init("picture by definition against picture by spectra", scientific(findings.imageError)),
        .init("one rounding of Double", scientific(Double.unitRoundoff)),
      ],
      notice: [
        """
        The marks lie on the curves at *every* damping. The theorem is an identity, not an approximation; what is left \
        is a few roundings of the sixteenth digit.
        """,
        """
        With strong damping the curves are flat: only the first samples count. As \(math: "σ") goes to 0 the bell's \
        tone stands out, at 0.4 / 2π = 0.064 cycles per sample, and on the imaginary axis you read a Fourier spectrum.
        """,
        """
        The comet smears along its tail, and along that diagonal its spectrum is dark: waves that run along the tail are \
        lost, waves that run across it stay. So a kernel's spectrum tells which details of a picture will be lost.
        """,
      ],
      exercises: [
        .init(
          """
          Both signals have 128 samples, and their convolution has 255. Why were they padded with zeros before the \
          transform, and what would 128 points have given?
          """,
          answer: """
            The discrete transform takes its points for one period of something that repeats. With 128 points samples \
            128 to 254 would have been added to samples 0 to 126: the *circular* convolution, which is the subject of \
            lesson \(Lessons.named("circular").map { "\($0.number)" } ?? "8").
            """),
        .init(
          "What happens to the product if \(math: "g") is an impulse, 1 at sample 0 and 0 elsewhere? And at sample 5?",
          answer: """
            The transform of an impulse at 0 is 1 everywhere, so nothing changes. At sample 5 it is \
            \(math: .power("e", "-5s")): on the imaginary axis of magnitude 1, so no wave gets weaker; each is turned \
            by \(math: "5ω"), and that is a delay of five samples.
            """),
      ])
  }

  private static func signals(_ findings: Findings) -> [Block] {
    func series(_ name: String, _ values: [Double]) -> Chart.Series {
      .init(name, values.prefix(128).enumerated().map { .init(Double($0.offset), $0.element) }, style: .smooth)
    }
    return [
      .text(
        """
        Strike a bell in a room. What you hear at time \(math: "t") is the bell now, and the bell a moment ago as the \
        room still carries it, and so on back to the beginning: each past moment, weighted by how much of it is left. \
        That is a convolution. Both signals are *causal*: nothing before time 0.
        """),
      .formula("(f * g)(t) =" + .integral(from: "0", to: "t") + "f(τ) g(t - τ) dτ"),
      .chart(
        Chart(
          "A bell f, a room g, and what is heard: f ∗ g", horizontal: ChartAxis("sample", .linear),
          vertical: ChartAxis("amplitude", .linear),
          series: [series("f", findings.f), series("g", findings.g), series("f ∗ g", findings.convolution)]),
        alt: "Three curves over 128 samples: an oscillation that decays, a plain decay, and their convolution.",
        caption: "Computed by the definition, sample by sample."),
      .text(
        """
        The Laplace transform asks of a signal how much of each *damped wave* \(math: .power("e", "-s t")) is in it, \
        for every complex \(math: "s = σ + i ω"). For samples the integral is a sum, and with the damping written apart \
        one sees that it is a Fourier transform of the damped signal:
        """),
      .formula(
        "ℒ{f}(s) =" + .sum(over: "n = 0", to: "∞") + "f(n)" + .power("e", "-s n") + "=" + .sum(over: "n")
          + "[f(n)" + .power("e", "-σ n") + "]" + .power("e", "-i ω n")),
      .text("Put the convolution in, split the exponent, and the double sum falls apart into two:"),
      .formula(
        "ℒ{f * g}(s) =" + .sum(over: "n") + .sum(over: "m") + "f(m) g(n - m)" + .power("e", "-s m")
          + .power("e", "-s (n - m)") + "= ℒ{f}(s) · ℒ{g}(s)"),
    ]
  }

  private static func plane(_ findings: Findings) -> [Block] {
    let shown = findings.lines.filter { [0.1, 0].contains($0.sigma) }
    func points(_ values: [Double], every step: Int) -> [Chart.Point] {
      stride(from: 0, to: values.count, by: step).map {
        .init(Double($0) / Double(values.count - 1) * 0.5, values[$0])
      }
    }
    let curves = shown.flatMap { line -> [Chart.Series] in
      let sigma = line.sigma == 0 ? "0" : "\(line.sigma)"
      return [
        .init("ℒ{f∗g}, σ = \(sigma)", points(line.ofConvolution, every: 1), style: .smooth),
        .init("ℒ{f}·ℒ{g}, σ = \(sigma)", points(line.ofProduct, every: 8), style: .dots),
      ]
    }
    return [
      .chart(
        Chart(
          "Both sides of the theorem along two lines of the s-plane",
          horizontal: ChartAxis("frequency ω / 2π, cycles per sample", .linear), vertical: ChartAxis("magnitude"),
          series: curves),
        alt: "For two dampings, marks of the product lie on the curve of the convolution's transform.",
        caption: "Lines: the transform of the convolution. Marks: the product of the transforms."),
      .table(
        Table(
          ["σ, per sample", "largest |difference| / largest |product|"],
          findings.lines.map { [$0.sigma == 0 ? "0 (Fourier)" : "\($0.sigma)", scientific($0.error)] }),
        caption: "257 frequencies on each line, in Double; one rounding is \(scientific(Double.unitRoundoff))."),
    ]
  }

  private static func pictures(_ findings: Findings) -> [Block] {
    [
      .heading("In two dimensions"),
      .text(
        """
        A picture has two directions, so its waves have two frequencies, \(math: "u") down and \(math: "v") across. The \
        rest is the same. Here the picture is convolved with a comet of \(findings.kernel.shape[0]) x \
        \(findings.kernel.shape[1]) weights: once by the definition, and once by *transform, multiply, invert*.
        """),
      .formula(
        .hat("y") + "(u, v) =" + .hat("x") + "(u, v) ·" + .hat("w") + "(u, v)"),
      .pictures(
        [
          Picture(Plane.grey(findings.image, 0...1), alt: "The picture, in grey.", caption: "picture"),
          Picture(
            Plane.grey(findings.kernel, 0...(findings.kernel.elements.max() ?? 1)),
            alt: "The kernel: a bright head in the upper left with a tail to the lower right.", caption: "kernel",
            scale: 6),
          Picture(
            Plane.grey(findings.bySpectra, 0...1), alt: "The picture, smeared towards the lower right.",
            caption: "picture ∗ kernel"),
        ], caption: "In space."),
      .pictures(
        [
          Picture(Plane.spectrum(findings.spectra.image), alt: "Centred spectrum of the picture.", caption: "picture"),
          Picture(
            Plane.spectrum(findings.spectra.kernel),
            alt: "Centred spectrum of the kernel: bright in the middle and along one diagonal.", caption: "kernel"),
          Picture(
            Plane.spectrum(findings.spectra.convolution),
            alt: "Centred spectrum of the convolution: that of the picture, dark where that of the kernel is.",
            caption: "picture ∗ kernel: their product"),
        ],
        caption: """
          The same three as spectra: logarithm of the magnitude, the frequency 0 in the middle, half a cycle per pixel \
          at the edges. The third is the product of the first two, number by number.
          """),
    ]
  }

  private static func padded(_ values: Tensor<Double>, to size: Int) -> Tensor<Double> {
    let width = values.shape[1]
    var padded = Tensor<Double>.zeros([size, size])
    padded.withUnsafeMutableElements { target in
      for (i, value) in values.elements.enumerated() { target[i / width * size + i % width] = value }
    }
    return padded
  }
}
