import SpectralCore

extension MatrixSweep {
  /// The calls of a product for a tile and a block of lanes.
  func calls(_ area: TileGrid.Area) -> Int {
    let runs = tiles.slides ? 1 : (area.count + tiles.run - 1) / tiles.run
    return residues.reduce(0) { $0 + $1.pieces.count } * runs
  }

  // MARK: Vectors across the lanes

  /// The sums of a job, a run of positions after the other.
  func multiply(_ job: Job, _ workspace: Workspace) {
    let vectors = tiles.vectors(job.block)
    let width = vectors * Scalar.vectorWidth
    let (pieces, bytes) = (job.residue.pieces, MemoryLayout<Scalar>.stride)
    for start in stride(from: 0, to: job.area.count, by: tiles.run) {
      let run = start..<min(job.area.count, start + tiles.run)
      for (index, piece) in pieces.enumerated() {
        if start == 0, index + 1 < pieces.count {
          // Filters that do not fit in the cache: the next ones.
          let next = pieces[index + 1]
          workspace.prefetch.add(
            PrefetchRegion(
              start: job.packed + next.lowerBound * width, stride: 0, pieces: 1, bytes: next.count * width * bytes))
        }
        if index + 1 == pieces.count, let target = target(run, job) { workspace.prefetch.add(target) }
        padded.withOffsets(job.area) { offsets in
          job.residue.terms.withUnsafeBufferPointer { terms in
            Scalar.kernels.pointee.indirect_product(
              workspace.results.base, workspace.tile.base, offsets + start, run.count,
              terms.baseAddress! + piece.lowerBound, piece.count, job.packed + piece.lowerBound * width, vectors,
              index > 0, workspace.prefetch.next())
          }
        }
      }
      store(run, job, workspace)
    }
  }

  /// Where the results of a run go, if that is one piece of memory for each lane.
  private func target(_ run: Range<Int>, _ job: Job) -> PrefetchRegion? {
    guard !tiles.scatters, job.area.columns.count == resultWidth else { return nil }
    let bytes = MemoryLayout<Scalar>.stride
    return PrefetchRegion(
      start: job.result + job.area.rows.lowerBound * resultWidth + run.lowerBound, stride: resultPlane * bytes,
      pieces: job.block.count, bytes: run.count * bytes)
  }

  /// Brings the sums of a run of positions to the result.
  private func store(_ run: Range<Int>, _ job: Job, _ workspace: Workspace) {
    let (results, pitch) = (workspace.results.base, tiles.vectors(job.block) * Scalar.vectorWidth)
    let (area, lanes, width) = (job.area, job.block.count, job.area.columns.count)
    if tiles.scatters {
      Scalar.kernels.pointee.unpack_lanes(workspace.folded.base, run.count, results, pitch, lanes, run.count, nil, 1, 0)
    } else if width == resultWidth {
      // Neighbouring rows of the tile are neighbours in the result.
      let first = job.result + area.rows.lowerBound * width + run.lowerBound
      return Scalar.kernels.pointee.unpack_lanes(first, resultPlane, results, pitch, lanes, run.count, job.bias, 1, 0)
    }
    var position = run.lowerBound
    while position < run.upperBound {
      let (row, column) = position.quotientAndRemainder(dividingBy: width)
      let end = min(run.upperBound, (row + 1) * width)
      let columns = area.columns.lowerBound + column..<area.columns.lowerBound + column + end - position
      if tiles.scatters {
        fold(
          workspace.folded.base + position - run.lowerBound, run.count, row: area.rows.lowerBound + row, columns, job)
      } else {
        let first = job.result + (area.rows.lowerBound + row) * resultWidth + columns.lowerBound
        Scalar.kernels.pointee.unpack_lanes(
          first, resultPlane, results + (position - run.lowerBound) * pitch, pitch, lanes, end - position, job.bias, 1,
          0)
      }
      position = end
    }
  }

  // MARK: Vectors along the columns

  func slide(_ job: Job, _ workspace: Workspace) {
    let (results, area, lanes) = (workspace.results.base, job.area, job.block.count)
    let flat = tiles.flatPositions(rows: area.rows.count, columns: area.columns.count)
    for piece in job.residue.pieces {
      job.residue.terms.withUnsafeBufferPointer { terms in
        Scalar.kernels.pointee.sliding_product(
          results, flat, job.packed + piece.lowerBound, tiles.terms, lanes, workspace.tile.base,
          terms.baseAddress! + piece.lowerBound, piece.count, flat, piece.lowerBound > 0, workspace.prefetch.next())
      }
    }
    if tiles.scatters {
      for (index, row) in area.rows.enumerated() {
        fold(results + index * grid.pitch, flat, row: row, area.columns, job)
      }
    } else {
      for lane in 0..<lanes {
        let first = job.result + lane * resultPlane + area.rows.lowerBound * resultWidth + area.columns.lowerBound
        Scalar.kernels.pointee.copy_rows(
          first, resultWidth, results + lane * flat, grid.pitch, area.rows.count, area.columns.count,
          Double(job.bias?[lane] ?? 0))
      }
    }
  }

  /// Adds a part of a row of each lane's sums to the pixels they belong to.
  private func fold(_ sums: UnsafePointer<Scalar>, _ pitch: Int, row: Int, _ columns: Range<Int>, _ job: Job) {
    guard let row = grid.vertical.target(job.residue.vertical, row) else { return }
    job.residue.columnTargets.withUnsafeBufferPointer { targets in
      for lane in 0..<job.block.count {
        Scalar.kernels.pointee.fold_row(
          job.result + lane * resultPlane + row * resultWidth, sums + lane * pitch, targets.baseAddress!, targets.count,
          columns.lowerBound, columns.count, 1)
      }
    }
  }
}
