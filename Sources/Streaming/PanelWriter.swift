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
    let size = MemoryLayout<Scalar>.stride
    let line = Scratch<Scalar>(count: channels > 1 ? columns.count * channels : 0)
    try panel.withUnsafeElements { planes in
      for y in rows {
        let first = planes.baseAddress! + (y - row) * width + columns.lowerBound - column
        var source = first
        if channels > 1 {
          for c in 0..<channels {
            let plane = first + c * height * width
            for i in 0..<columns.count { line.base[i * channels + c] = plane[i] }
          }
          source = UnsafePointer(line.base)
        }
        let place = header.count + layout.place(row: y, column: columns.lowerBound) * size
        try file.write(UnsafeRawBufferPointer(start: source, count: columns.count * channels * size), at: place)
      }
    }
  }
}
