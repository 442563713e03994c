/// How pixels become the numbers a network sees: `(pixel - mean) / deviation`, channel by channel.
///
/// Pixels are on a scale from 0 (black) to 1 (white) first.
public struct Normalization: Hashable, Sendable {
  /// The mean of each channel.
  public let mean: [Double]
  /// The standard deviation of each channel.
  public let deviation: [Double]

  /// One mean and one standard deviation per channel.
  ///
  /// - Precondition: as many means as deviations, and every deviation is positive.
  public init(mean: [Double], deviation: [Double]) {
    precondition(
      mean.count == deviation.count && !mean.isEmpty,
      "\(mean.count) means and \(deviation.count) deviations do not make a normalization")
    precondition(deviation.allSatisfy { $0 > 0 }, "deviations \(deviation) are not all positive")
    self.mean = mean
    self.deviation = deviation
  }

  /// Leaves pixels on the scale from 0 to 1.
  public static func none(channels: Int) -> Normalization {
    Normalization(mean: .init(repeating: 0, count: channels), deviation: .init(repeating: 1, count: channels))
  }

  /// How many channels it is for.
  public var channels: Int { mean.count }

  /// What a network sees of a pixel.
  public func callAsFunction(_ pixel: Double, channel: Int) -> Double { (pixel - mean[channel]) / deviation[channel] }
}

extension Dataset {
  /// The normalization that gives each channel of these images mean 0 and variance 1; a constant channel keeps its
  /// scale.
  public var measuredNormalization: Normalization {
    let (channels, area) = (imageShape[0], imageShape[1] * imageShape[2])
    var sums = [(first: Double, second: Double)](repeating: (0, 0), count: channels)
    switch pixels {
    case .bytes(let bytes):
      // Whole numbers throughout, so nothing is lost.
      var histograms = [[Int]](repeating: .init(repeating: 0, count: 256), count: channels)
      bytes.withUnsafeBufferPointer { bytes in
        for plane in 0..<count * channels {
          histograms[plane % channels].withUnsafeMutableBufferPointer { histogram in
            for i in plane * area..<(plane + 1) * area { histogram[Int(bytes[i])] += 1 }
          }
        }
      }
      for channel in 0..<channels {
        for (value, times) in histograms[channel].enumerated() {
          let x = Double(value) / 255
          sums[channel].first += Double(times) * x
          sums[channel].second += Double(times) * x * x
        }
      }
    case .floats(let images):
      images.withUnsafeElements { values in
        for i in values.indices {
          let x = Double(values[i])
          sums[i / area % channels].first += x
          sums[i / area % channels].second += x * x
        }
      }
    }
    let n = Double(max(count * area, 1))
    let mean = sums.map { $0.first / n }
    let variance = zip(sums, mean).map { max($0.second / n - $1 * $1, 0) }
    return Normalization(mean: mean, deviation: variance.map { $0 > 1e-12 ? $0.squareRoot() : 1 })
  }
}
