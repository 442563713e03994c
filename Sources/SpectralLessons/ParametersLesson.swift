import SpectralFigures
import Foundation
import SpectralBenchmarks
import SpectralKit

/// Idea 2: the parameters of a dense layer grow with the pixels, those of a filter do not.
public enum ParametersLesson: Lesson {
  public static let word = "parameters"
  public static let title = "What each pixel costs"

  public static let listing = #"""
    import SpectralKit

    var random = RandomGenerator(seed: 1)
    for side in [32, 64, 128, 256] {
      let dense = Dense<Float>(inputs: side * side, outputs: 10, bias: false, using: &random)
      let filter = Convolution2D<Float>(
        inputChannels: 3, outputChannels: 1, kernel: 5, bias: false, method: AutomaticConvolution(),
        using: &random)
      precondition(dense.parameters.count == 10 * side * side && filter.parameters.count == 75)
      let map = filter.outputShape(for: [1, 3, side, side])
      print(side, dense.parameters.count, "weights in the matrix,", filter.parameters.count, "in the filter,", map)
    }
    """#

  /// One size of image.
  public struct Row: Sendable {
    /// Pixels along each axis.
    public let side: Int
    /// Weights of a dense layer from side x side to 10, and of a 5 x 5 x 3 filter, as counted from the layers.
    public let dense, filter: Int
    /// Seconds for one image.
    public let denseSeconds, filterSeconds: Double
    /// Bytes of the weights.
    public var denseBytes: Int { dense * MemoryLayout<Float>.size }
    public var filterBytes: Int { filter * MemoryLayout<Float>.size }
  }

  public struct Findings: Sendable {
    public var rows: [Row]
    /// Weights of a dense layer that does what the filter does to 32 x 32 x 3 pixels: 28 x 28 outputs.
    public var denseMap: Int
    /// The exponent p of (weights ∝ side^p), from the first row to the last.
    public var denseExponent, filterExponent: Double
  }

  // MARK: Computing

  public static func measure(_ material: LessonMaterial, _ progress: LessonProgress) throws -> Findings {
    let sides = [32, 64, 128, 256, 512, 1024]
    progress.say("times \(2 * sides.count) layers, about \(time(0.3 * Double(2 * sides.count)))")
    let rows = try sides.enumerated().map { place, side in
      try progress.check()
      progress.advance(Double(place) / Double(sides.count), "\(side) x \(side) pixels")
      return row(side, material.color(side: side))
    }
    var random = RandomGenerator(seed: 2)
    let map = Dense<Float>(inputs: 32 * 32 * 3, outputs: 28 * 28, bias: false, using: &random)
    func exponent(_ weights: KeyPath<Row, Int>) -> Double {
      let growth = Double(rows.last![keyPath: weights]) / Double(rows[0][keyPath: weights])
      return log2(growth) / log2(Double(rows.last!.side) / Double(rows[0].side))
    }
    return Findings(
      rows: rows, denseMap: map.parameters.count, denseExponent: exponent(\.dense), filterExponent: exponent(\.filter))
  }

  private static func row(_ side: Int, _ picture: Tensor<Float>) -> Row {
    var random = RandomGenerator(seed: 2)
    let dense = Dense<Float>(inputs: side * side, outputs: 10, bias: false, using: &random)
    let filter = Convolution2D<Float>(
      inputChannels: 3, outputChannels: 1, kernel: 5, bias: false, method: AutomaticConvolution(),
      using: &random)
    let grey = picture.rows(0..<1).reshaped(to: [1, side * side])
    let color = picture.reshaped(to: [1, 3, side, side])
    return Row(
      side: side, dense: dense.parameters.count, filter: filter.parameters.count,
      denseSeconds: Timings.measure(budget: 0.05, most: 9) { _ = dense(grey) }.median,
      filterSeconds: Timings.measure(budget: 0.05, most: 9) { _ = filter(color) }.median)
  }

  // MARK: Telling

  public static func text(_ findings: Findings) -> LessonText {
    let (small, large) = (findings.rows[0], findings.rows.last!)
    return LessonText(
      idea: """
        The matrix of a dense layer grows with the number of pixels. A filter of 5 x 5 x 3 has 75 weights, whatever the \
        size of the picture.
        """,
      body: body(findings),
      numbers: [
        .init("32 x 32 pixels to 10 classes", "\(grouped(small.dense)) weights, \(bytes(small.denseBytes))"),
        .init("1024 x 1024 pixels to 10 classes", "\(grouped(large.dense)) weights, \(bytes(large.denseBytes))"),
        .init(
          "a 5 x 5 x 3 filter, at both sizes",
          "\(small.filter) and \(large.filter) weights, \(bytes(large.filterBytes))"),
        .init(
          "weights grow with the side to the power",
          "\(decimals(findings.denseExponent, 2)) and \(decimals(findings.filterExponent, 2))"),
        .init("one image of 1024 x 1024 through the matrix", time(large.denseSeconds)),
        .init("one image of 1024 x 1024 x 3 through the filter", time(large.filterSeconds)),
      ],
      notice: [
        """
        Twice the side is four times the pixels and four times the weights: the growth is with the *square* of the side. \
        It is often called exponential, which it is not: on these logarithmic axes an exponential would bend upwards.
        """,
        """
        The filter's *time* grows with the pixels as well, since it visits each of them. What does not grow is what has \
        to be learned, stored and loaded.
        """,
        """
        The comparison is kind to the dense layer, which gives ten numbers. To give a map as the filter does, 28 x 28 \
        numbers from 32 x 32 x 3, it takes \(grouped(findings.denseMap)) weights.
        """,
      ],
      exercises: [
        .init(
          "How many weights has a layer of 64 filters of 3 x 3 over 64 channels, and how many at twice the image size?",
          answer: """
            \(math: "64 · 64 · 3 · 3 = 36864"), at any image size (and 64 biases).
            """),
        .init(
          "A dense layer from 224 x 224 x 3 pixels to 4096 outputs: how many weights, and how much memory in Float?",
          answer: """
            \(grouped(224 * 224 * 3)) x 4096 = \(grouped(224 * 224 * 3 * 4096)) weights, \
            \(bytes(224 * 224 * 3 * 4096 * 4)): more than all of VGG-16.
            """),
      ])
  }

  private static func body(_ findings: Findings) -> [Block] {
    func chart(
      _ title: String, _ vertical: ChartAxis, _ dense: (Row) -> Double, _ filter: (Row) -> Double
    ) -> Chart {
      Chart(
        title, horizontal: ChartAxis("side of the image, pixels", ticks: findings.rows.map { Double($0.side) }),
        vertical: vertical,
        series: [
          .init("dense, to 10 classes", findings.rows.map { .init(Double($0.side), dense($0)) }),
          .init("one 5 x 5 x 3 filter", findings.rows.map { .init(Double($0.side), filter($0)) }),
        ])
    }
    return [
      .text("An image of \(math: "n") x \(math: "n") pixels, classified into ten classes by one matrix:"),
      .formula("32 · 32 · 10 = 10,240" + .words("but") + "1024 · 1024 · 10 = 10,485,760"),
      .text("The layers below were built, and their weights counted, not computed."),
      .chart(
        chart("Weights", ChartAxis("weights"), { Double($0.dense) }, { Double($0.filter) }),
        alt:
          "Weights against the side, both logarithmic: a straight line that rises by two decades a decade, and a flat one at 75.",
        caption: "A straight line of slope 2, and a flat one."),
      .table(
        Table(
          ["image", "dense weights", "memory", "time", "filter weights", "memory", "time"],
          findings.rows.map {
            [
              "\($0.side) x \($0.side)", grouped($0.dense), bytes($0.denseBytes), time($0.denseSeconds), "\($0.filter)",
              bytes($0.filterBytes), time($0.filterSeconds),
            ]
          }),
        caption:
          "Dense: one grey image to 10 classes. Filter: one colour image to one map. Memory of the weights in Float; time of one image."
      ),
      .chart(
        chart("Time of one image", ChartAxis("time", unit: .seconds), \.denseSeconds, \.filterSeconds),
        alt: "Time of one image against the side for the dense layer and for the filter: both rise.",
        caption: "Both visit every pixel once or more. The matrix must also be fetched from memory, weight by weight."),
    ]
  }
}
