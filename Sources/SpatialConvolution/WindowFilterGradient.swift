import CKernels
import SpectralConvolution
import SpectralCore

/// The filter gradient of the direct method for single planes: each vector of pixels and each of output gradients is
/// used by all taps that pair them while it is in a register (`windows.h`).
struct WindowFilterGradient<Scalar: TensorScalar>: @unchecked Sendable {
  private let tiles: WindowTiles<Scalar>
  private let bands: AxisBands
  /// The taps that pair outputs with the rows that these see: of a whole band, and of the last one.
  private let (whole, last): (Taps, Taps)
  /// How a row of gradients is copied, and which ones.
  private let runs: Scratch<sk_column_run>
  private let gradientRows: Scratch<Int32>

  /// Rows of taps, and the rows that some outputs see through them.
  private struct Taps {
    let steps: WindowSteps
    let shape: sk_tap_shape
    let down: WindowTaps

    init(_ tiles: WindowTiles<Scalar>, outputs: Int) {
      let (problem, columns, width) = (tiles.problem, tiles.columns, Scalar.vectorWidth)
      down = tiles.gradientTaps(outputs)
      steps = WindowSteps(down, rows: problem.vertical.kernel)
      shape = sk_tap_shape(
        tap_count: problem.horizontal.kernel, taps: columns.residues[0].offsets.base,
        sum_pitch: down.distance * problem.horizontal.kernel * width, pixel_pitch: columns.pitch,
        columns: tiles.gradientVectors, column_step: columns.columnStep,
        last_width: tiles.isInterleaved ? width : columns.positions - (tiles.gradientVectors - 1) * width,
        gradient_pitch: tiles.gradientPitch, gradient_step: -down.tapShift * tiles.gradientPitch)
    }
  }

  private var problem: ConvolutionProblem { tiles.problem }
  private var columns: WindowColumns { tiles.columns }

  init(_ tiles: WindowTiles<Scalar>) {
    self.tiles = tiles
    bands = AxisBands(tiles.vertical, size: tiles.rows)
    whole = Taps(tiles, outputs: tiles.rows)
    let rest = bands.positions(bands.count - 1).count
    last = rest == tiles.rows ? whole : Taps(tiles, outputs: rest)
    let positions = tiles.columns.positions
    runs = Scratch(
      [sk_column_run](columns: tiles.isInterleaved ? positions : tiles.gradientVectors * Scalar.vectorWidth) {
        $0 < positions ? $0 : nil
      })
    gradientRows = Scratch((0..<tiles.rows).map(Int32.init))
  }

