import CKernels
import SpectralConvolution
import SpectralCore

/// A pass of the direct method for single planes: depthwise convolutions, images with one kernel, and whatever else has
/// too few channels for a matrix product.
///
/// Rows of the operand are copied into a band that has the columns which the boundary adds; from there every vector of
/// pixels meets all rows of sums that see it while it is in a register (`windows.h`).
struct WindowSweep<Scalar: TensorScalar> {
  let tiles: WindowTiles<Scalar>
  private let rows: WindowRows
  private let parts: [Part]
  /// How often the steps of each band are taken.
  private let stepCounts: [Int]

  /// A residue of the rows with one of the columns.
  private struct Part {
    let vertical: Int
    let horizontal: Int
    /// The taps in the order in which the bank has them.
    let taps: Scratch<sk_column_run>
    let tapCount: Int
    let tapsBefore: Int
    let shape: sk_window_shape
  }

  private var problem: ConvolutionProblem { tiles.problem }
  private var columns: WindowColumns { tiles.columns }
  private var isForward: Bool { tiles.pass == .forward }
  private var operand: GroupPlanes { problem.operand(tiles.pass) }
  private var result: GroupPlanes { problem.result(tiles.pass) }

  init(_ tiles: WindowTiles<Scalar>) {
    self.tiles = tiles
    let (problem, columns, lanes) = (tiles.problem, tiles.columns, tiles.lanes)
    // As filters are stored, those that an input gradient sums lie as far apart as a group has results.
    let between = tiles.needsNoPacking && tiles.pass == .inputGradient ? tiles.results : 1
    let rows = WindowRows(
      tiles.vertical, terms: tiles.terms, filterDistance: between, rowsAtOnce: tiles.rows)
    self.rows = rows
    let direct = !tiles.isInterleaved && !tiles.scatters
    let width = problem.result(tiles.pass).width
    stepCounts = rows.bands.map { band in
      let steps = band.blocks.reduce(0) { $0 + $1.reduce(0) { $0 + $1.steps.count } }
      return tiles.results * steps * columns.residues.reduce(0) { $0 + $1.ranges.count / 2 }
    }
    var tapsBefore = 0
    parts = rows.taps.indices.flatMap { v in
      columns.residues.indices.map { h in
        let (down, along) = (rows.taps[v], columns.residues[h].taps)
        let taps = down.indices.flatMap { y in along.indices.map { y * problem.horizontal.kernel + $0 } }
        defer { tapsBefore += taps.count }
        let pitch = along.count * lanes
        let shape = sk_window_shape(
          interleaved: tiles.isInterleaved ? 1 : 0, columns: columns.positions, column_step: columns.columnStep,
          sum_pitch: direct ? down.distance * width : tiles.sumPitch, pixel_pitch: columns.pitch,
          weight_pitch: pitch, weight_step: (down.ascends ? -1 : 1) * down.tapShift * pitch,
          taps: columns.residues[h].offsets.base, tap_ranges: columns.residues[h].ranges.base)
        return Part(
          vertical: v, horizontal: h, taps: Scratch([sk_column_run](columns: taps.count) { taps[$0] }),
          tapCount: taps.count, tapsBefore: tapsBefore, shape: shape)
      }
    }
  }

  // MARK: The pass

  /// The result of a pass.
  ///
  /// - Parameter operands: The images, or the gradient by the feature maps; the filters as correlation wants them, which
  ///   are finite, for rows of zeros are skipped, and columns of them are not; and the bias, if there is one.
  func callAsFunction(_ operands: PassOperands<Scalar>) -> Tensor<Scalar> {
    let shape = problem.resultShape(tiles.pass)
    let bias = operands.bias ?? .zeros([tiles.results * problem.geometry.groups])
    return PassOperands(operands.first, operands.second, bias: bias).result(shape) { x, w, bias, y in
      if tiles.scatters && !tiles.isInterleaved { y.initialize(repeating: 0, count: shape.count) }
      sweep(x, w, bias!, y)
    }
  }

