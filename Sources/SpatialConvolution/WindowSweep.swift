import CKernels
import SpectralConvolution
import SpectralCore

/// The forward pass or the input gradient of the direct method for single planes: depthwise convolutions, images with one
/// kernel, and whatever else has too few channels for a matrix product.
///
/// Rows of the operand are copied into a band that has the columns which the boundary adds; from there every vector of
/// pixels is added to all rows of sums that see it while it is in a register (`windows.h`).
struct WindowSweep<Scalar: TensorScalar>: @unchecked Sendable {
  let tiles: WindowTiles<Scalar>
  private let bands: AxisBands
  private let parts: [Part]

  /// A residue of the rows with one of the columns. A class, for a struct would be copied for every band.
  private final class Part {
    let vertical: SlidingAxis.Residue
    let horizontal: WindowColumns.Residue
    let down: WindowTaps
    let steps: WindowSteps
    /// The taps in the order in which the packed filters have them.
    let taps: Scratch<sk_column_run>
    let tapCount: Int
    let tapsBefore: Int
    let shape: sk_window_shape

    init(
      _ tiles: WindowTiles<Scalar>, _ vertical: SlidingAxis.Residue, _ horizontal: WindowColumns.Residue,
      _ down: WindowTaps, _ steps: WindowSteps, tapsBefore: Int
    ) {
      (self.vertical, self.horizontal, self.down, self.steps) = (vertical, horizontal, down, steps)
      let (problem, columns) = (tiles.problem, tiles.columns)
      let along = horizontal.taps
      let taps = down.indices.flatMap { y in along.indices.map { y * problem.horizontal.kernel + $0 } }
      self.taps = Scratch([sk_column_run](columns: taps.count) { taps[$0] })
      (tapCount, self.tapsBefore) = (taps.count, tapsBefore)
      // As filters are stored, those that an input gradient sums lie as far apart as a group has results.
      let between = tiles.needsNoPacking && tiles.pass == .inputGradient ? tiles.results : 1
      let (pitch, width) = (along.count * tiles.weightLanes, problem.result(tiles.pass).width)
      let sumPitch = tiles.needsNoPacking ? down.distance * width : tiles.sumPitch
      shape = sk_window_shape(
        band: tiles.band, blocks: horizontal.blocks.base, block_count: horizontal.blocks.count,
        column_step: columns.columnStep, sum_pitch: sumPitch * (tiles.isShared ? tiles.rowsAtOnce : 1),
        pixel_pitch: columns.pitch, weight_pitch: pitch,
        weight_step: (down.ascends ? -1 : 1) * down.tapShift * pitch, terms: tiles.terms,
        pixel_term: tiles.bandHeight * columns.pitch, weight_term: between * taps.count * tiles.weightLanes,
        taps: horizontal.offsets.base)
    }
  }

  private var problem: ConvolutionProblem { tiles.problem }
  private var columns: WindowColumns { tiles.columns }
  private var operand: GroupPlanes { problem.operand(tiles.pass) }
  private var result: GroupPlanes { problem.result(tiles.pass) }