  /// The gradient by the filters, as correlation wants them.
  func callAsFunction(_ operands: PassOperands<Scalar>) -> Tensor<Scalar> {
    operands.result(problem.filterShape) { g, x, _, dw in
      addUp(parts: tiles.parts, of: problem.filterShape.count, to: dw) { sum(g, x, to: $0) }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func sum(_ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, to dw: UnsafeMutablePointer<Scalar>) {
    let pieces = tiles.imageBlocks * bands.count
    Parallel.forEach(tiles.parts * tiles.blocks, atMost: tiles.workers, workspace: { WindowWorkspace(tiles) }) {
      index, workspace in
      let (part, block) = index.quotientAndRemainder(dividingBy: tiles.blocks)
      workspace.sums.base.initialize(repeating: 0, count: workspace.sums.count)
      let range = part * pieces / tiles.parts..<(part + 1) * pieces / tiles.parts
      for piece in range {
        let (imageBlock, band) = piece.quotientAndRemainder(dividingBy: bands.count)
        fill(workspace, tiles.units(block, imageBlock: imageBlock), band, g, x)
        if piece + 1 < range.upperBound {
          startPrefetch(workspace, piece + 1, block, g, x)
        } else {
          // Most often the same thread goes on with the next groups.
          let next = (block + 1) % tiles.blocks
          startPrefetch(workspace, next > 0 ? range.lowerBound : range.upperBound, next, g, x)
        }
        correlate(workspace, band)
      }
      let (count, groups) = (tiles.filtersPerGroup, tiles.units(block))
      let to = dw + part * problem.filterShape.count + groups.first * count
      if tiles.band == sk_interleaved {
        Scalar.kernels.pointee.unpack_lanes(
          to, count, workspace.sums.base, tiles.lanes, groups.count, count, nil, 1, 0)
      } else {
        Scalar.kernels.pointee.sum_lanes(to, workspace.sums.base, count)
      }
    }
  }

  /// Lets the steps of a band fetch what a piece of a block reads.
  private func startPrefetch(
    _ workspace: WindowWorkspace<Scalar>, _ piece: Int, _ block: Int, _ g: UnsafePointer<Scalar>,
    _ x: UnsafePointer<Scalar>
  ) {
    let (imageBlock, band) = piece.quotientAndRemainder(dividingBy: bands.count)
    guard imageBlock < tiles.imageBlocks else { return workspace.prefetch.begin() }
    let (images, maps, units) = (problem.images, problem.maps, tiles.units(block, imageBlock: imageBlock))
    workspace.prefetch.add(PrefetchRegion(x, images, units, rows: bands.rows(band)))
    workspace.prefetch.add(PrefetchRegion(g, maps, units, rows: bands.positions(band)))
    let rowBlocks = (problem.vertical.kernel + SK_WINDOW_ROWS - 1) / SK_WINDOW_ROWS
    let tapBlocks = (problem.horizontal.kernel + Scalar.windowVectors - 1) / Scalar.windowVectors
    let steps = whole.steps[min(SK_WINDOW_ROWS, problem.vertical.kernel)].count
    workspace.prefetch.begin(steps: maps.count * images.count * rowBlocks * tapBlocks * steps)
  }

  /// Copies what some units have in a band: the rows of the image that it sees, and its gradients.
  private func fill(
    _ workspace: WindowWorkspace<Scalar>, _ units: WindowUnits, _ band: Int, _ g: UnsafePointer<Scalar>,
    _ x: UnsafePointer<Scalar>
  ) {
    let (images, maps, rows) = (problem.images, problem.maps, bands.positions(band))
    workspace.fill(units, band, bands, rowPitch: images.width) { x + ($0 * images.count + $1) * images.pixels }
    for result in 0..<maps.count {
      let gradients = workspace.factors.base + result * tiles.rows * tiles.gradientPitch
      workspace.copyRows(
        units, lanes: tiles.lanes, to: gradients, pitch: tiles.gradientPitch, rows: gradientRows.base,
        count: rows.count, rowPitch: maps.width, runs
      ) { g + ($0 * maps.count + result) * maps.pixels + rows.lowerBound * maps.width }
      // The sums of all lanes are added at the end, so idle ones must have none.
      guard tiles.isShared, units.count < tiles.lanes else { continue }
      for first in stride(from: 0, to: rows.count * tiles.gradientPitch, by: tiles.lanes) {
        for lane in units.count..<tiles.lanes { gradients[first + lane] = 0 }
      }
    }
  }

  /// Adds what a band contributes to the sums of all taps.
  @inline(__always)
  private func correlate(_ workspace: WindowWorkspace<Scalar>, _ band: Int) {
    let taps = bands.positions(band).count == tiles.rows ? whole : last
    let (sources, pixels) = (bands.sources(band), workspace.places(bands.filled(band)))
    let (spacing, kernel) = (taps.down.step, problem.vertical.kernel)
    // Short sums that are added up lose less than long ones.
    let stepsAtOnce = max(1, 128 / tiles.gradientVectors)
    let width = problem.horizontal.kernel * Scalar.vectorWidth
    withUnsafePointer(to: taps.shape) { shape in
      for result in 0..<tiles.results {
        for channel in 0..<tiles.terms {
          let sums = workspace.sums.base + (result * tiles.terms + channel) * kernel * width
          let pixels = pixels + channel * tiles.bandHeight * columns.pitch
          taps.down.forEachBlock(kernel) { first, count in
            let (steps, place) = (taps.steps[count], first * spacing)
            for step in stride(from: 0, to: steps.count, by: stepsAtOnce) {
              Scalar.kernels.pointee.correlate_taps(
                shape, sums + first * width, count, pixels + place * columns.pitch,
                workspace.factors.base + result * tiles.rows * tiles.gradientPitch, steps.baseAddress! + step,
                min(stepsAtOnce, steps.count - step), sources + place, workspace.prefetch.base)
            }
          }
        }
      }
    }
  }
}
