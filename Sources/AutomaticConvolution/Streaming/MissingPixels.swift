import SpectralConvolution
import SpectralCore

/// The pixels of a panel that are no numbers (NaN).
///
/// One of them would poison every output of its transform, and the Fourier method then adds its terms one by one. That
/// is slow for the holes and margins that large images have, and takes memory. But what a NaN spoils is a box of the
/// kernel's size, whatever the kernel: so zeros take their place, and the boxes are filled afterwards.
struct MissingPixels: Sendable {
  private let width: Int
  private let height: Int
  /// A bit for each pixel, rows padded to whole words.
  private var bits: [UInt64]
  private var wordsPerRow: Int { (width + 63) / 64 }

  /// Finds what is missing in a panel `[C, 1, H, W]` and puts zeros there; nil if nothing is.
  init?<Scalar: TensorScalar>(takenFrom panel: inout Tensor<Scalar>) {
    (height, width) = (panel.shape[2], panel.shape[3])
    let (rows, columns) = (panel.shape[0] * height, width)
    let words = (columns + 63) / 64
    var bits = [UInt64](repeating: 0, count: rows * words)
    panel.withUnsafeMutableElements { x in
      for row in 0..<rows {
        for column in 0..<columns where x[row * columns + column].isNaN {
          x[row * columns + column] = 0
          bits[row * words + column / 64] |= 1 << UInt64(column % 64)
        }
      }
    }
    guard bits.contains(where: { $0 != 0 }) else { return nil }
    self.bits = bits
  }

  /// Fills what the missing pixels spoil.
  ///
  /// - Parameter output: `[C, 1, H - kH + 1, W - kW + 1]`, the convolution of the panel with a kernel of this size.
  func spoil<Scalar: TensorScalar>(_ output: inout Tensor<Scalar>, kernel: Extent) {
    let (channels, rows, columns) = (output.shape[0], output.shape[2], output.shape[3])
    output.withUnsafeMutableElements { y in
      for c in 0..<channels {
        // The last row of the panel in which a window of the kernel's width at this column has something missing.
        var last = [Int](repeating: -1, count: columns)
        for row in 0..<height {
          mark(&last, row: row, of: c, window: kernel.width)
          let outputRow = row - kernel.height + 1
          guard outputRow >= 0 else { continue }
          let target = y.baseAddress! + (c * rows + outputRow) * columns
          for column in 0..<columns where last[column] >= outputRow { target[column] = .nan }
        }
      }
    }
  }

  /// Sets `last` to `row` at the columns whose window has something missing in that row.
  private func mark(_ last: inout [Int], row: Int, of channel: Int, window: Int) {
    let first = (channel * height + row) * wordsPerRow
    guard bits[first..<first + wordsPerRow].contains(where: { $0 != 0 }) else { return }
    func isMissing(_ column: Int) -> Bool { bits[first + column / 64] >> UInt64(column % 64) & 1 == 1 }
    var end = -1
    // The last missing pixel that the window has come to.
    for column in 0..<width {
      if isMissing(column) { end = column }
      let start = column - window + 1
      if start >= 0 && end >= start { last[start] = row }
    }
  }
}
