import Foundation
import Layers
import Tensors

/// Writes panels of an image to their places in a file.
struct PanelWriter: Sendable {
  let file: PartialFile
  /// What stands before the first number.
  let header: Data
  let layout: ImageLayout

  /// Writes what stands before the numbers.
  func writeHeader() throws { try header.withUnsafeBytes { try file.write($0, at: 0) } }

  /// Writes a part of a panel.
  ///
  /// - Parameters:
  ///   - panel: `[C, 1, H, W]`, whose first pixel belongs to this place of the image.
  ///   - rows: Of the image, those to write; likewise `columns`.
  func write<Scalar: TensorScalar>(
    _ panel: Tensor<Scalar>, row: Int, column: Int, rows: Range<Int>, columns: Range<Int>
  ) throws {
    let (height, width, channels) = (panel.shape[2], panel.shape[3], layout.channels)
    try panel.withUnsafeElements { planes in
      let first = planes.baseAddress! + (rows.lowerBound - row) * width + columns.lowerBound - column
      if channels > 1 {
        try interleave(first, plane: height * width, pitch: width, rows: rows, columns: columns)
      } else if columns.count == layout.columns {
        // Whole rows of the image, one after another in the file too.
        try write(first, row: rows.lowerBound, column: 0, count: rows.count * columns.count)
      } else {
        for y in rows {
          try write(
            first + (y - rows.lowerBound) * width, row: y, column: columns.lowerBound, count: columns.count)
        }
      }
    }
  }

  /// Brings the channels of each pixel together, some rows at a time, and writes them.
  private func interleave<Scalar: TensorScalar>(
    _ first: UnsafePointer<Scalar>, plane: Int, pitch: Int, rows: Range<Int>, columns: Range<Int>
  ) throws {
    let channels = layout.channels
    let line = columns.count * channels
    let rowsAtOnce = columns.count == layout.columns ? max(1, Self.stagedNumbers / line) : 1
    let staged = Scratch<Scalar>(count: min(rowsAtOnce, rows.count) * line)
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: rowsAtOnce) {
      let end = min(start + rowsAtOnce, rows.upperBound)
      for y in start..<end {
        let target = staged.base + (y - start) * line
        for c in 0..<channels {
          let source = first + c * plane + (y - rows.lowerBound) * pitch
          for i in 0..<columns.count { target[i * channels + c] = source[i] }
        }
      }
      try write(staged.base, row: start, column: columns.lowerBound, count: (end - start) * line)
    }
  }

  /// Numbers that are brought together before they are written.
  static let stagedNumbers = 1 << 19

  private func write<Scalar: TensorScalar>(_ numbers: UnsafePointer<Scalar>, row: Int, column: Int, count: Int) throws {
    let size = MemoryLayout<Scalar>.stride
    let place = header.count + layout.place(row: row, column: column) * size
    try file.write(UnsafeRawBufferPointer(start: numbers, count: count * size), at: place)
  }
}
