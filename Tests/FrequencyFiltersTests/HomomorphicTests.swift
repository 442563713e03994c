import Foundation
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

@Suite struct HomomorphicTests {
  /// A filter that passes all leaves a picture as it is; one that halves all takes square roots.
  @Test func gainsArePowers() throws {
    let x = Tensor<Double>([1, 3], [0, 0.25, 1])
    let same = try HomomorphicFilter(.identity).apply(to: x)
    #expect(largestDifference(same, x) < 1e-14)
    let offset = 0.1
    let roots = try HomomorphicFilter(0.5 * .identity, offset: offset).apply(to: x)
    for i in 0..<3 { #expect(abs(roots[0, i] - (sqrt(x[0, i] + offset) - offset)) < 1e-14) }
  }

  /// Uneven light over an even wall of tiles: the filter takes most of the light's range away and keeps that of the tiles.
  @Test func evensOutTheLight() throws {
    let (height, width) = (128, 192)
    func picture(_ light: (Double) -> Double) -> Tensor<Double> {
      Tensor([height, width]) { values in
        for i in values.indices {
          let (row, column) = (i / width, i % width)
          let tile = (row / 4 + column / 4) % 2 == 0 ? 0.8 : 0.4
          values[i] = tile * light(Double(column) / Double(width))
        }
      }
    }
    let x = picture { 0.55 + 0.45 * cos(2 * .pi * $0) }
    let y = try HomomorphicFilter(.gaussian, cutoff: 0.03, low: 0.2, high: 1, offset: 1e-4).apply(to: x)
    func brightness(_ image: Tensor<Double>, _ columns: Range<Int>) -> Double {
      columns.reduce(0) { sum, column in sum + (0..<height).reduce(0) { $0 + image[$1, column] } }
    }
    // In the light there is a ratio of 10 between bright and dark, and 10^0.2 = 1.6 is to remain of it.
    let before = brightness(x, 0..<8) / brightness(x, 92..<100)
    let after = brightness(y, 0..<8) / brightness(y, 92..<100)
    #expect(before > 9 && after > 1.3 && after < 2)
  }

  @Test func negativeValuesAreRefused() {
    #expect(throws: FrequencyFilterError.self) {
      try HomomorphicFilter(.identity).apply(to: Tensor<Float>([1, 2], [0.5, -0.1]))
    }
  }
}

@Suite struct HybridTests {
  @Test func lowOfOneAndHighOfTheOther() throws {
    var random = RandomGenerator(seed: 1)
    let (near, far) = (
      Tensor<Double>.normal([20, 26], using: &random), Tensor<Double>.normal([20, 26], using: &random)
    )
    let hybrid = HybridImage(cutoff: 0.1)
    let low = FrequencyFilter.lowPass(.gaussian, cutoff: 0.1)
    let expected = try low.apply(to: far) + near - low.apply(to: near)
    // What the padding of each filter may leave out.
    let tolerance = 0x1p-16 * max(near.maximumMagnitude, far.maximumMagnitude)
    #expect(largestDifference(try hybrid(near: near, far: far), expected) < 2 * tolerance)
    // Of one picture with itself it is that picture.
    #expect(largestDifference(try hybrid(near: near, far: near), near) < tolerance)
    #expect(throws: FrequencyFilterError.self) { try hybrid(near: near, far: far.rows(0..<19)) }
  }
}