  /// What a thread works in.
  private struct Workspace {
    let band: Scratch<Scalar>
    let packed: Scratch<Scalar>
    let sums: Scratch<Scalar>
    /// A plane of sums that were sent elsewhere.
    let folded: Scratch<Scalar>
    let start: Scratch<Scalar>
    let prefetch = WindowPrefetch()
    let copyRows: BandCopy<Scalar>

    init(_ tiles: WindowTiles<Scalar>) {
      band = Scratch(count: tiles.bandCount)
      packed = Scratch(count: tiles.packedCount)
      sums = Scratch(count: tiles.sumCount)
      folded = Scratch(count: tiles.scatterCount)
      start = Scratch(count: tiles.lanes)
      copyRows = BandCopy(interleaved: tiles.isInterleaved)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func sweep(
    _ x: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, _ bias: UnsafePointer<Scalar>,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    // Bands that may add to the same results follow each other on one thread.
    let pieces = tiles.scatters ? 1 : rows.bands.count
    let lanes = tiles.lanes
    Parallel.forEach(
      (tiles.units + lanes - 1) / lanes * pieces, atMost: tiles.workers, workspace: { Workspace(tiles) }
    ) { index, workspace in
      let (block, piece) = index.quotientAndRemainder(dividingBy: pieces)
      let units = block * lanes..<min(tiles.units, (block + 1) * lanes)
      packFilters(workspace, units, w)
      let bands = tiles.scatters ? 0..<rows.bands.count : piece..<piece + 1
      startPrefetch(workspace, index + 1, bands, x, y)
      for result in 0..<tiles.results {
        for lane in 0..<lanes {
          let unit = min(units.lowerBound + lane, units.upperBound - 1)
          workspace.start.base[lane] = bias[unit % problem.geometry.groups * tiles.results + result]
        }
        if tiles.isInterleaved && tiles.scatters {
          workspace.folded.base.initialize(repeating: 0, count: workspace.folded.count)
        }
        let plane = y + (units.lowerBound * tiles.results + result) * self.result.pixels
        for band in bands {
          if result == 0 || bands.count > 1 { fillBand(workspace, units, rows.bands[band], x) }
          for part in parts { correlate(workspace, units, rows.bands[band], part, result, w, plane) }
        }
        if tiles.isInterleaved && tiles.scatters {
          separate(workspace.folded.base, self.result.pixels, units, to: plane)
        }
      }
    }
  }

  /// Lets the steps of some bands fetch what a piece reads and writes, if that is of one piece.
  private func startPrefetch(
    _ workspace: Workspace, _ index: Int, _ bands: Range<Int>, _ x: UnsafePointer<Scalar>,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    let steps = bands.reduce(0) { $0 + stepCounts[$1] }
    let pieces = tiles.scatters ? 1 : rows.bands.count
    let (block, piece) = index.quotientAndRemainder(dividingBy: pieces)
    guard block * tiles.lanes < tiles.units else { return workspace.prefetch.stop() }
    let units = block * tiles.lanes..<min(tiles.units, (block + 1) * tiles.lanes)
    func stretch(
      _ start: UnsafePointer<Scalar>, _ planes: GroupPlanes, _ rows: Range<Int>
    ) -> UnsafeBufferPointer<Scalar>? {
      planes.stretch(start, units, pieces > 1 ? rows : nil, isWhole: self.rows.bands.count == 1)
    }
    workspace.prefetch.start(
      stretch(x, operand, rows.bands[piece].sourceRows),
      stretch(y, result, rows.bands[piece].positions), steps: steps)
  }

  /// Takes interleaved columns apart: each lane to the plane of its unit.
  @inline(__always)
  private func separate(
    _ columns: UnsafePointer<Scalar>, _ count: Int, _ units: Range<Int>, to plane: UnsafeMutablePointer<Scalar>
  ) {
    Scalar.kernels.pointee.unpack_lanes(
      plane, tiles.results * result.pixels, columns, tiles.lanes, units.count, count, nil, 1, 0)
  }

  /// The filter of a result and a term of a unit.
  @inline(__always)
  private func filter(_ w: UnsafePointer<Scalar>, unit: Int, result: Int, term: Int) -> UnsafePointer<Scalar> {
    let group = unit % problem.geometry.groups
    let plane =
      isForward
      ? (group * tiles.results + result) * tiles.terms + term : (group * tiles.terms + term) * tiles.results + result
    return w + plane * problem.taps
  }

  private func packFilters(_ workspace: Workspace, _ units: Range<Int>, _ w: UnsafePointer<Scalar>) {
    guard !tiles.needsNoPacking else { return }
    withUnsafePointer(to: Int32(0)) { row in
      for part in parts {
        for result in 0..<tiles.results {
          for term in 0..<tiles.terms {
            workspace.copyRows(
              units, to: packedFilters(workspace, part, result) + term * part.tapCount * tiles.lanes, pitch: 0,
              rows: row, count: 1, rowPitch: 0, part.taps
            ) { filter(w, unit: $0, result: result, term: term) }
          }
        }
      }
    }
  }

  @inline(__always)
  private func packedFilters(_ workspace: Workspace, _ part: Part, _ result: Int) -> UnsafeMutablePointer<Scalar> {
    workspace.packed.base
      + (tiles.results * part.tapsBefore + result * part.tapCount) * tiles.terms * tiles.lanes
  }

  private func fillBand(
    _ workspace: Workspace, _ units: Range<Int>, _ band: WindowRows.Band, _ x: UnsafePointer<Scalar>
  ) {
    for term in 0..<tiles.terms {
      workspace.copyRows(
        units, to: workspace.band.base + term * band.sources.count * columns.pitch, pitch: columns.pitch,
        rows: rows.sources.base + band.sources.lowerBound, count: band.sources.count, rowPitch: operand.width,
        columns.runs
      ) { x + ($0 * tiles.terms + term) * operand.pixels }
    }
  }

  /// The sums of a band with the taps of a part.
  @inline(__always)
  private func correlate(
    _ workspace: Workspace, _ units: Range<Int>, _ band: WindowRows.Band, _ part: Part, _ result: Int,
    _ w: UnsafePointer<Scalar>, _ plane: UnsafeMutablePointer<Scalar>
  ) {
    let distance = rows.taps[part.vertical].distance
    let (width, lanes) = (self.result.width, tiles.lanes)
    let direct = !tiles.isInterleaved && !tiles.scatters
    let weights =
      tiles.needsNoPacking
      ? filter(w, unit: units.lowerBound, result: result, term: 0)
      : UnsafePointer(packedFilters(workspace, part, result))
    withUnsafePointer(to: part.shape) { shape in
      for block in band.blocks[part.vertical] {
        let first = band.positions.lowerBound + block.first
        let sums = direct ? plane + first * width : workspace.sums.base
        Scalar.kernels.pointee.correlate_rows(
          shape, sums, block.count, workspace.band.base, weights, workspace.start.base,
          rows.steps.base + block.steps.lowerBound, block.steps.count, workspace.prefetch.base)
        if direct { continue }
        for i in 0..<block.count {
          let row = workspace.sums.base + i * tiles.sumPitch
          let position = first + i * distance
          if !tiles.scatters {
            separate(row, columns.positions, units, to: plane + position * width)
          } else if let target = tiles.vertical.target(tiles.vertical.residues[part.vertical], position) {
            let targets = columns.residues[part.horizontal].targets
            Scalar.kernels.pointee.fold_row(
              (tiles.isInterleaved ? workspace.folded.base : plane) + target * width * lanes, row, targets.base,
              targets.count, lanes)
          }
        }
      }
    }
  }
}
