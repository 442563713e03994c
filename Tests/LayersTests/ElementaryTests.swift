import Foundation
import SpectralNetworks
import SpectralCore
import TestSupport
import Testing

/// The vector versions of the elementary functions in Float, against the C library's in Double.
@Suite struct ElementaryTests {
  /// Numbers of every magnitude on both sides, denser where the functions bend.
  static let places: [Float] = {
    var places: [Float] = [0, -0.0, .leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, .infinity]
    for exponent in -30..<7 {
      for step in 0..<64 { places.append(Float(sign: .plus, exponent: exponent, significand: 1 + Float(step) / 64)) }
    }
    return places + places.map { -$0 }
  }()

  /// Checks a layer on all places: the error is at most `units` units of the last place, above the smallest normals.
  func check<L: Layer>(_ layer: L, units: Double, _ exact: (Double) -> Double) where L.Scalar == Float {
    let x = Tensor<Float>([Self.places.count], Self.places)
    for (x, y) in zip(Self.places, layer(x).elements) {
      let expected = exact(Double(x))
      if Float(expected).isInfinite || expected.isNaN {
        #expect(y == Float(expected) || (y.isNaN && expected.isNaN), "\(layer.label) of \(x)")
      } else {
        let bound = units * 2 * Float.unitRoundoff * abs(expected) + Double(Float.leastNormalMagnitude)
        #expect(abs(Double(y) - expected) <= bound, "\(layer.label) of \(x) is \(y), not \(expected)")
      }
    }
    #expect(layer(Tensor<Float>([1], [.nan])).scalar.isNaN, "\(layer.label) hides NaN")
  }

  @Test func tanhIsAccurate() { check(Tanh<Float>(), units: 4) { tanh($0) } }

  @Test func sigmoidIsAccurate() { check(Sigmoid<Float>(), units: 4) { 1 / (1 + exp(-$0)) } }

  @Test func geluKeepsItsTail() {
    // The tail is e^(-x²/2), whose exponent of up to 88 is rounded: 88 u more. Elsewhere a few units.
    check(GELU<Float>(), units: 96) { x in x.isInfinite ? (x > 0 ? x : .nan) : x * 0.5 * erfc(-x * 0.5.squareRoot()) }
    let x = Tensor<Float>([200], (0..<200).map { Float($0) / 50 - 2 })
    for (x, y) in zip(x.elements, GELU<Float>()(x).elements) {
      let expected = Double(x) * 0.5 * erfc(-Double(x) * 0.5.squareRoot())
      #expect(abs(Double(y) - expected) <= 8 * Float.unitRoundoff * max(abs(expected), 0.02))
    }
  }

  /// e^x, seen through a softmax of two scores, one of which is 0 and larger.
  @Test func exponentialIsAccurate() {
    for x in Self.places where x <= 0 && x.isFinite {
      let p = Tensor<Float>([1, 2], [0, x]).softmax().elements
      let exact = exp(Double(x))
      #expect(abs(Double(p[1]) - exact / (1 + exact)) <= 8 * Float.unitRoundoff * exact + 0x1p-126)
    }
  }
}
