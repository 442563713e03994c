import CKernels
import SpectralConvolution

extension WindowTiles {
  /// The seconds of a pass: products, copies of rows into bands and back, and what tables and calls take.
  var cost: CostEstimate {
    let isGradient = pass == .filterGradient
    let bands = (vertical.positions + rows - 1) / rows
    let (kernel, width, tableEntry) = (problem.vertical.kernel, problem.horizontal.kernel, DirectCost.tableEntry)
    let resultBlocks = isShared ? 1 : results
    // Bands of which a plane needs several are filled again for every block of results, but in the filter gradient.
    let bandRows =
      Double(unitBlocks * terms) * Double(bands > 1 && !isGradient ? resultBlocks : 1) * Double(bands)
      * Double(min(bandHeight, rows * kernel))
    let (down, along) = (vertical.residues.count, columns.residues.count)
    let columnBlocks =
      isGradient
      ? (width + Scalar.windowVectors - 1) / Scalar.windowVectors
      : columns.residues.reduce(0) { $0 + $1.blocks.count }
    let targetRuns = columns.residues.reduce(0) { $0 + $1.targets.count }
    let (passes, blockPasses) = (Double(unitBlocks * results), Double(unitBlocks * resultBlocks))
    let (steps, sumRows) = (terms * problem.vertical.output * kernel, vertical.positions * down)
    return [
      "start": DirectCost.start,
      "products": productCycles / 2.7e9,
      "copies": bandRows * Double(columns.pitch) * (isGradient ? 0.1e-9 : 0.15e-9),
      "runs": bandRows * Double(columns.runs.count) * (isInterleaved ? 6e-9 : 2.5e-9),
      "steps": blockPasses * Double(steps * columnBlocks) * (isGradient ? 1e-9 : 0.3e-9),
      "taps": isGradient ? passes * Double(steps * width) * 0.5e-9 : 0,
      "calls": isGradient ? 0 : passes * Double(along * sumRows) * 2e-8,
      "scatters": scatters
        ? passes * Double(sumRows) * (Double(horizontal.positions * along) * 1.3e-9 + Double(targetRuns) * 2e-9) : 0,
      "residues": isGradient ? 0 : Double(down * along) * 1.6e-6,
      "entries": Double(sumRows + steps + (scatters ? horizontal.positions * along : 0) + columns.runs.count)
        * tableEntry,
      // Each part clears and adds up its sums.
      "sums": isGradient ? Double(parts) * Double(blocks * sumCount) * 0.6e-9 : 0,
    ]
  }

  /// Blocks of units of the whole batch.
  private var unitBlocks: Int { pass == .filterGradient ? imageBlocks * blocks : blocks }

  /// Cycles of products, and of memory.
  private var productCycles: Double {
    let (isGradient, lanes, axis) = (pass == .filterGradient, Scalar.vectorWidth, problem.vertical)
    // Rows of zeros pass by no sum, and columns of them as few as there are in a block.
    let rows = problem.geometry.boundary == .zero ? min(axis.output, axis.input) : axis.output
    func vectors(_ columns: Int) -> Int { isInterleaved ? columns : (columns + lanes - 1) / lanes }
    var columnProducts = 0
    if isGradient { columnProducts = vectors(problem.horizontal.output) * problem.horizontal.kernel }
    for residue in isGradient ? [] : columns.residues {
      for block in UnsafeBufferPointer(start: residue.blocks.base, count: residue.blocks.count) {
        columnProducts += vectors(Int(block.columns)) * Int(block.end_tap - block.first_tap)
      }
    }
    // Two multiply-adds a cycle, less what loads and short rows cost, or the latency of four where too few sums are in
    // registers beside each other.
    let rowsApart = isGradient ? axis.stride : axis.dilation
    let rowsTogether =
      isShared && !isGradient
      ? min(SK_WINDOW_ROWS, results) : min(SK_WINDOW_ROWS, max(1, (isGradient ? axis.kernel : axis.output) / rowsApart))
    let columnsTogether = isGradient ? problem.horizontal.kernel : vectors(columns.positions)
    let sums = rowsTogether * max(1, min(Scalar.windowVectors, columnsTogether))
    var cycles = sums < 4 ? 4 / Double(sums) : 0.5
    if !isInterleaved {
      // Pixels of a plain band begin anywhere in a line of the cache, so a load takes two cycles; as many rows of sums share
      // it as there are taps down a kernel.
      cycles = 1.1 * max(cycles, 2 / Double(isGradient ? rowsTogether : min(rowsTogether, axis.kernel)))
    }
    let products = Double(rows * axis.kernel) * Double(columnProducts * results * terms)
    let copied = Double(problem.inputShape.count + problem.outputShape.count) / Double(lanes)
    let idle = Double(unitBlocks * self.lanes) / Double(max(1, units))
    return Double(unitBlocks) * (products * cycles + (isInterleaved ? 3000 : 1500))
      + copied * ((isInterleaved ? 2.5 * idle : 1.5) + 10.4)
  }
}
