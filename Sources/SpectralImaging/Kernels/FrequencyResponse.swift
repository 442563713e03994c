import Foundation
import SpectralTransforms
import SpectralCore

extension Kernel {
  /// The frequency response: what the kernel multiplies a wave by, in size and in place.
  ///
  /// H(fx, fy) = Σ k[r, c] exp(-2πi (fx (c - cx) + fy (r - cy))), the discrete-time Fourier transform of the taps about
  /// the centre. It repeats with every whole cycle per pixel, and is exact at any frequency.
  ///
  /// - Parameters:
  ///   - fx: Cycles per pixel along the rows, to the right; Nyquist is 0.5.
  ///   - fy: Cycles per pixel along the columns, downwards.
  public func response(fx: Double, fy: Double) -> ComplexNumber<Double> {
    let center = center
    let across = Self.waves(fx, count: width, center: center.column)
    let down = Self.waves(fy, count: height, center: center.row)
    return taps.withUnsafeElements { taps in
      var sum = ComplexNumber<Double>(0)
      for row in 0..<height {
        var line = ComplexNumber<Double>(0)
        for column in 0..<width { line = line + taps[row * width + column] * across[column] }
        sum = sum + line * down[row]
      }
      return sum
    }
  }

  /// The frequency response at the frequencies of an image's discrete transform: u / H and v / W cycles per pixel.
  ///
  /// The taps are laid around pixel (0, 0) as on a torus, where those of a larger kernel fall on each other, and
  /// transformed. The product of this with the spectrum of an image is the spectrum of their circular convolution.
  ///
  /// - Parameters:
  ///   - height: The rows of the image, H.
  ///   - width: The columns of the image, W.
  public func response(height rows: Int, width columns: Int) -> Spectrum<Double> {
    let center = center
    var torus = Tensor<Double>.zeros([rows, columns])
    torus.withUnsafeMutableElements { torus in
      taps.withUnsafeElements { taps in
        func wrapped(_ place: Int, _ count: Int) -> Int { (place % count + count) % count }
        let places = (0..<width).map { wrapped($0 - center.column, columns) }
        for row in 0..<height {
          let start = wrapped(row - center.row, rows) * columns
          for column in 0..<width { torus[start + places[column]] += taps[row * width + column] }
        }
      }
    }
    return RealTransform2D<Double>(height: rows, width: columns).forward(torus)
  }

  private static func waves(_ frequency: Double, count: Int, center: Int) -> [ComplexNumber<Double>] {
    (0..<count).map { place in
      let turns = (frequency * Double(place - center)).remainder(dividingBy: 1)
      return ComplexNumber(cos(2 * .pi * turns), -sin(2 * .pi * turns))
    }
  }
}

/// The lines through frequency 0 along which a response is looked at.
public enum FrequencyLine: String, CaseIterable, Hashable, Sendable {
  /// fy = 0: waves that run along the rows.
  case x
  /// fx = 0: waves that run along the columns.
  case y
  /// fx = fy: waves that run from the upper left to the lower right.
  case diagonal
}

extension Kernel {
  /// The response along a line, at so many cycles per pixel along x, or y, or along both for the diagonal.
  ///
  /// The kernel is added up across the line first, so that many frequencies cost little.
  public func response(along line: FrequencyLine, at frequencies: [Double]) -> [ComplexNumber<Double>] {
    let center = center
    // The place of each tap along the line, counted from the least.
    let origin: Int
    var sums: [Double]
    switch line {
    case .x: (origin, sums) = (center.column, Array(repeating: 0, count: width))
    case .y: (origin, sums) = (center.row, Array(repeating: 0, count: height))
    case .diagonal: (origin, sums) = (center.row + center.column, Array(repeating: 0, count: height + width - 1))
    }
    taps.withUnsafeElements { taps in
      for place in taps.indices {
        let (row, column) = (place / width, place % width)
        sums[line == .x ? column : line == .y ? row : row + column] += taps[place]
      }
    }
    let profile = Kernel(Tensor([1, sums.count], sums))
    // The profile's own centre is elsewhere than the line's origin.
    let shift = origin - profile.center.column
    return frequencies.map { frequency in
      let turns = (frequency * Double(shift)).remainder(dividingBy: 1)
      return profile.response(fx: frequency, fy: 0) * ComplexNumber(cos(2 * .pi * turns), sin(2 * .pi * turns))
    }
  }

  /// Where along a line the response first falls to 1/√2 of what it is at frequency 0, half the power, in cycles per
  /// pixel along x, or y, or along both; nil if it does not before Nyquist, or is 0 at frequency 0.
  public func halfPowerCutoff(along line: FrequencyLine) -> Double? {
    let limit = abs(sum) * 0.5.squareRoot()
    guard limit > 0x1p-40 * magnitudeSum else { return nil }
    func magnitude(_ frequency: Double) -> Double { response(along: line, at: [frequency])[0].magnitude }
    // Between two frequencies as near as a thirty-second of the kernel's own resolution nothing is missed.
    let steps = 16 * (height + width)
    let grid = (0...steps).map { 0.5 * Double($0) / Double(steps) }
    guard let after = response(along: line, at: grid).firstIndex(where: { $0.magnitude <= limit }), after > 0 else {
      return nil
    }
    var (low, high) = (grid[after - 1], grid[after])
    while true {
      let middle = (low + high) / 2
      if middle <= low || middle >= high { return high }
      if magnitude(middle) > limit { low = middle } else { high = middle }
    }
  }

  /// Where on a grid of some hundred frequencies a side the response is largest, in cycles per pixel, and how large.
  ///
  /// Of frequencies that are equally good, but for rounding, it is the one nearest 0; of each pair of opposite ones the
  /// one with fx above 0.
  public var largestResponse: (fx: Double, fy: Double, magnitude: Double) {
    let side = max(64, FastSize.next(2 * max(height, width)))
    let spectrum = response(height: side, width: side)
    var best = (fx: 0.0, fy: 0.0, magnitude: 0.0)
    let slack = 1e-9 * magnitudeSum
    for row in 0..<side {
      for column in 0...side / 2 {
        let magnitude = spectrum[row, column].magnitude
        let (fx, fy) = (Double(column) / Double(side), Double(row <= side / 2 ? row : row - side) / Double(side))
        let isNearer = fx * fx + fy * fy < best.fx * best.fx + best.fy * best.fy
        if magnitude > best.magnitude + (isNearer ? -slack : slack) { best = (fx, fy, magnitude) }
      }
    }
    return best
  }

  /// Whether no response is larger than that at frequency 0, give or take a millionth, and some is smaller by half the
  /// power.
  public var isLowPass: Bool {
    let largest = largestResponse.magnitude
    guard abs(sum) > 0, largest <= abs(sum) * (1 + 1e-6) else { return false }
    return FrequencyLine.allCases.contains { halfPowerCutoff(along: $0) != nil }
  }
}

extension ComplexNumber<Double> {
  /// The angle from the positive real axis, in degrees, above -180 up to 180; 0 for 0.
  public var phaseInDegrees: Double { atan2(imaginary, real) * 180 / .pi }
}
