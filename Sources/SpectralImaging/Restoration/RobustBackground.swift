/// The middle of some numbers and how far they usually are from it, neither of which a few outliers can move.
struct RobustBackground: Sendable {
  /// The median.
  let level: Float
  /// 1.4826 times the median distance from the median: the standard deviation, if the numbers are normal.
  let deviation: Float

  /// The least deviation of the logarithm of a spectrum's power: that of noise, whose power has an exponential
  /// distribution. 1.4826 times the median of |ln(E / ln 2)| is 1.13 for it; a spectrum that varies less is averaged or
  /// synthetic, and its slightest bump is no wave.
  static let leastDeviation: Float = 1.13

  /// - Parameter values: At least one; they are reordered.
  init(_ values: inout [Float]) {
    let median = Self.median(&values)
    for i in values.indices { values[i] = abs(values[i] - median) }
    level = median
    deviation = max(1.4826 * Self.median(&values), Self.leastDeviation)
  }

  /// How many deviations a value is above the level.
  func excess(_ value: Float) -> Float { (value - level) / deviation }

  /// The upper of the two middle numbers, by Hoare's selection.
  static func median(_ values: inout [Float]) -> Float {
    let target = values.count / 2
    return values.withUnsafeMutableBufferPointer { v in
      var (low, high) = (0, v.count - 1)
      while low < high {
        let pivot = v[(low + high) / 2]
        var (i, j) = (low, high)
        while i <= j {
          while v[i] < pivot { i += 1 }
          while v[j] > pivot { j -= 1 }
          guard i <= j else { break }
          v.swapAt(i, j)
          i += 1
          j -= 1
        }
        if target <= j {
          high = j
        } else if target >= i {
          low = i
        } else {
          break
        }
      }
      return v[target]
    }
  }
}
