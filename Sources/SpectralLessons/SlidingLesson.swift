import Foundation
import SpectralKit

/// Idea 7: sliding the window. Multiply the overlap, add, move.
public enum SlidingLesson: Lesson {
  public static let word = "sliding"
  public static let title = "Sliding the window"

  public static let listing = #"""
    import SpectralKit

    // Four filters of 5 x 5 x 3 weights over a picture of 32 x 32 x 3 pixels.
    var random = RandomGenerator(seed: 1)
    let picture = Tensor<Float>.uniform([1, 3, 32, 32], in: 0..<1, using: &random)
    let filters = Tensor<Float>.normal([4, 3, 5, 5], deviation: 0.2, using: &random)
    let maps = try SpatialConvolution<Float>()(picture, filters)
    print(maps.shape)  // 1 x 4 x 28 x 28

    // The upper left number of the first map, by hand: 75 products, added.
    var sum: Float = 0
    for k in 0..<3 { for i in 0..<5 { for j in 0..<5 { sum += picture[0, k, i, j] * filters[0, k, i, j] } } }
    precondition(abs(sum - maps[0, 0, 0, 0]) < 1e-5)

    // The same numbers by spectra, and what ReLU leaves of them.
    let bySpectra = try FourierConvolution<Float>()(picture, filters)
    precondition((maps - bySpectra).maximumMagnitude < 1e-5)
    print(ReLU<Float>()(maps).elements.filter { $0 > 0 }.count, "of", maps.count, "numbers are above zero")
    """#

  /// One geometry along an axis, and the sizes that were computed.
  public struct Size: Sendable {
    public let input, kernel, stride, padding, dilation: Int
    /// By the formula.
    public let formula: Int
    /// Of the array that came out.
    public let computed: Int
    /// Whether it is max pooling.
    public let isPooling: Bool
  }

  public struct Findings: Sendable {
    /// The small integer image, kernel and result of the animation.
    public var small: (image: Tensor<Double>, kernel: Tensor<Double>, result: Tensor<Double>)
    /// The largest distance of the two methods on the integers, after rounding the Fourier method's.
    public var integerError: Double
    /// The picture `[1, 3, 32, 32]`, the filters `[4, 3, 5, 5]`, their maps `[1, 4, 28, 28]`, and the maps after ReLU.
    public var picture: Tensor<Float>
    public var filters: Tensor<Float>
    public var maps: Tensor<Float>
    public var rectified: Tensor<Float>
    /// The largest distance of the two methods on the picture, and the promise it is held to.
    public var difference: Double
    public var promise: Double
    /// Sizes by formula and as computed.
    public var sizes: [Size]
  }

  static let filterNames = ["bright on the left", "bright on top", "spot", "red less green"]

  // MARK: Computing

  public static func measure(_ material: LessonMaterial, _ progress: LessonProgress) throws -> Findings {
    let (direct, fourier) = (SpatialConvolution<Double>(), FourierConvolution<Double>())
    let image = Tensor<Double>([7, 7], (0..<49).map { (i: Int) -> Double in Double((i * i + i / 7 + 2) % 10) })
    let kernel = Tensor<Double>([3, 3], [1, 0, -1, 2, 0, -2, 1, 0, -1])
    let (x, w) = (image.reshaped(to: [1, 1, 7, 7]), kernel.reshaped(to: [1, 1, 3, 3]))
    let result = try direct(x, w)
    let rounded = try fourier(x, w).map { (value: Double) -> Double in value.rounded() }

    let picture = material.color(side: 32).reshaped(to: [1, 3, 32, 32])
    let filters = filters()
    let maps = try SpatialConvolution<Float>()(picture, filters)
    let bySpectra = try FourierConvolution<Float>()(picture, filters)
    let points = Double(32 * 32)
    return Findings(
      small: (image, kernel, result.reshaped(to: [5, 5])), integerError: (rounded - result).maximumMagnitude,
      picture: picture, filters: filters, maps: maps, rectified: ReLU<Float>()(maps),
      difference: (maps - bySpectra).maximumMagnitude,
      // Each method keeps within it, so together they are at most twice as far apart.
      promise: 4 * Float.unitRoundoff * log2(points).squareRoot() * picture.norm
        * (0..<4).map { filters.rows($0..<$0 + 1).norm }.max()!,
      sizes: try sizes())
  }

  /// Two edges, a spot and a colour, `[4, 3, 5, 5]`; each sums to 0, so that an even place gives 0.
  private static func filters() -> Tensor<Float> {
    let shapes: [(Double, Double, Int) -> Double] = [
      { x, y, _ in -x * exp(-(x * x + y * y) / 3) }, { x, y, _ in -y * exp(-(x * x + y * y) / 3) },
      { x, y, _ in 2 - (x * x + y * y).squareRoot() }, { x, y, c in [1, -1, 0][c] * exp(-(x * x + y * y) / 3) },
    ]
    let weights = shapes.flatMap { shape -> [Float] in
      let values = (0..<75).map { shape(Double($0 % 5) - 2, Double($0 / 5 % 5) - 2, $0 / 25) }
      let mean = values.reduce(0, +) / 75
      return values.map { Float(($0 - mean) / 12) }
    }
    return Tensor([4, 3, 5, 5], weights)
  }

  private static func sizes() throws -> [Size] {
    let cases = [
      (32, 5, 1, 0, 1), (32, 5, 1, 2, 1), (32, 5, 2, 0, 1), (32, 5, 2, 2, 1), (32, 3, 1, 0, 2), (32, 3, 3, 1, 4),
      (28, 28, 1, 0, 1),
    ]
    let convolutions = try cases.map { input, kernel, stride, padding, dilation in
      let geometry = ConvolutionGeometry(
        stride: AxisValues(stride), dilation: AxisValues(dilation), padding: .pixels(padding))
      let output = try SpatialConvolution<Float>()(
        .zeros([1, 1, input, input]), .zeros([1, 1, kernel, kernel]), geometry)
      return Size(
        input: input, kernel: kernel, stride: stride, padding: padding, dilation: dilation,
        formula: outputs(input, kernel, stride, padding, dilation), computed: output.shape[3], isPooling: false)
    }
    let pooled = MaxPooling2D<Float>(kernel: 2)(.zeros([1, 1, 28, 28]))
    return convolutions + [
      Size(
        input: 28, kernel: 2, stride: 2, padding: 0, dilation: 1, formula: outputs(28, 2, 2, 0, 1),
        computed: pooled.shape[3], isPooling: true)
    ]
  }

  /// How many places a window has along an axis.
  static func outputs(_ input: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ dilation: Int) -> Int {
    (input + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1
  }

  // MARK: Telling

  public static func text(_ findings: Findings) -> LessonText {
    let positive = findings.rectified.elements.filter { $0 > 0 }.count
    return LessonText(
      idea: "Multiply what the window covers by the weights, add everything up, write it down, move by a pixel.",
      body: window(findings) + color(findings) + sizes(findings),
      numbers: [
        .init("maps of four 5 x 5 x 3 filters over 32 x 32 x 3", "\(findings.maps.shape)"),
        .init("both methods on whole numbers, after rounding", findings.integerError == 0 ? "equal" : "different"),
        .init("both methods on the picture, largest difference", scientific(findings.difference)),
        .init("what is promised of it", scientific(findings.promise)),
        .init(
          "numbers of the maps that ReLU keeps", "\(percent(Double(positive) / Double(findings.maps.count)))"),
      ],
      notice: [
        """
        All 25 results come from the *same nine weights*. A dense layer would have 49 weights for each of its outputs, \
        and would have to learn the edge anew at every place.
        """,
        """
        A filter reaches through all channels: it is as deep as the picture, and its result is one flat map. Several \
        filters give several maps, which are the channels of the next layer.
        """,
        """
        The Fourier method slides nothing. It gives the same numbers, to the last digit when these are whole and to a \
        few roundings otherwise.
        """,
      ],
      exercises: [
        .init(
          "A window of 11 x 11 moves by 4 over 227 x 227 pixels without padding. How many places has it?",
          answer: """
            \(math: "(227 - 11) / 4 + 1 = \(outputs(227, 11, 4, 0, 1))") along each axis: the first layer of AlexNet.
            """),
        .init(
          "Which padding keeps the size for a 7 x 7 window at stride 1? And for an even window, 4 x 4?",
          answer: """
            \(math: "p = (k - 1) / 2 = 3"). For an even window no equal padding on both sides does it: one side needs \
            a pixel more. `Padding.same` puts it at the end.
            """),
      ])
  }

  private static func window(_ findings: Findings) -> [Block] {
    let (image, kernel, result) = findings.small
    let stills = (0..<25).map { place -> Still in
      let (row, column) = (place / 5, place % 5)
      let taps = (0..<9).map { [row + $0 / 3, column + $0 % 3] }
      let terms = zip(taps, kernel.elements).filter { $1 != 0 }.map { tap, weight in
        "\(weight < 0 ? "− " : "+ ")\(abs(Int(weight)))·\(Int(image[tap[0], tap[1]]))"
      }.joined(separator: " ").dropFirst(2)
      let seen = Tensor<Double>(
        [5, 5], result.elements.enumerated().map { $0.offset <= place ? $0.element : .nan })
      return Still(
        "row \(row), column \(column): \(terms) = \(Int(result[row, column]))".replacingOccurrences(of: "-", with: "−"),
        matrices: [
          Matrix("image", image, marked: Set(taps)), Matrix("weights", kernel),
          Matrix("result", seen, marked: [[row, column]]),
        ])
    }
    return [
      .text(
        """
        A window of 3 x 3 weights over an image of 7 x 7 pixels. These weights look for places that are brighter on the \
        left than on the right.
        """),
      .formula(
        "y(i, j) =" + .sum(over: "a = 0", to: "2") + .sum(over: "b = 0", to: "2") + "x(i + a, j + b) w(a, b)"),
      .animation(stills, caption: "The window's 25 places. Framed: what it covers, and the number that comes of it."),
    ]
  }

  private static func color(_ findings: Findings) -> [Block] {
    let picture = RasterImage(pixels: findings.picture.reshaped(to: [3, 32, 32]))
    func plane(_ maps: Tensor<Float>, _ o: Int) -> Tensor<Double> {
      maps.reshaped(to: [4, 28, 28]).rows(o..<o + 1).reshaped(to: [28, 28]).converted()
    }
    let limit = findings.maps.maximumMagnitude
    return [
      .heading("With colours, and with several filters"),
      .text(
        """
        A colour picture of 32 x 32 pixels has three planes, so the window is a block of 5 x 5 x 3 = 75 weights. It has \
        28 places along each axis, and at each place 75 products give *one* number: a map of 28 x 28 x 1. Four filters \
        give four maps, 28 x 28 x 4. Then comes *ReLU*, which keeps what is above zero and writes 0 for the rest: "the \
        pattern is here", or nothing.
        """),
      .pictures(
        [Picture(picture, alt: "The picture at 32 by 32 pixels, in colour.", caption: "32 x 32 x 3", scale: 4)]
          + (0..<4).map {
            Picture(
              Plane.signed(plane(findings.maps, $0), limit: limit),
              alt: "Feature map of the filter: \(filterNames[$0]).", caption: "\(filterNames[$0])", scale: 4)
          },
        caption: "The maps: grey is 0, lighter and red is positive, darker and blue negative."),
      .pictures(
        (0..<4).map {
          Picture(
            Plane.grey(plane(findings.rectified, $0), 0...max(limit, .leastNormalMagnitude)),
            alt: "What ReLU leaves of the map: \(filterNames[$0]).", caption: filterNames[$0], scale: 4)
        }, caption: "The same after ReLU: black is 0."),
    ]
  }

  private static func sizes(_ findings: Findings) -> [Block] {
    [
      .heading("How many places a window has"),
      .text(
        """
        With \(math: "n") pixels along an axis, \(math: "k") weights, padding \(math: "p") on either side, stride \
        \(math: "s") from place to place and dilation \(math: "d") from weight to weight:
        """),
      .formula("m =" + .floor(.fraction("n + 2 p - d (k - 1) - 1", "s")) + "+ 1"),
      .table(
        Table(
          ["window", "n", "k", "s", "p", "d", "formula", "computed"],
          findings.sizes.map {
            [
              $0.isPooling ? "max pooling" : "convolution", "\($0.input)", "\($0.kernel)", "\($0.stride)",
              "\($0.padding)", "\($0.dilation)", "\($0.formula)", "\($0.computed)",
            ]
          }), caption: "The last column is the size of the array that came out. Pooling slides a window too."),
    ]
  }
}
