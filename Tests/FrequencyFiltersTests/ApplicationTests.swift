import Foundation
import SpectralImaging
import SpectralTransforms
import SpectralConvolution
import SpectralCore
import TestSupport
import Testing

/// Filtering by the definition: transform, multiply, invert, each a double sum over all frequencies. Circular.
private func naive(_ x: Tensor<Double>, _ response: (Double, Double) -> Double) -> Tensor<Double> {
  let (height, width) = (x.shape[0], x.shape[1])
  func roots(_ count: Int) -> [(Double, Double)] {
    (0..<count).map { (cos(2 * .pi * Double($0) / Double(count)), sin(2 * .pi * Double($0) / Double(count))) }
  }
  let (rows, columns) = (roots(height), roots(width))
  var y = Tensor<Double>.zeros(x.shape)
  for u in 0..<height {
    for v in 0..<width {
      func root(_ row: Int, _ column: Int) -> (Double, Double) {
        let (a, b) = (rows[u * row % height], columns[v * column % width])
        return (a.0 * b.0 - a.1 * b.1, a.0 * b.1 + a.1 * b.0)
      }
      var sum = (0.0, 0.0)
      for row in 0..<height {
        for column in 0..<width {
          let (c, s) = root(row, column)
          sum.0 += x[row, column] * c
          sum.1 -= x[row, column] * s
        }
      }
      func frequency(_ k: Int, _ count: Int) -> Double { Double(2 * k > count ? k - count : k) / Double(count) }
      let h = response(frequency(v, width), frequency(u, height)) / Double(x.count)
      y.withUnsafeMutableElements { y in
        for row in 0..<height {
          for column in 0..<width {
            let (c, s) = root(row, column)
            y[row * width + column] += h * (sum.0 * c - sum.1 * s)
          }
        }
      }
    }
  }
  return y
}

/// An image on a larger sheet, extended by a boundary on all sides.
private func extended(_ x: Tensor<Double>, _ boundary: Boundary, _ margin: Int) -> Tensor<Double> {
  let (height, width) = (x.shape[0], x.shape[1])
  var sheet = Tensor<Double>.zeros([height + 2 * margin, width + 2 * margin])
  for row in 0..<height + 2 * margin {
    for column in 0..<width + 2 * margin {
      guard let v = boundary.source(of: row - margin, count: height),
        let u = boundary.source(of: column - margin, count: width)
      else { continue }
      sheet[row, column] = x[v, u]
    }
  }
  return sheet
}

private func cropped(_ x: Tensor<Double>, _ margin: Int) -> Tensor<Double> {
  var y = Tensor<Double>.zeros([x.shape[0] - 2 * margin, x.shape[1] - 2 * margin])
  for row in 0..<y.shape[0] { for column in 0..<y.shape[1] { y[row, column] = x[row + margin, column + margin] } }
  return y
}

private let band = FrequencyFilter.bandPass(.butterworth(order: 2), from: 0.05, to: 0.2)
private let skewed =
  FrequencyFilter.notch(.gaussian, x: 0.3, y: 0.1, radius: 0.1) * .directional(.ideal, angle: 40, halfWidth: 61)