  init(_ tiles: WindowTiles<Scalar>) {
    self.tiles = tiles
    bands = AxisBands(tiles.vertical, size: tiles.rows)
    var tapsBefore = 0
    parts = tiles.vertical.residues.flatMap { residue in
      let down = tiles.down(residue)
      let steps = WindowSteps(down, rows: tiles.isShared ? 1 : tiles.vertical.positions)
      return tiles.columns.residues.map { horizontal in
        defer { tapsBefore += down.count * horizontal.taps.count }
        return Part(tiles, residue, horizontal, down, steps, tapsBefore: tapsBefore)
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
      let packed = Scratch<Scalar>(count: tiles.packedCount)
      if tiles.isShared { packSharedFilters(w, to: packed.base) }
      sweep(x, tiles.isShared ? UnsafePointer(packed.base) : w, bias!, y)
    }
  }

  /// A piece of work: some bands of some units. Bands that may add to the same results follow each other on one thread.
  private func piece(_ index: Int) -> (units: WindowUnits, bands: Range<Int>) {
    let (block, band) = index.quotientAndRemainder(dividingBy: tiles.scatters ? 1 : bands.count)
    return (tiles.units(block), tiles.scatters ? 0..<bands.count : band..<band + 1)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func sweep(
    _ x: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, _ bias: UnsafePointer<Scalar>,
    _ y: UnsafeMutablePointer<Scalar>
  ) {
    let pieces = tiles.blocks * (tiles.scatters ? 1 : bands.count)
    Parallel.forEach(pieces, atMost: tiles.workers, workspace: { WindowWorkspace(tiles) }) { index, workspace in
      let (units, range) = piece(index)
      packFilters(workspace, units, w)
      startPrefetch(workspace, index + 1 < pieces ? piece(index + 1) : nil, during: range, x, y)
      for first in stride(from: 0, to: tiles.results, by: tiles.resultsAtOnce) {
        // Each lane may have a bias of its own.
        for lane in 0..<(tiles.band == sk_interleaved ? tiles.lanes : 0) {
          workspace.start.base[lane] = bias[units[lane] % problem.geometry.groups * tiles.results + first]
        }
        let start =
          tiles.band == sk_interleaved
          ? UnsafePointer(workspace.start.base)
          : bias + units.first % problem.geometry.groups * tiles.results + first
        workspace.folded.base.initialize(repeating: 0, count: workspace.folded.count)
        let plane = y + (units.first * tiles.results + first) * self.result.pixels
        for band in range {
          if first == 0 || range.count > 1 {
            workspace.fill(units, band, bands, rowPitch: operand.width) {
              x + ($0 * tiles.terms + $1) * operand.pixels
            }
          }
          for part in parts { correlate(workspace, units, band, part, first, w, start, plane) }
        }
        guard tiles.isInterleaved && tiles.scatters else { continue }
        for index in 0..<tiles.resultsAtOnce {
          let pixels = self.result.pixels
          separate(workspace.folded.base + index * pixels * tiles.lanes, pixels, units, to: plane + index * pixels)
        }
      }
    }
  }

  /// Lets the steps of some bands fetch what another piece reads and writes.
  private func startPrefetch(
    _ workspace: WindowWorkspace<Scalar>, _ next: (units: WindowUnits, bands: Range<Int>)?, during range: Range<Int>,
    _ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>
  ) {
    guard let (units, bands) = next else { return workspace.prefetch.begin() }
    let band = bands.lowerBound
    workspace.prefetch.add(PrefetchRegion(x, operand, units, rows: self.bands.rows(band)))
    // Results of a shared band are many for what is read.
    if !tiles.isShared {
      workspace.prefetch.add(
        PrefetchRegion(
          UnsafePointer(y), result, units, rows: tiles.scatters ? 0..<result.height : self.bands.positions(band)))
    }
    let blocks = range.reduce(0) { $0 + (self.bands.positions($1).count + SK_WINDOW_ROWS - 1) / SK_WINDOW_ROWS }
    let columnBlocks = columns.residues[0].blocks.count
    let rows = tiles.isShared ? 1 : min(SK_WINDOW_ROWS, tiles.rows)
    let steps = parts.reduce(0) { $0 + $1.steps[rows].count }
    workspace.prefetch.begin(steps: tiles.results * tiles.terms * blocks * columnBlocks * steps)
  }

  /// Takes interleaved columns apart: each lane to the plane of its unit.
  @inline(__always)
  private func separate(
    _ columns: UnsafePointer<Scalar>, _ count: Int, _ units: WindowUnits, to plane: UnsafeMutablePointer<Scalar>
  ) {
    Scalar.kernels.pointee.unpack_lanes(
      plane, units.step * tiles.results * result.pixels, columns, tiles.lanes, units.count, count, nil, 1, 0)
  }

  /// The filter of a result and a term of a unit.
  @inline(__always)
  private func filter(_ w: UnsafePointer<Scalar>, unit: Int, result: Int, term: Int) -> UnsafePointer<Scalar> {
    let group = unit % problem.geometry.groups
    let plane =
      tiles.pass == .forward
      ? (group * tiles.results + result) * tiles.terms + term : (group * tiles.terms + term) * tiles.results + result
    return w + plane * problem.taps
  }

  /// The filters of some units, each number with those of the other lanes.
  private func packFilters(_ workspace: WindowWorkspace<Scalar>, _ units: WindowUnits, _ w: UnsafePointer<Scalar>) {
    guard !tiles.needsNoPacking, !tiles.isShared else { return }
    withUnsafePointer(to: Int32(0)) { row in
      for part in parts {
        for result in 0..<tiles.results {
          let packed = workspace.factors.base + packedOffset(part, result)
          for term in 0..<tiles.terms {
            workspace.copyRows(
              units, lanes: tiles.lanes, to: packed + term * part.tapCount * tiles.lanes, pitch: 0,
              rows: row, count: 1, rowPitch: 0, part.taps
            ) { filter(w, unit: $0, result: result, term: term) }
          }
        }
      }
    }
  }

  /// The filters of a shared band: for each group, part, block of results, term and tap, a number for each result.
  private func packSharedFilters(_ w: UnsafePointer<Scalar>, to packed: UnsafeMutablePointer<Scalar>) {
    let between = problem.taps * (tiles.pass == .forward ? tiles.terms : 1)
    for group in 0..<problem.geometry.groups {
      for part in parts {
        for results in LaneBlocks.split(tiles.results, atMost: Int(SK_WINDOW_ROWS), unit: 1) {
          var to = packed + group * tiles.filtersPerGroup + packedOffset(part, results.lowerBound)
          for term in 0..<tiles.terms {
            let from = filter(w, unit: group, result: results.lowerBound, term: term)
            for run in UnsafeBufferPointer(start: part.taps.base, count: part.taps.count) {
              // Neighbouring taps together.
              let (calls, count) = run.step == 1 ? (1, Int(run.count)) : (Int(run.count), 1)
              for call in 0..<calls {
                let first = Int(run.from) + call * Int(run.step)
                Scalar.kernels.pointee.pack_lanes(to, results.count, from + first, between, results.count, count)
                to += count * results.count
              }
            }
          }
        }
      }
    }
  }

  /// Where the filters of a part from a result on stand among those of a group.
  @inline(__always)
  private func packedOffset(_ part: Part, _ result: Int) -> Int {
    (tiles.results * part.tapsBefore + result * part.tapCount) * tiles.terms * tiles.weightLanes
  }

  /// The sums of a band with the taps of a part, of the results from one on, whose plane is given.
  @inline(__always)
  private func correlate(
    _ workspace: WindowWorkspace<Scalar>, _ units: WindowUnits, _ band: Int, _ part: Part, _ result: Int,
    _ w: UnsafePointer<Scalar>, _ start: UnsafePointer<Scalar>, _ plane: UnsafeMutablePointer<Scalar>
  ) {
    let (width, pitch, isShared) = (self.result.width, tiles.sumPitch, tiles.isShared)
    let (distance, step, rowsAtOnce) = (part.down.distance, tiles.vertical.step, tiles.rowsAtOnce)
    let weights =
      tiles.needsNoPacking
      ? filter(w, unit: units.first, result: result, term: 0)
      : tiles.isShared
        ? w + units.first % problem.geometry.groups * tiles.filtersPerGroup + packedOffset(part, result)
        : UnsafePointer(workspace.factors.base) + packedOffset(part, result)
    let (positions, sources) = (bands.positions(band), bands.sources(band))
    let pixels = workspace.places(bands.filled(band))
    withUnsafePointer(to: part.shape) { shape in
      part.down.forEachBlock(positions.count, atMost: rowsAtOnce) { first, count in
        let sums = tiles.needsNoPacking ? plane + (positions.lowerBound + first) * width : workspace.sums.base
        let kernels = Scalar.kernels.pointee
        let steps = part.steps[isShared ? 1 : count]
        for i in 0..<(isShared ? count : 1) {
          let place = (first + i) * step
          (isShared ? kernels.correlate_results : kernels.correlate_rows)(
            shape, sums + i * pitch, isShared ? tiles.results : count, pixels + place * columns.pitch, weights,
            start, steps.baseAddress, steps.count, sources + place, workspace.prefetch.base)
        }
        if tiles.needsNoPacking { return }
        for index in 0..<tiles.resultsAtOnce {
          let (sums, plane) = (sums + index * rowsAtOnce * pitch, plane + index * self.result.pixels)
          if distance == 1 && !tiles.scatters {
            separate(
              sums, count * columns.positions, units, to: plane + (positions.lowerBound + first) * width)
            continue
          }
          for i in 0..<count {
            let position = positions.lowerBound + first + i * distance
            if !tiles.scatters {
              separate(sums + i * pitch, columns.positions, units, to: plane + position * width)
            } else if let target = tiles.vertical.target(part.vertical, position) {
              let targets = part.horizontal.targets
              let folded = workspace.folded.base + index * self.result.pixels * tiles.lanes
              Scalar.kernels.pointee.fold_row(
                (tiles.isInterleaved ? folded : plane) + target * width * tiles.lanes, sums + i * pitch, targets.base,
                targets.count, 0, columns.positions, tiles.lanes)
            }
          }
        }
      }
    }
  }
}
