import Foundation
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

/// What a response should be, written down a second time: from the definitions, with the distance by `hypot`, one bin at a
/// time, and Nyquist's two signs averaged.
private struct Definition: Sendable {
  let name: String
  let filter: FrequencyFilter
  let value: @Sendable (_ fx: Double, _ fy: Double) -> Double
}

private func lowPass(_ shape: FilterShape, _ distance: Double, _ cutoff: Double) -> Double {
  switch shape {
  case .ideal: distance <= cutoff ? 1 : 0
  case .gaussian: exp(-pow(distance, 2) / (2 * pow(cutoff, 2)))
  case .butterworth(let order): 1 / (1 + pow(distance / cutoff, 2 * Double(order)))
  }
}

private let shapes: [FilterShape] =
  [.ideal, .gaussian] + [1, 2, 3, 5, 10, 100].map { .butterworth(order: $0) }

private let definitions: [Definition] = shapes.flatMap { shape -> [Definition] in
  // No frequency of a tested size is exactly at one of these cut-offs.
  let (a, b): (Frequency, Frequency) = (0.0713, 0.2331)
  @Sendable func low(_ fx: Double, _ fy: Double, _ cutoff: Frequency) -> Double {
    lowPass(shape, hypot(fx, fy), cutoff.cyclesPerPixel)
  }
  @Sendable func fan(_ fx: Double, _ fy: Double) -> Double {
    if fx == 0 && fy == 0 { return 1 }
    // The angle of the wave as one sees it, from the rows upwards, and its distance from the axis on the circle of 180
    // degrees.
    let angle = atan2(-fy, fx) * 180 / .pi
    let away = abs(remainder(angle - 33, 180))
    return lowPass(shape, away, 12.3)
  }
  return [
    Definition(name: "low-pass", filter: .lowPass(shape, cutoff: a)) { low($0, $1, a) },
    Definition(name: "high-pass", filter: .highPass(shape, cutoff: b)) { 1 - low($0, $1, b) },
    Definition(name: "band-pass", filter: .bandPass(shape, from: a, to: b)) { (1 - low($0, $1, a)) * low($0, $1, b) },
    Definition(name: "band-stop", filter: .bandStop(shape, from: a, to: b)) {
      1 - (1 - low($0, $1, a)) * low($0, $1, b)
    },
    Definition(name: "notch", filter: .notch(shape, x: 0.31, y: -0.17, radius: a)) {
      (1 - low($0 - 0.31, $1 + 0.17, a)) * (1 - low($0 + 0.31, $1 - 0.17, a))
    },
    Definition(name: "directional", filter: .directional(shape, angle: 33, halfWidth: 12.3)) { fan($0, $1) },
    Definition(name: "direction removed", filter: .removingDirection(shape, angle: 33, halfWidth: 12.3, cutoff: a)) {
      1 - fan($0, $1) * (1 - low($0, $1, a))
    },
    Definition(name: "unsharp", filter: .unsharp(shape, cutoff: a, amount: 0.8)) { 1 + 0.8 * (1 - low($0, $1, a)) },
    Definition(name: "high-boost", filter: .highBoost(shape, cutoff: a, boost: 1.7)) { 1.7 - low($0, $1, a) },
    Definition(name: "emphasis", filter: .emphasis(shape, cutoff: a, low: 0.5, high: 2)) {
      0.5 + 1.5 * (1 - low($0, $1, a))
    },
  ].map { Definition(name: "\($0.name) \(shape)", filter: $0.filter, value: $0.value) }
}

