import SpectralConvolution
import SpectralCore

/// The pixels of a panel that are no numbers (NaN).
///
/// One of them would poison every output of its transform, and the Fourier method then adds its terms one by one. That
/// is slow for the holes and margins that large images have, and takes memory. But what a NaN spoils is a box of the
/// kernel's size, whatever the kernel: so zeros take their place, and the boxes are filled afterwards.
struct MissingPixels: Sendable {
  /// Slices, rows and columns of a block.
  private let extents: [Int]
  /// A bit for each pixel, rows padded to whole words.
  private var bits: [UInt64]
  private var wordsPerRow: Int { (extents[2] + 63) / 64 }

  /// Finds what is missing in a panel of blocks of these slices, rows and columns, and puts zeros there; nil if nothing is.
  init?<Scalar: TensorScalar>(takenFrom panel: inout Tensor<Scalar>, extents: [Int]) {
    self.extents = extents
    let columns = extents[2]
    let (rows, words) = (panel.count / columns, (columns + 63) / 64)
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
  /// - Parameters:
  ///   - output: The convolution of the panel, block after block.
  ///   - kernel: The taps along slices, rows and columns.
  func spoil<Scalar: TensorScalar>(_ output: inout Tensor<Scalar>, kernel: [Int]) {
    let words = extents[1] * wordsPerRow
    let kept = (0..<3).map { extents[$0] - kernel[$0] + 1 }
    let (rows, columns) = (kept[1], kept[2])
    output.withUnsafeMutableElements { y in
      for slice in 0..<y.count / (rows * columns) {
        let (block, z) = slice.quotientAndRemainder(dividingBy: kept[0])
        // What is missing in any of the slices that this one sees.
        let first = (block * extents[0] + z) * words
        var seen = Array(bits[first..<first + words])
        for tap in 1..<max(kernel[0], 1) {
          for word in seen.indices { seen[word] |= bits[first + tap * words + word] }
        }
        guard seen.contains(where: { $0 != 0 }) else { continue }
        // The last row in which a window of the kernel's width at this column has something missing.
        var last = [Int](repeating: -1, count: columns)
        for row in 0..<extents[1] {
          mark(&last, row: row, of: seen, window: kernel[2])
          let outputRow = row - kernel[1] + 1
          guard outputRow >= 0 else { continue }
          let target = y.baseAddress! + (slice * rows + outputRow) * columns
          for column in 0..<columns where last[column] >= outputRow { target[column] = .nan }
        }
      }
    }
  }

  /// Sets `last` to `row` at the columns whose window has something missing in that row.
  private func mark(_ last: inout [Int], row: Int, of bits: [UInt64], window: Int) {
    let first = row * wordsPerRow
    guard bits[first..<first + wordsPerRow].contains(where: { $0 != 0 }) else { return }
    func isMissing(_ column: Int) -> Bool { bits[first + column / 64] >> UInt64(column % 64) & 1 == 1 }
    var end = -1
    // The last missing pixel that the window has come to.
    for column in 0..<extents[2] {
      if isMissing(column) { end = column }
      let start = column - window + 1
      if start >= 0 && end >= start { last[start] = row }
    }
  }
}
