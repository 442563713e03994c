import SpectralCore

/// A response drawn as a picture: frequency 0 in the middle, at row h/2 and column w/2 (halves rounded down).
public struct FilterMask: Sendable {
  /// The response at the pixels, `[h, w]`.
  public let values: Tensor<Double>
  /// How far the picture is from its mirror image through frequency 0, at most: 0 if the mask is symmetric.
  ///
  /// A real image has the same waves at (fx, fy) and at (-fx, -fy), so a filter of it has one response for both, and the
  /// mean of the two is taken.
  public let asymmetry: Double

  /// A mask.
  ///
  /// - Parameter values: `[h, w]`, or `[1, h, w]` as the pixels of a grey image.
  /// - Throws: ``FrequencyFilterError`` if there are no pixels, several planes, or numbers that are not finite.
  public init(_ values: Tensor<some TensorScalar>) throws(FrequencyFilterError) {
    let shape = values.shape
    guard shape.rank >= 2, shape.count > 0, shape.count == shape[-2] * shape[-1] else {
      throw FrequencyFilterError("a mask is one plane h x w of numbers, not \(shape)")
    }
    guard values.isFinite else { throw FrequencyFilterError("the mask holds NaN or infinity: mend it first") }
    let (h, w) = (shape[-2], shape[-1])
    self.values = values.converted(to: Double.self).reshaped(to: [h, w])
    asymmetry = self.values.withUnsafeElements { m in
      nonisolated(unsafe) let m = m
      let largest = Tensor<Double>([h]) { largest in
        nonisolated(unsafe) let largest = largest
        Parallel.forEach(h, grain: max(1, 1 << 15 / w)) { y in
          // Row y stands for the frequency (y - h/2) / h, so its mirror image is row 2 (h/2) - y, modulo h.
          let (line, mirrored) = (y * w, (2 * (h / 2) - y + h) % h * w)
          // Of an even width, the first column is its own mirror image.
          let turn = 2 * (w / 2)
          var most = 0.0
          for x in 0..<w { most = max(most, abs(m[line + x] - m[mirrored + (turn - x < w ? turn - x : x)])) }
          largest[y] = most
        }
      }
      return largest.maximumMagnitude
    }
  }

  /// Between which two pixels of an axis a frequency lies, and how far it is from the first to the second. The axis is a
  /// circle: beyond the last pixel is the first.
  static func place(_ frequency: Double, _ count: Int) -> (first: Int, second: Int, weight: Double) {
    let position = frequency * Double(count) + Double(count / 2)
    // Rounding may leave an exact pixel a hair to one side of itself.
    let nearest = position.rounded()
    let exact = abs(position - nearest) < 1e-9 ? nearest : position
    let floor = exact.rounded(.down)
    let first = ((Int(floor) % count) + count) % count
    return (first, (first + 1) % count, exact - floor)
  }

  func value(_ fx: Double, _ fy: Double) -> Double {
    let (h, w) = (values.shape[0], values.shape[1])
    return values.withUnsafeElements { Self.between($0, w, Self.place(fy, h), Self.place(fx, w)) }
  }

  /// The response between four pixels of a mask of so many columns.
  @inline(__always)
  static func between(
    _ m: UnsafeBufferPointer<Double>, _ columns: Int, _ row: (first: Int, second: Int, weight: Double),
    _ column: (first: Int, second: Int, weight: Double)
  ) -> Double {
    func along(_ y: Int) -> Double {
      let (a, b) = (m[y * columns + column.first], m[y * columns + column.second])
      return a + column.weight * (b - a)
    }
    let (a, b) = (along(row.first), along(row.second))
    return a + row.weight * (b - a)
  }
}
