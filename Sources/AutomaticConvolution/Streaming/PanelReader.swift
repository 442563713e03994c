import SpectralConvolution
import SpectralCore

/// Reads blocks of an array with everything around them that their outputs see.
struct PanelReader<Scalar: TensorScalar>: Sendable {
  let file: NumPyReader
  let layout: ArrayLayout
  let boundary: Boundary
  /// Slices, rows and columns of a block, halo included.
  let size: [Int]
  /// The shape of a panel: block after block, channel after channel.
  let shape: TensorShape

  /// Numbers that are read at once where rows are short, and stand next to each other in the file.
  private static var stagedNumbers: Int { 1 << 16 }
  /// Shorter rows than this many numbers are not worth a call of the system each.
  private static var shortRow: Int { 4096 }

  /// Numbers of the file's rows that are held aside while blocks of this size are read.
  static func lineCount(_ layout: ArrayLayout, _ size: [Int]) -> Int {
    let row = layout.extents[2] * layout.channelsTogether
    return max(
      size[2] * layout.channelsTogether, row <= shortRow ? min(max(stagedNumbers, row), size[1] * row) : 0)
  }

  private var width: Int { size[2] }
  private var plane: Int { size[1] * size[2] }
  /// Numbers from one channel of a block to the next.
  private var volume: Int { size[0] * plane }
  /// What stands beyond the border where no pixel does.
  private var constant: Scalar { Scalar(boundary.value) }