@Suite struct ResponseTests {
  /// Eight pixels by hand: 0, 1/8, 1/4, 3/8, 1/2 cycles per pixel.
  @Test func eightPixelsByHand() {
    func line(_ filter: FrequencyFilter) -> [Double] { filter.response(height: 1, width: 8).values.elements }
    // At the cut-off an ideal filter passes, a Butterworth filter halves, a Gaussian leaves 1/sqrt(e).
    #expect(line(.lowPass(.ideal, cutoff: 0.25)) == [1, 1, 1, 0, 0])
    #expect(line(.highPass(.ideal, cutoff: 0.25)) == [0, 0, 0, 1, 1])
    #expect(line(.bandPass(.ideal, from: 0.125, to: 0.375)) == [0, 0, 1, 1, 0])
    #expect(line(.bandStop(.ideal, from: 0.125, to: 0.375)) == [1, 1, 0, 0, 1])
    #expect(line(.lowPass(.butterworth(order: 1), cutoff: 0.25)) == [1, 0.8, 0.5, 4.0 / 13, 0.2])
    let bell = line(.lowPass(.gaussian, cutoff: 0.25))
    let exponents: [Double] = [0, -0.125, -0.5, -1.125, -2]
    for (value, exponent) in zip(bell, exponents) { #expect(abs(value - exp(exponent)) < 4e-16) }
    #expect(line(.laplacian)[4] == -Double.pi * .pi)
  }

  /// A cut-off that is a frequency of the image is at the cut-off, whatever rounding makes of its square.
  @Test func frequenciesAtTheCutoffPassAnIdealFilter() {
    for width in 2...200 {
      for v in 1...width / 2 {
        let response = FrequencyFilter.lowPass(.ideal, cutoff: Frequency(Double(v) / Double(width)))
          .response(height: 1, width: width).values.elements
        #expect(response == (0...width / 2).map { $0 <= v ? 1 : 0 }, "\(v) / \(width)")
      }
    }
    // 6, 8 and 10 hundredths are a right triangle.
    let response = FrequencyFilter.lowPass(.ideal, cutoff: 0.1).response(height: 100, width: 100).values
    #expect(response[6, 8] == 1 && response[94, 8] == 1 && response[6, 9] == 0)
  }

  private static let sizes = [
    (16, 16), (15, 17), (1, 24), (1, 25), (24, 1), (25, 1), (1, 1), (2, 2), (70, 40), (131, 37),
  ]

  /// Every bin of every filter against the definition. Both compute in Double some ten operations with values around 1;
  /// where a response is steep, the rounding of the distance counts: order 100 turns 2^-53 into 200 times as much, the
  /// directional filters' angles of 180 degrees lose a further few bits.
  @Test(arguments: sizes) func everyFilterFollowsItsDefinition(height: Int, width: Int) {
    for definition in definitions {
      let response = definition.filter.response(height: height, width: width)
      #expect(response.values.shape == [height, width / 2 + 1])
      for u in 0..<height {
        for v in 0...width / 2 {
          let fx = Double(v) / Double(width)
          let fy = Double(u > height / 2 ? u - height : u) / Double(height)
          let xs = 2 * v == width ? [fx, -fx] : [fx]
          let ys = 2 * u == height ? [fy, -fy] : [fy]
          let all = xs.flatMap { x in ys.map { definition.value(x, $0) } }
          let expected = all.reduce(0, +) / Double(all.count)
          #expect(abs(response.values[u, v] - expected) < 1e-12, "\(definition.name), \(height) x \(width): \(u), \(v)")
          #expect(abs(definition.filter(fx, fy) - definition.value(fx, fy)) < 1e-12)
        }
      }
    }
  }

  @Test(arguments: sizes) func lowAndHighMakeOne(height: Int, width: Int) {
    for shape in shapes {
      let sum = FrequencyFilter.lowPass(shape, cutoff: 0.1) + .highPass(shape, cutoff: 0.1)
      let bands = FrequencyFilter.bandPass(shape, from: 0.1, to: 0.3) + .bandStop(shape, from: 0.1, to: 0.3)
      for filter in [sum, bands] {
        for value in filter.response(height: height, width: width).values.elements { #expect(abs(value - 1) < 4e-16) }
      }
    }
  }

  @Test(arguments: sizes) func theMeanPassesOrNot(height: Int, width: Int) {
    for shape in shapes {
      func atZero(_ filter: FrequencyFilter) -> Double { filter.response(height: height, width: width).values[0, 0] }
      #expect(atZero(.lowPass(shape, cutoff: 0.1)) == 1 && atZero(.highPass(shape, cutoff: 0.1)) == 0)
      #expect(atZero(.bandStop(shape, from: 0.1, to: 0.2)) == 1 && atZero(.bandPass(shape, from: 0.1, to: 0.2)) == 0)
      #expect(atZero(.directional(shape, angle: 20, halfWidth: 5)) == 1)
      #expect(atZero(.removingDirection(shape, angle: 20, halfWidth: 5, cutoff: 0.1)) == 1)
      #expect(atZero(.unsharp(shape, cutoff: 0.1, amount: 3)) == 1)
    }
    #expect(FrequencyFilter.laplacian.response(height: height, width: width).values[0, 0] == 0)
  }

  /// Filters as different as can be, some without any symmetry of their own.
  private static var mixed: [FrequencyFilter] {
    var random = RandomGenerator(seed: 1)
    let mask = try! FilterMask(Tensor<Double>.normal([9, 14], using: &random))
    let skew = FrequencyFilter { fx, fy in sin(7 * fx) + fy * fx + fy * fy * fy }
    return definitions.map(\.filter) + [
      .laplacian, .identity, .mask(mask), skew,
      2 * skew - .mask(mask) * .directional(.gaussian, angle: -70, halfWidth: 20),
      1 - 0.5 * (skew * .notch(.ideal, x: 0.5, y: 0.2, radius: 0.1)),
    ]
  }

  /// What makes the output real: opposite frequencies have the same response, in the half that is kept too.
  @Test(arguments: sizes) func responsesAreSymmetric(height: Int, width: Int) {
    for filter in Self.mixed {
      let response = filter.response(height: height, width: width).values
      for v in [0] + (width % 2 == 0 ? [width / 2] : []) {
        for u in 0..<height {
          let (a, b) = (response[u, v], response[(height - u) % height, v])
          #expect(abs(a - b) <= 1e-12 * max(1, abs(a)), "\(u), \(v) of \(height) x \(width)")
        }
      }
    }
  }

  @Test func compositionIsPointByPoint() {
    let (a, b) = (
      FrequencyFilter.lowPass(.gaussian, cutoff: 0.2), FrequencyFilter.notch(.ideal, x: 0.3, y: 0.1, radius: 0.1)
    )
    func values(_ filter: FrequencyFilter) -> Tensor<Double> { filter.response(height: 13, width: 19).values }
    let (x, y) = (values(a), values(b))
    #expect(values(a * b) == x * y)
    #expect(values(a + b) == x + y)
    #expect(values(1 - a) == x.map { 1 - $0 })
    #expect(values(a - b) == x - y)
    #expect(values(2.5 * a) == x * 2.5)
    #expect(values(3 + a) == x + 3)
    #expect(values(.identity) == Tensor([13, 10], repeating: 1))
  }

  @Test func impulseResponsesSumToTheResponseAtZero() {
    let impulse = FrequencyFilter.lowPass(.gaussian, cutoff: 0.1).response(height: 32, width: 33).impulseResponse
    #expect(impulse.shape == [32, 33] && abs(impulse.sum - 1) < 1e-14)
    // A Gaussian of 1 / (2π D0) pixels: its peak is 2π D0².
    #expect(abs(impulse[0, 0] - 2 * .pi * 0.01) < 1e-5)
    #expect(abs(impulse[3, 4] - impulse[29, 29]) < 1e-16)
  }

  @Test(arguments: [(6, 8), (7, 9), (6, 9), (1, 4)]) func centredResponsesHaveZeroInTheMiddle(height: Int, width: Int) {
    let response = FrequencyFilter.notch(.gaussian, x: 0.25, y: 0.2, radius: 0.1).response(height: height, width: width)
    let centred = response.centred
    #expect(centred.shape == [height, width])
    for y in 0..<height {
      for x in 0..<width {
        let (u, v) = (y - height / 2, x - width / 2)
        let (row, column) = v >= 0 ? (u, v) : (-u, -v)
        #expect(centred[y, x] == response.values[((row % height) + height) % height, column])
      }
    }
  }
}