@Suite struct ApplicationTests {
  /// Two pixels by hand: 3 and 1 are a mean of 2 and a wave of ±1 at Nyquist.
  @Test func twoPixelsByHand() throws {
    let x = Tensor<Double>([1, 2], [3, 1])
    #expect(try FrequencyFilter.lowPass(.ideal, cutoff: 0.25).apply(to: x, boundary: .circular).elements == [2, 2])
    #expect(try FrequencyFilter.highPass(.ideal, cutoff: 0.25).apply(to: x, boundary: .circular).elements == [1, -1])
    #expect(
      try FrequencyFilter.highBoost(.ideal, cutoff: 0.25, boost: 2).apply(to: x, boundary: .circular).elements == [
        4, 0,
      ])
  }

  private static let sizes = [(8, 8), (7, 9), (1, 16), (1, 17), (16, 1), (17, 1), (1, 1), (12, 19), (18, 34)]

  @Test(arguments: sizes) func circularFilteringIsTheDefinition(height: Int, width: Int) throws {
    var random = RandomGenerator(seed: 1)
    let x = Tensor<Double>.normal([height, width], using: &random)
    // The band's response is the same at both signs of Nyquist, so the definition needs no average.
    let expected = naive(x) { band($0, $1) }
    let tolerance =
      8 * ErrorBound.relativeL2(fastSize: false, scalar: Double.self, pointCount: max(2, height * width)) * x.norm
      + Double(height * width) * 0x1p-53 * x.norm
    #expect(largestDifference(try band.apply(to: x, boundary: .circular), expected) <= tolerance)
    let single = try band.apply(to: x.converted(to: Float.self), boundary: .circular)
    #expect(
      largestDifference(single, expected)
        <= 4 * ErrorBound.relativeL2(fastSize: false, scalar: Float.self, pointCount: max(2, height * width)) * x.norm)
  }

  /// Waves are what filters scale: a cosine comes out as itself times the response at its frequency, whatever its phase.
  @Test(arguments: [(16, 20), (15, 21)]) func wavesAreScaled(height: Int, width: Int) throws {
    for filter in [band, skewed] {
      for (u, v) in [(0, 3), (2, 0), (3, 5), (-4, 6), (height / 2, 2), (1, width / 2), (height / 2, width / 2)] {
        let (fy, fx) = (Double(u) / Double(height), Double(v) / Double(width))
        let wave = Tensor<Double>([height, width]) { values in
          for i in values.indices { values[i] = cos(2 * .pi * (fy * Double(i / width) + fx * Double(i % width))) }
        }
        let place = filter.response(height: height, width: width).values[(u + height) % height, v]
        let y = try filter.apply(to: wave, boundary: .circular)
        #expect(largestDifference(y, place * wave) < 1e-13, "\(u), \(v)")
      }
    }
  }

  /// With `full`, reflect and mirror fill a whole period of the image that they extend without end, so a sheet of several
  /// periods, filtered in a circle, has the same in its middle. Sizes are such that the periods are fast.
  @Test(arguments: [(6, 8, Boundary.reflect), (7, 9, .reflect), (1, 10, .reflect), (5, 6, .mirror), (1, 8, .mirror)])
  func fullPaddingIsAWholePeriod(height: Int, width: Int, boundary: Boundary) throws {
    var random = RandomGenerator(seed: 2)
    let x = Tensor<Double>.normal([height, width], using: &random)
    let filter = FrequencyFilter.lowPass(.ideal, cutoff: 0.17) * .directional(.gaussian, angle: 30, halfWidth: 40)
    let plan = try FilterPlan<Double>(filter, height: height, width: width, boundary: boundary)
    let period = { (count: Int) in count == 1 ? 1 : boundary == .reflect ? 2 * count : 2 * count - 2 }
    #expect(plan.paddedHeight == period(height) && plan.paddedWidth == period(width))
    var sheet = Tensor<Double>.zeros([period(height), period(width)])
    for row in 0..<sheet.shape[0] {
      for column in 0..<sheet.shape[1] {
        sheet[row, column] =
          x[
            boundary.source(of: row, count: height)!, boundary.source(of: column, count: width)!]
      }
    }
    let response = filter.response(height: sheet.shape[0], width: sheet.shape[1])
    // The response at a bin, from the half that is kept.
    let filtered = naive(sheet) { fx, fy in
      let (h, w) = (sheet.shape[0], sheet.shape[1])
      let (u, v) = (Int((fy * Double(h)).rounded()), Int((fx * Double(w)).rounded()))
      return v >= 0 ? response.values[(u + h) % h, v] : response.values[(h - u) % h, -v]
    }
    let y = try plan(x)
    for row in 0..<height { for column in 0..<width { #expect(abs(y[row, column] - filtered[row, column]) < 1e-12) } }
  }

  /// However an image is padded, automatic padding leaves out no more than it says: compared with margins of several times
  /// the filter's reach, filtered in a circle.
  @Test(arguments: Boundary.allCases, [(20, 31), (1, 40), (33, 1), (3, 3)])
  func automaticPaddingReachesFarEnough(boundary: Boundary, size: (Int, Int)) throws {
    var random = RandomGenerator(seed: 4)
    let x = Tensor<Double>.uniform([size.0, size.1], in: 0..<1, using: &random)
    let gaussian = FrequencyFilter.lowPass(.gaussian, cutoff: 0.1)
    let filters: [FrequencyFilter] = [
      gaussian, .highPass(.butterworth(order: 3), cutoff: 0.06),
      gaussian * .notch(.gaussian, x: 0.2, y: 0.1, radius: 0.05),
      0.5 * gaussian + .lowPass(.butterworth(order: 4), cutoff: 0.1),
    ]
    for filter in filters where boundary != .circular {
      let margin = 400
      let sheet = extended(x, boundary, margin)
      let expected = cropped(try filter.apply(to: sheet, boundary: .circular), margin)
      let y = try filter.apply(to: x, boundary: boundary)
      #expect(largestDifference(y, expected) <= 0x1p-16, "\(boundary)")
    }
    let circular = try FilterPlan<Double>(gaussian, height: size.0, width: size.1, boundary: .circular)
    #expect(circular.paddedHeight == size.0 && circular.paddedWidth == size.1)
  }

  @Test func wideImagesAreNotDoubledForNarrowFilters() throws {
    let plan = try FilterPlan<Float>(.lowPass(.gaussian, cutoff: 0.08), height: 3000, width: 4000)
    #expect(plan.paddedHeight < 3100 && plan.paddedWidth < 4100)
  }

  @Test func planesAreFilteredOneByOne() throws {
    var random = RandomGenerator(seed: 5)
    let planes = Tensor<Float>.normal([2, 3, 20, 30], using: &random)
    let y = try skewed.apply(to: planes)
    #expect(y.shape == planes.shape)
    let each = planes.reshaped(to: [6, 20, 30])
    for plane in 0..<6 {
      let one = try skewed.apply(to: each.rows(plane..<plane + 1))
      #expect(one.hasSameBits(as: y.reshaped(to: [6, 20, 30]).rows(plane..<plane + 1)))
    }
    #expect(try skewed.apply(to: Tensor<Float>.zeros([0, 4, 4])).count == 0)
  }

  @Test func filteringIsLinear() throws {
    var random = RandomGenerator(seed: 6)
    let (a, b) = (Tensor<Double>.normal([23, 31], using: &random), Tensor<Double>.normal([23, 31], using: &random))
    for boundary in Boundary.allCases {
      func y(_ x: Tensor<Double>) throws -> Tensor<Double> { try skewed.apply(to: x, boundary: boundary) }
      #expect(largestDifference(try y(2 * a + b), 2 * (try y(a)) + (try y(b))) < 1e-13, "\(boundary)")
    }
  }

  @Test func aLevelPictureStaysLevel() throws {
    let x = Tensor<Double>([13, 22], repeating: 0.7)
    for boundary in Boundary.allCases where boundary != .zero {
      let low = try FrequencyFilter.lowPass(.butterworth(order: 2), cutoff: 0.1).apply(to: x, boundary: boundary)
      #expect(largestDifference(low, x) < 1e-14, "\(boundary)")
      #expect(try band.apply(to: x, boundary: boundary).maximumMagnitude < 1e-14, "\(boundary)")
    }
  }

  @Test func resultsDoNotDependOnThreads() throws {
    var random = RandomGenerator(seed: 7)
    let x = Tensor<Float>.normal([2, 130, 270], using: &random)
    let one = try withThreads(1) { try skewed.apply(to: x) }
    let three = try withThreads(3) { try skewed.apply(to: x) }
    #expect(one.hasSameBits(as: three))
  }

  // MARK: One transform, many filters

  @Test(arguments: Boundary.allCases) func aFilteredImageGivesWhatAPlanGives(boundary: Boundary) throws {
    var random = RandomGenerator(seed: 8)
    let x = Tensor<Double>.normal([2, 21, 34], using: &random)
    let image = try FilteredImage(x, boundary: boundary)
    for filter in [band, skewed, .laplacian, .identity] {
      let expected = try filter.apply(to: x, boundary: boundary, padding: .full)
      #expect(largestDifference(image.filtered(by: filter), expected) <= 1e-13 * expected.maximumMagnitude)
    }
    #expect(largestDifference(image.filtered(by: .identity), x) < 1e-14)
  }

  @Test func itsSpectrumIsThatOfThePaddedImage() throws {
    var random = RandomGenerator(seed: 9)
    let x = Tensor<Double>.normal([1, 14, 18], using: &random)
    let circular = try FilteredImage(x, boundary: .circular).spectrum
    let exact = RealTransform2D<Double>(height: 14, width: 18).forward(x)
    #expect(largestDifference(circular.values, exact.values) < 1e-13)
    let padded = try FilteredImage(x, boundary: .zero).spectrum
    #expect(padded.height == 28 && padded.width == 36 && abs(padded[0, 0].real - x.sum) < 1e-13)
  }

  // MARK: Wrong input

  @Test func pixelsThatAreNotFiniteAreNamed() throws {
    var x = Tensor<Float>.zeros([2, 4, 5])
    x[1, 2, 3] = .nan
    let error = #expect(throws: FrequencyFilterError.self) { try band.apply(to: x) }
    #expect(error?.description.contains("row 2, column 3 of plane 1") == true)
    #expect(throws: FrequencyFilterError.self) { try FilteredImage(x) }
  }

  @Test func whatDoesNotFitTheMemoryIsRefused() throws {
    let error = #expect(throws: FrequencyFilterError.self) {
      try FilterPlan<Float>(band, height: 3000, width: 4000, memoryLimit: 1 << 20)
    }
    #expect(error?.description.contains("the limit is 1.0 MiB") == true)
    #expect(throws: FrequencyFilterError.self) { try FilterPlan<Float>(band, height: 1 << 28, width: 1 << 28) }
    #expect(throws: FrequencyFilterError.self) { try FilterPlan<Float>(band, height: 0, width: 10) }
    #expect(throws: FrequencyFilterError.self) {
      try FilteredImage(Tensor<Float>.zeros([64, 64]), memoryLimit: 1000)
    }
  }

  @Test func theEstimateOfMemoryCoversTheSpectra() throws {
    let plan = try FilterPlan<Float>(band, height: 100, width: 200, boundary: .circular)
    let spectra = 3 * 100 * 101 * 8
    #expect(plan.workingBytes(planes: 3) >= spectra)
    #expect(plan.workingBytes(planes: 300) == plan.workingBytes(planes: 4))
  }
}
