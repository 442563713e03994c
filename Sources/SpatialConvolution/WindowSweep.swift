import CKernels
import SpectralConvolution
import SpectralCore

/// The forward pass or the input gradient of the direct method for single planes: depthwise convolutions, images with one
/// kernel, and whatever else has too few channels for a matrix product.
///
/// Rows of the operand are copied into a band that has the columns which the boundary adds; from there every vector of
/// pixels is added to all rows of sums that see it while it is in a register (`windows.h`).
struct WindowSweep<Scalar: TensorScalar> {
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
      let (problem, columns, lanes) = (tiles.problem, tiles.columns, tiles.lanes)
      let along = horizontal.taps
      let taps = down.indices.flatMap { y in along.indices.map { y * problem.horizontal.kernel + $0 } }
      self.taps = Scratch([sk_column_run](columns: taps.count) { taps[$0] })
      (tapCount, self.tapsBefore) = (taps.count, tapsBefore)
      // As filters are stored, those that an input gradient sums lie as far apart as a group has results.
      let between = tiles.needsNoPacking && tiles.pass == .inputGradient ? tiles.results : 1
      let (pitch, width) = (along.count * lanes, problem.result(tiles.pass).width)
      shape = sk_window_shape(
        interleaved: tiles.isInterleaved ? 1 : 0, columns: columns.positions, column_step: columns.columnStep,
        sum_pitch: tiles.needsNoPacking ? down.distance * width : tiles.sumPitch, pixel_pitch: columns.pitch,
        weight_pitch: pitch, weight_step: (down.ascends ? -1 : 1) * down.tapShift * pitch, terms: tiles.terms,
        pixel_term: tiles.bandHeight * columns.pitch, weight_term: between * taps.count * lanes,
        taps: horizontal.offsets.base, tap_ranges: horizontal.ranges.base)
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
      let down = WindowTaps(residue.taps, step: tiles.vertical.step)
      let steps = WindowSteps(down, positions: tiles.vertical.positions)
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
      sweep(x, w, bias!, y)
    }
  }

  /// A piece of work: some bands of some units. Bands that may add to the same results follow each other on one thread.
  private func piece(_ index: Int) -> (units: Range<Int>, bands: Range<Int>) {
    let (block, band) = index.quotientAndRemainder(dividingBy: tiles.scatters ? 1 : bands.count)
    return (
      block * tiles.lanes..<min(tiles.units, (block + 1) * tiles.lanes),
      tiles.scatters ? 0..<bands.count : band..<band + 1
    )
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
      for result in 0..<tiles.results {
        for lane in 0..<tiles.lanes {
          let unit = min(units.lowerBound + lane, units.upperBound - 1)
          workspace.start.base[lane] = bias[unit % problem.geometry.groups * tiles.results + result]
        }
        workspace.folded.base.initialize(repeating: 0, count: workspace.folded.count)
        let plane = y + (units.lowerBound * tiles.results + result) * self.result.pixels
        for band in range {
          if result == 0 || range.count > 1 {
            workspace.fill(units, band, bands, rowPitch: operand.width) {
              x + ($0 * tiles.terms + $1) * operand.pixels
            }
          }
          for part in parts { correlate(workspace, units, band, part, result, w, plane) }
        }
        if tiles.isInterleaved && tiles.scatters {
          separate(workspace.folded.base, self.result.pixels, units, to: plane)
        }
      }
    }
  }

  /// Lets the steps of some bands fetch what another piece reads and writes.
  private func startPrefetch(
    _ workspace: WindowWorkspace<Scalar>, _ next: (units: Range<Int>, bands: Range<Int>)?, during range: Range<Int>,
    _ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>
  ) {
    guard let (units, bands) = next else { return workspace.prefetch.begin() }
    let band = bands.lowerBound
    workspace.prefetch.add(
      PrefetchRegion(
        x + units.lowerBound * tiles.terms * operand.pixels, operand, count: units.count * tiles.terms,
        rows: self.bands.rows(band)))
    workspace.prefetch.add(
      PrefetchRegion(
        UnsafePointer(y + units.lowerBound * tiles.results * result.pixels), result, count: units.count * tiles.results,
        rows: tiles.scatters ? 0..<result.height : self.bands.positions(band)))
    let blocks = range.reduce(0) { $0 + (self.bands.positions($1).count + SK_WINDOW_ROWS - 1) / SK_WINDOW_ROWS }
    let columnBlocks = (columns.positions + columns.blockColumns - 1) / columns.blockColumns
    let steps = parts.reduce(0) { $0 + $1.steps[min(SK_WINDOW_ROWS, tiles.rows)].count }
    workspace.prefetch.begin(steps: tiles.results * tiles.terms * blocks * columnBlocks * steps)
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
      tiles.pass == .forward
      ? (group * tiles.results + result) * tiles.terms + term : (group * tiles.terms + term) * tiles.results + result
    return w + plane * problem.taps
  }

  private func packFilters(_ workspace: WindowWorkspace<Scalar>, _ units: Range<Int>, _ w: UnsafePointer<Scalar>) {
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
  private func packedFilters(
    _ workspace: WindowWorkspace<Scalar>, _ part: Part, _ result: Int
  ) -> UnsafeMutablePointer<Scalar> {
    workspace.factors.base
      + (tiles.results * part.tapsBefore + result * part.tapCount) * tiles.terms * tiles.lanes
  }

  /// The sums of a band with the taps of a part.
  @inline(__always)
  private func correlate(
    _ workspace: WindowWorkspace<Scalar>, _ units: Range<Int>, _ band: Int, _ part: Part, _ result: Int,
    _ w: UnsafePointer<Scalar>, _ plane: UnsafeMutablePointer<Scalar>
  ) {
    let (width, lanes, direct) = (self.result.width, tiles.lanes, tiles.needsNoPacking)
    let weights =
      direct
      ? filter(w, unit: units.lowerBound, result: result, term: 0)
      : UnsafePointer(packedFilters(workspace, part, result))
    let (positions, sources) = (bands.positions(band), bands.sources(band))
    let pixels = workspace.places(bands.filled(band))
    withUnsafePointer(to: part.shape) { shape in
      part.down.forEachBlock(positions.count) { first, count in
        let (steps, place) = (part.steps[count], first * tiles.vertical.step)
        let sums = direct ? plane + (positions.lowerBound + first) * width : workspace.sums.base
        Scalar.kernels.pointee.correlate_rows(
          shape, sums, count, pixels + place * columns.pitch, weights, workspace.start.base, steps.baseAddress,
          steps.count, sources + place, workspace.prefetch.base)
        if direct { return }
        for i in 0..<count {
          let row = workspace.sums.base + i * tiles.sumPitch
          let position = positions.lowerBound + first + i * part.down.distance
          if !tiles.scatters {
            separate(row, columns.positions, units, to: plane + position * width)
          } else if let target = tiles.vertical.target(part.vertical, position) {
            let targets = part.horizontal.targets
            Scalar.kernels.pointee.fold_row(
              (tiles.isInterleaved ? workspace.folded.base : plane) + target * width * lanes, row, targets.base,
              targets.count, 0, columns.positions, lanes)
          }
        }
      }
    }
  }
}
