import SpectralFigures
import Foundation
import SpectralKit

/// Idea 9: convolution keeps "where".
public enum WhereLesson: Lesson {
  public static let word = "where"
  public static let title = "Convolution keeps where things are"

  public static let listing = #"""
    import SpectralKit

    // One filter of 5 x 5 x 3 weights over pictures of 32 x 32 x 3 pixels.
    var random = RandomGenerator(seed: 1)
    let layer = Convolution2D<Double>(
      inputChannels: 3, outputChannels: 1, kernel: 5, method: SpatialConvolution(), using: &random)
    let picture = Tensor<Double>.uniform([1, 3, 32, 32], in: 0..<1, using: &random)
    let (output, tape) = layer.forward(picture)

    // The gradient of output (0, 0, 0) by every pixel.
    var one = Tensor<Double>.zeros(like: output)
    one[0, 0, 0, 0] = 1
    let gradient = layer.backward(one, tape).input
    for k in 0..<3 {
      for i in 0..<32 {
        for j in 0..<32 { precondition((gradient[0, k, i, j] != 0) == (i < 5 && j < 5)) }
      }
    }
    print(gradient.elements.filter { $0 != 0 }.count, "pixels matter")  // 75
    """#

  /// A layer of the stack, and how far an output behind it sees.
  public struct Reach: Sendable {
    public let layer: String
    /// Pixels along each axis by the formula, and as measured from the gradient.
    public let formula, measured: Int
    /// The magnitude of the gradient by the pixels, `[32, 32]`.
    public let gradient: Tensor<Double>
  }

  public struct Findings: Sendable {
    /// The gradient of output (0, 0, 0) by the pixels, `[3, 32, 32]`, by the direct method.
    public var gradient: Tensor<Double>
    /// Whether it is non-zero exactly where i, j < 5, and how many pixels that is.
    public var isExact: Bool
    public var count: Int
    /// Of the Fourier method's gradient: the largest outside that block, and the largest difference inside of it.
    public var fourierOutside, fourierInside: Double
    /// A stack of layers, from the first on.
    public var stack: [Reach]
    /// Relative distance of "move, then apply" from "apply, then move", by what is applied.
    public var equivariance: [(name: String, error: Double)]
  }

  // MARK: Computing

  public static func measure(_ material: LessonMaterial, _ progress: LessonProgress) throws -> Findings {
    var random = RandomGenerator(seed: 9)
    let picture: Tensor<Double> = material.color(side: 32).reshaped(to: [1, 3, 32, 32]).converted()
    let weight = Tensor<Double>.normal([1, 3, 5, 5], deviation: 0.2, using: &random)
    let gradient = cornerGradient(weight, picture, SpatialConvolution())
    let fourier = cornerGradient(weight, picture, FourierConvolution(rigor: .estimate))
    let inside = (0..<3072).filter { $0 / 32 % 32 < 5 && $0 % 32 < 5 }
    let (exact, approximate) = (gradient.elements, fourier.elements)
    let touched = exact.indices.filter { exact[$0] != 0 }
    return Findings(
      gradient: gradient, isExact: touched == inside, count: touched.count,
      fourierOutside: Set(approximate.indices).subtracting(inside).map { abs(approximate[$0]) }.max()!,
      fourierInside: inside.map { abs(approximate[$0] - exact[$0]) }.max()!,
      stack: stack(), equivariance: try equivariance(picture, &random))
  }

  /// The gradient of output (0, 0, 0) by the pixels, `[3, 32, 32]`.
  private static func cornerGradient(
    _ weight: Tensor<Double>, _ picture: Tensor<Double>, _ method: any ConvolutionMethod<Double>
  ) -> Tensor<Double> {
    let layer = Convolution2D(weight: weight, bias: nil, method: method)
    let (output, tape) = layer.forward(picture)
    var one = Tensor<Double>.zeros(like: output)
    one[0, 0, 0, 0] = 1
    return layer.backward(one, tape).input.reshaped(to: [3, 32, 32])
  }

  /// What the middle output of one layer after the other sees of 32 x 32 pixels: LeNet's convolutions and poolings.
  private static func stack() -> [Reach] {
    let mean = Tensor<Double>([1, 1, 5, 5], repeating: 1.0 / 25)
    let convolution = Convolution2D(weight: mean, bias: nil, method: SpatialConvolution())
    let pooling = AveragePooling2D<Double>(kernel: 2)
    let two = Chain(convolution, pooling)
    let three = Chain(two, convolution)
    let parts: [(String, any Layer<Double>, Int, Int)] = [
      ("convolution 5 x 5", convolution, 5, 1), ("pooling 2 x 2", two, 2, 2), ("convolution 5 x 5", three, 5, 1),
      ("pooling 2 x 2", Chain(three, pooling), 2, 2),
    ]
    var (reach, jump) = (1, 1)
    return parts.map { name, layers, kernel, stride in
      reach += (kernel - 1) * jump
      jump *= stride
      let gradient = middleGradient(layers)
      let rows = (0..<32).filter { row in (0..<32).contains { gradient[row, $0] != 0 } }
      return Reach(layer: name, formula: reach, measured: rows.count, gradient: gradient)
    }
  }

  private static func middleGradient<L: Layer<Double>>(_ layers: L) -> Tensor<Double> {
    let (output, tape) = layers.forward(.zeros([1, 1, 32, 32]))
    var one = Tensor<Double>.zeros(like: output)
    one[0, 0, output.shape[2] / 2, output.shape[3] / 2] = 1
    return layers.backward(one, tape).input.reshaped(to: [32, 32])
  }

  /// Moves a picture to the right by `pixels`, around the edge.
  private static func moved(_ x: Tensor<Double>, by pixels: Int) -> Tensor<Double> {
    let width = x.shape[-1]
    return x.withUnsafeElements { source in
      Tensor(x.shape) { target in
        for i in target.indices { target[i] = source[i / width * width + (i % width - pixels + width) % width] }
      }
    }
  }

  private static func equivariance(
    _ picture: Tensor<Double>, _ random: inout RandomGenerator
  ) throws -> [(name: String, error: Double)] {
    // Around the edge, so that nothing is lost by moving.
    let around = ConvolutionGeometry(padding: .same, boundary: .circular)
    let weight = Tensor<Double>.normal([4, 3, 5, 5], deviation: 0.2, using: &random)
    let dense = Dense<Double>(inputs: 3072, outputs: 1024, bias: false, using: &random)
    let direct = Convolution2D(weight: weight, bias: nil, geometry: around, method: SpatialConvolution())
    let fourier = Convolution2D(weight: weight, bias: nil, geometry: around, method: FourierConvolution())
    let pooling = MaxPooling2D<Double>(kernel: 2)
    func error(_ pixels: Int, _ after: Int, _ apply: (Tensor<Double>) -> Tensor<Double>) -> Double {
      let (first, second) = (apply(moved(picture, by: pixels)), moved(apply(picture), by: after))
      return (first - second).norm / max(second.norm, .leastNormalMagnitude)
    }
    return [
      ("convolution 5 x 5, direct, moved by 3", error(3, 3) { direct($0) }),
      ("convolution 5 x 5, by spectra, moved by 3", error(3, 3) { fourier($0) }),
      ("max pooling 2 x 2, moved by 2", error(2, 1) { pooling($0) }),
      ("max pooling 2 x 2, moved by 1", error(1, 0) { pooling($0) }),
      (
        "dense layer 3072 to 32 x 32, moved by 3",
        error(3, 3) { x in
          dense(x.reshaped(to: [1, 3072])).reshaped(to: [1, 1, 32, 32])
        }
      ),
    ]
  }

  // MARK: Telling

  public static func text(_ findings: Findings) -> LessonText {
    LessonText(
      idea: """
        Output (0, 0, 0) of a 5 x 5 x 3 filter depends on the inputs \(math: "i < 5, j < 5, k < 3"), and on nothing else. \
        Move the picture, and the result moves with it.
        """,
      body: footprint(findings) + reach(findings) + moving(findings),
      numbers: [
        .init("pixels with a gradient, of \(findings.gradient.count)", "\(findings.count) = 5 x 5 x 3"),
        .init("exactly where i, j < 5", findings.isExact ? "yes" : "no"),
        .init("by spectra, the largest gradient elsewhere", scientific(findings.fourierOutside)),
        .init("by spectra, the largest difference within", scientific(findings.fourierInside)),
        .init(
          "an output of LeNet's last pooling sees",
          "\(findings.stack.last!.measured) x \(findings.stack.last!.measured) pixels"),
      ],
      notice: [
        """
        By the definition the gradient elsewhere is 0 to the last bit: those pixels were never touched. By spectra it is \
        \(scientific(findings.fourierOutside)), the roundings of a transform that mixes all pixels and unmixes them again.
        """,
        """
        The gradient behind a stack is strongest in the middle of its window and fades to the edge: there are more ways \
        through the layers to the middle.
        """,
        "Pooling by 2 moves along with steps of 2 pixels only. A step of 1 is where equivariance ends in LeNet.",
      ],
      exercises: [
        .init(
          "How far does an output see after two convolutions of 3 x 3, and after three? Compare with one of 7 x 7.",
          answer: """
            5 and 7: each layer adds \(math: "k - 1 = 2"). Three layers of 3 x 3 see as far as one of 7 x 7, with 27 \
            weights instead of 49, and with two more activations in between.
            """),
        .init(
          "Why is zero padding not perfectly equivariant?",
          answer: """
            What moves over the edge is lost, and zeros come in on the other side; near the border the window can tell \
            where it is. The measurement above therefore lets the picture wrap around.
            """),
      ])
  }

  private static func footprint(_ findings: Findings) -> [Block] {
    let limit = findings.gradient.maximumMagnitude
    return [
      .text(
        """
        In a dense layer every output depends on every pixel, and the order of the pixels does not matter: shuffle them, \
        shuffle the weights alike, and nothing has changed. A convolution is bound to its place. Ask backpropagation: \
        what is the derivative of the output in the corner by each pixel?
        """),
      .formula(
        .fraction("∂ y(0, 0, 0)", "∂ x(i, j, k)") + "= w(i, j, k)" + .words("for") + "i, j < 5"
          + .words("and 0 elsewhere")),
      .pictures(
        (0..<3).map { channel in
          let plane = findings.gradient.rows(channel..<channel + 1).reshaped(to: [32, 32])
          return Picture(
            Plane.signed(plane, limit: limit),
            alt: "Gradient by channel \(channel): grey but for 5 by 5 pixels in the upper left corner.",
            caption: "channel \(channel)", scale: 6)
        },
        caption: "The gradient by 32 x 32 x 3 pixels: grey is 0. The 75 pixels that matter are the weights themselves."),
    ]
  }

  private static func reach(_ findings: Findings) -> [Block] {
    [
      .heading("The receptive field grows through a stack"),
      .text(
        """
        Each layer adds \(math: "k - 1") of its own steps, and a step is as long as all strides before it multiplied:
        """),
      .formula(
        .sub("r", "l") + "=" + .sub("r", "l - 1") + "+ (" + .sub("k", "l") + "- 1)" + .sub("s", "1") + .sub("s", "2")
          + "…"
          + .sub("s", "l - 1")),
      .pictures(
        findings.stack.enumerated().map { depth, reach in
          Picture(
            Plane.grey(reach.gradient),
            alt: "After \(depth + 1) layers the middle output sees \(reach.measured) by \(reach.measured) pixels.",
            caption: "after \(depth + 1): \(reach.measured) x \(reach.measured)", scale: 5)
        }, caption: "What the middle output sees of 32 x 32 pixels, after each of LeNet's first four layers."),
      .table(
        Table(
          ["layer", "formula", "measured"],
          findings.stack.map { [$0.layer, "\($0.formula)", "\($0.measured)"] }), caption: "Pixels along each axis."),
    ]
  }

  private static func moving(_ findings: Findings) -> [Block] {
    [
      .heading("Moved picture, moved result"),
      .text(
        """
        *Equivariance* says that moving first and applying after is the same as applying first and moving after. For a \
        convolution it follows from the definition; measured, it is
        """),
      .table(
        Table(
          ["what is applied", "relative distance"],
          findings.equivariance.map { [$0.name, $0.error == 0 ? "0" : scientific($0.error)] }),
        caption: "‖move then apply − apply then move‖ / ‖apply then move‖, in Double, moved around the edge."),
    ]
  }
}
