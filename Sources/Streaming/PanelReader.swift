import Layers
import Tensors

/// Reads panels of an image with everything around them that their outputs see.
struct PanelReader<Scalar: TensorScalar>: Sendable {
  let file: NumPyReader
  let layout: ImageLayout
  let boundary: Boundary
  /// Rows and columns of a panel, halo included.
  let size: Extent

  /// A panel `[C, 1, H, W]` whose first pixel stands at this row and column of the image, or beyond.
  ///
  /// - Returns: The pixels, and whether all of them are finite.
  /// - Throws: ``FileError``.
  func read(row: Int, column: Int) throws -> (pixels: Tensor<Scalar>, isFinite: Bool) {
    let gather = RowGather(first: column, width: size.width, columns: layout.columns, boundary: boundary)
    let channels = layout.channels
    // Numbers of a row as the file has them, where they cannot be read to where they belong.
    let line = Scratch<Scalar>(count: channels > 1 ? gather.inside.count * channels : 0)
    let aside = Scratch<Scalar>(count: gather.asideCount * channels)
    var bytes: [UInt8] = []
    var isFinite = true
    let pixels = try Tensor<Scalar>([channels, 1, size.height, size.width]) { panel in
      let planes = panel.baseAddress!
      let plane = size.height * size.width
      for y in 0..<size.height {
        let target = planes + y * size.width
        guard let source = boundary.source(of: row + y, count: layout.rows) else {
          for c in 0..<channels { (target + c * plane).initialize(repeating: 0, count: size.width) }
          continue
        }
        func read(_ columns: Range<Int>, to place: UnsafeMutablePointer<Scalar>) throws {
          let first = layout.place(row: source, column: columns.lowerBound)
          try file.read(first..<first + columns.count * channels, to: place, buffer: &bytes)
          // Now, while the row is in the cache.
          isFinite = isFinite && allFinite(UnsafeBufferPointer(start: place, count: columns.count * channels))
        }
        if channels == 1 {
          try read(gather.inside, to: target + gather.offset)
        } else {
          try read(gather.inside, to: line.base)
          separate(line.base, gather.inside.count, to: target + gather.offset, plane: plane)
        }
        var place = aside.base
        for columns in gather.asides {
          try read(columns, to: place)
          place += columns.count * channels
        }
        for c in 0..<channels { complete(target + c * plane, gather, aside.base + c) }
      }
    }
    return (pixels, isFinite)
  }

  /// Drops rows from the system's cache, unless they were there before.
  func dropFromCache(rows: Range<Int>) {
    let rows = rows.clamped(to: 0..<layout.rows)
    file.dropFromCache(
      layout.place(row: rows.lowerBound, column: 0)..<layout.place(row: rows.upperBound, column: 0))
  }

  /// Takes the channels of pixels apart.
  private func separate(
    _ pixels: UnsafePointer<Scalar>, _ count: Int, to planes: UnsafeMutablePointer<Scalar>, plane: Int
  ) {
    for c in 0..<layout.channels {
      let target = planes + c * plane
      for i in 0..<count { target[i] = pixels[i * layout.channels + c] }
    }
  }

  /// Fills what lies beyond the image.
  private func complete(_ row: UnsafeMutablePointer<Scalar>, _ gather: RowGather, _ aside: UnsafePointer<Scalar>) {
    for place in gather.repeats { row[Int(place.target)] = row[Int(place.source)] }
    for place in gather.fromAsides { row[Int(place.target)] = aside[Int(place.source) * layout.channels] }
    for place in gather.zeros { row[Int(place)] = 0 }
  }
}
