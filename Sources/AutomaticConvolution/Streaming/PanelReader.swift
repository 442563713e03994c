import SpectralConvolution
import SpectralCore

/// Reads blocks of an image with everything around them that their outputs see.
struct PanelReader<Scalar: TensorScalar>: Sendable {
  let file: NumPyReader
  let layout: ImageLayout
  let boundary: Boundary
  /// Rows and columns of a block, halo included.
  let size: Extent

  /// Numbers that are read at once where rows are short, and stand next to each other in the file.
  private static var stagedNumbers: Int { 1 << 16 }
  /// Shorter rows than this many numbers are not worth a call of the system each.
  private static var shortRow: Int { 4096 }

  /// Numbers of the file's rows that are held aside while blocks of this size are read.
  static func lineCount(_ layout: ImageLayout, _ size: Extent) -> Int {
    let row = layout.columns * layout.channelsTogether
    return max(
      size.width * layout.channelsTogether, row <= shortRow ? min(max(stagedNumbers, row), size.height * row) : 0)
  }

  /// Blocks `[N * C, 1, H, W]` whose first pixels stand at these rows and columns of the image, or beyond.
  ///
  /// - Returns: The pixels, and whether all of them are finite.
  /// - Throws: ``FileError``.
  func read(_ corners: [(row: Int, column: Int)]) throws -> (pixels: Tensor<Scalar>, isFinite: Bool) {
    let together = layout.channelsTogether
    var work = Work(line: Scratch(count: Self.lineCount(layout, size)))
    let pixels = try Tensor<Scalar>([corners.count * layout.channels, 1, size.height, size.width]) { panel in
      var block = panel.baseAddress!
      for corner in corners {
        let gather = RowGather(
          first: corner.column, width: size.width, columns: layout.columns, boundary: boundary)
        for group in 0..<layout.groups {
          try read(group, row: corner.row, gather, to: block, &work)
          block += together * size.height * size.width
        }
      }
    }
    return (pixels, work.isFinite)
  }

  /// What reading works in.
  private struct Work {
    /// Numbers as the file has them, where they cannot be read to where they belong.
    let line: Scratch<Scalar>
    var aside = Scratch<Scalar>(count: 0)
    var bytes: [UInt8] = []
    var isFinite = true
  }

  /// Reads the channels of a block that stand together.
  private func read(
    _ group: Int, row: Int, _ gather: RowGather, to block: UnsafeMutablePointer<Scalar>, _ work: inout Work
  ) throws {
    let (width, plane, together) = (size.width, size.height * size.width, layout.channelsTogether)
    let numbers = gather.inside.count * together
    if work.aside.count < gather.asideCount * together { work.aside = Scratch(count: gather.asideCount * together) }
    let inside = max(0, -row)..<min(size.height, layout.rows - row)
    let isWhole = gather.inside.count == layout.columns
    let rowsAtOnce = isWhole ? max(1, work.line.count / max(numbers, 1)) : 1
    if isWhole && rowsAtOnce > 1 {
      for first in stride(from: inside.lowerBound, to: inside.upperBound, by: rowsAtOnce) {
        let count = min(rowsAtOnce, inside.upperBound - first)
        try read(group, row + first, 0, count: count * numbers, to: work.line.base, &work)
        for i in 0..<count { place(work.line.base + i * numbers, block + (first + i) * width, gather, work) }
      }
    } else {
      for y in inside { try readRow(group, row + y, gather, to: block + y * width, &work) }
    }
    for y in [0..<inside.lowerBound, inside.upperBound..<size.height].joined() {
      guard let source = boundary.source(of: row + y, count: layout.rows) else {
        for c in 0..<together { (block + c * plane + y * width).update(repeating: 0, count: width) }
        continue
      }
      if inside.contains(source - row) {
        // As it has been read already.
        for c in 0..<together {
          (block + c * plane + y * width).update(from: block + c * plane + (source - row) * width, count: width)
        }
      } else {
        try readRow(group, source, gather, to: block + y * width, &work)
      }
    }
  }

  /// Reads one row, and completes it.
  private func readRow(
    _ group: Int, _ row: Int, _ gather: RowGather, to target: UnsafeMutablePointer<Scalar>, _ work: inout Work
  ) throws {
    let together = layout.channelsTogether
    var place = work.aside.base
    for columns in gather.asides {
      try read(group, row, columns.lowerBound, count: columns.count * together, to: place, &work)
      place += columns.count * together
    }
    if together == 1 {
      try read(
        group, row, gather.inside.lowerBound, count: gather.inside.count, to: target + gather.offset, &work)
      complete(target, gather, work.aside.base)
    } else {
      try read(
        group, row, gather.inside.lowerBound, count: gather.inside.count * together, to: work.line.base, &work)
      self.place(work.line.base, target, gather, work)
    }
  }

  /// Reads numbers as the file has them.
  private func read(
    _ group: Int, _ row: Int, _ column: Int, count: Int, to target: UnsafeMutablePointer<Scalar>, _ work: inout Work
  ) throws {
    let first = layout.place(group: group, row: row, column: column)
    try file.read(first..<first + count, to: target, buffer: &work.bytes)
    // Now, while they are in the cache.
    work.isFinite = work.isFinite && allFinite(UnsafeBufferPointer(start: target, count: count))
  }

  /// Brings the pixels of a row to where they belong, the channels apart, and completes it.
  private func place(
    _ pixels: UnsafePointer<Scalar>, _ target: UnsafeMutablePointer<Scalar>, _ gather: RowGather, _ work: Work
  ) {
    let (together, plane, count) = (layout.channelsTogether, size.height * size.width, gather.inside.count)
    for c in 0..<together {
      let row = target + c * plane
      let inside = row + gather.offset
      for i in 0..<count { inside[i] = pixels[i * together + c] }
      complete(row, gather, work.aside.base + c)
    }
  }

  /// Fills what lies beyond the image.
  private func complete(_ row: UnsafeMutablePointer<Scalar>, _ gather: RowGather, _ aside: UnsafePointer<Scalar>) {
    for run in gather.repeats {
      for i in 0..<run.count { row[run.target + i] = row[run.source + run.step * i] }
    }
    for run in gather.fromAsides {
      for i in 0..<run.count { row[run.target + i] = aside[(run.source + run.step * i) * layout.channelsTogether] }
    }
    for places in gather.zeros { (row + places.lowerBound).update(repeating: 0, count: places.count) }
  }

  /// Drops columns of some rows from the system's cache, unless they were there before.
  func dropFromCache(rows: Range<Int>, columns: Range<Int>) {
    let (rows, columns) = (rows.clamped(to: 0..<layout.rows), columns.clamped(to: 0..<layout.columns))
    func drop(_ group: Int, _ first: Int, _ last: Int) {
      file.dropFromCache(
        layout.place(
          group: group, row: first, column: columns.lowerBound)..<layout.place(
            group: group, row: last, column: columns.upperBound))
    }
    guard !rows.isEmpty else { return }
    for group in 0..<layout.groups {
      if columns.count == layout.columns {
        drop(group, rows.lowerBound, rows.upperBound - 1)
      } else {
        for row in rows { drop(group, row, row) }
      }
    }
  }
}