  /// Blocks whose first pixels stand at these slices, rows and columns of the array, or beyond.
  ///
  /// - Returns: The pixels, and whether all of them are finite.
  /// - Throws: ``FileError``.
  func read(_ corners: [[Int]]) throws -> (pixels: Tensor<Scalar>, isFinite: Bool) {
    let together = layout.channelsTogether
    var work = Work(line: Scratch(count: Self.lineCount(layout, size)))
    let pixels = try Tensor<Scalar>(shape) { panel in
      var block = panel.baseAddress!
      for corner in corners {
        let gather = RowGather(first: corner[2], width: width, columns: layout.extents[2], boundary: boundary)
        for group in 0..<layout.groups {
          try read(group, corner, gather, to: block, &work)
          block += together * volume
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
    _ group: Int, _ corner: [Int], _ gather: RowGather, to block: UnsafeMutablePointer<Scalar>, _ work: inout Work
  ) throws {
    let asides = gather.asideCount * layout.channelsTogether
    if work.aside.count < asides { work.aside = Scratch(count: asides) }
    let (first, row) = (corner[0], corner[1])
    try forEach(first, of: 0, in: block, step: plane) { slice, target in
      try readSlice(group, slice, row, gather, to: target, &work)
    }
  }

  /// Reads one slice, and completes it.
  private func readSlice(
    _ group: Int, _ slice: Int, _ row: Int, _ gather: RowGather, to target: UnsafeMutablePointer<Scalar>,
    _ work: inout Work
  ) throws {
    let numbers = gather.inside.count * layout.channelsTogether
    let isWhole = gather.inside.count == layout.extents[2]
    let rowsAtOnce = isWhole ? max(1, work.line.count / max(numbers, 1)) : 1
    // Rows that stand together in the file, of which several are read at a time.
    var held = 0..<0
    try forEach(row, of: 1, in: target, step: width) { y, target in
      guard rowsAtOnce > 1 else { return try readRow(group, slice, y, gather, to: target, &work) }
      if !held.contains(y) {
        held = y..<max(y + 1, min(y + rowsAtOnce, row + size[1], layout.extents[1]))
        try read(group, slice, y, 0, count: held.count * numbers, to: work.line.base, &work)
      }
      place(work.line.base + (y - held.lowerBound) * numbers, target, gather, work)
    }
  }

  /// Calls `body` for the places of a block along an axis, slices or rows, with what stands there in the array; those inside
  /// the array first. What lies beyond repeats what has been read where it can, and is filled where nothing stands.
  ///
  /// - Parameters:
  ///   - first: Where the first place stands in the array, or beyond.
  ///   - step: The numbers from one place to the next.
  private func forEach(
    _ first: Int, of axis: Int, in target: UnsafeMutablePointer<Scalar>, step: Int,
    _ body: (_ source: Int, _ target: UnsafeMutablePointer<Scalar>) throws -> Void
  ) rethrows {
    let (count, total) = (size[axis], layout.extents[axis])
    let inside = max(0, -first)..<min(count, total - first)
    for place in inside { try body(first + place, target + place * step) }
    for place in [0..<inside.lowerBound, inside.upperBound..<count].joined() {
      let target = target + place * step
      if let source = boundary.source(of: first + place, count: total) {
        let held = source - first
        guard inside.contains(held) else {
          try body(source, target)
          continue
        }
        for c in 0..<layout.channelsTogether {
          (target + c * volume).update(from: target + c * volume + (held - place) * step, count: step)
        }
      } else {
        for c in 0..<layout.channelsTogether { (target + c * volume).update(repeating: constant, count: step) }
      }
    }
  }

  /// Reads one row, and completes it.
  private func readRow(
    _ group: Int, _ slice: Int, _ row: Int, _ gather: RowGather, to target: UnsafeMutablePointer<Scalar>,
    _ work: inout Work
  ) throws {
    let together = layout.channelsTogether
    var place = work.aside.base
    for columns in gather.asides {
      try read(group, slice, row, columns.lowerBound, count: columns.count * together, to: place, &work)
      place += columns.count * together
    }
    let (first, count) = (gather.inside.lowerBound, gather.inside.count * together)
    if together == 1 {
      try read(group, slice, row, first, count: count, to: target + gather.offset, &work)
      complete(target, gather, work.aside.base)
    } else {
      try read(group, slice, row, first, count: count, to: work.line.base, &work)
      self.place(work.line.base, target, gather, work)
    }
  }

  /// Reads numbers as the file has them.
  private func read(
    _ group: Int, _ slice: Int, _ row: Int, _ column: Int, count: Int, to target: UnsafeMutablePointer<Scalar>,
    _ work: inout Work
  ) throws {
    let first = layout.place(group: group, slice: slice, row: row, column: column)
    try file.read(first..<first + count, to: target, buffer: &work.bytes)
    // Now, while they are in the cache.
    work.isFinite = work.isFinite && allFinite(UnsafeBufferPointer(start: target, count: count))
  }

  /// Brings the pixels of a row to where they belong, the channels apart, and completes it.
  private func place(
    _ pixels: UnsafePointer<Scalar>, _ target: UnsafeMutablePointer<Scalar>, _ gather: RowGather, _ work: Work
  ) {
    let (together, count) = (layout.channelsTogether, gather.inside.count)
    for c in 0..<together {
      let row = target + c * volume
      let inside = row + gather.offset
      for i in 0..<count { inside[i] = pixels[i * together + c] }
      complete(row, gather, work.aside.base + c)
    }
  }

  /// Fills what lies beyond the array.
  private func complete(_ row: UnsafeMutablePointer<Scalar>, _ gather: RowGather, _ aside: UnsafePointer<Scalar>) {
    for run in gather.repeats {
      for i in 0..<run.count { row[run.target + i] = row[run.source + run.step * i] }
    }
    for run in gather.fromAsides {
      for i in 0..<run.count { row[run.target + i] = aside[(run.source + run.step * i) * layout.channelsTogether] }
    }
    for places in gather.constants { (row + places.lowerBound).update(repeating: constant, count: places.count) }
  }

  /// Drops a stretch of an axis, whole along the others, from the system's cache, unless it was there before.
  func dropFromCache(_ range: Range<Int>, axis: Int) {
    let extents = layout.extents
    let range = range.clamped(to: 0..<extents[axis])
    guard !range.isEmpty else { return }
    let outer = extents[..<axis].reduce(layout.groups, *)
    let inner = extents[(axis + 1)...].reduce(layout.channelsTogether, *)
    for index in 0..<outer {
      let first = index * extents[axis]
      file.dropFromCache((first + range.lowerBound) * inner..<(first + range.upperBound) * inner)
    }
  }
}
