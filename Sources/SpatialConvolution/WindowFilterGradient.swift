import CKernels
import SpectralConvolution
import SpectralCore

/// The filter gradient of the direct method for single planes: each vector of pixels and each of output gradients meets
/// all taps that pair them while it is in a register (`windows.h`).
struct WindowFilterGradient<Scalar: TensorScalar> {
  private let tiles: WindowGradientTiles<Scalar>
  private let bands: [Band]
  /// How a row of gradients is copied, and which ones.
  private let runs: Scratch<sk_column_run>
  private let gradientRows: Scratch<Int32>

  /// Some rows of outputs, and how taps meet what they see.
  private struct Band {
    let outputs: Range<Int>
    let rows: WindowRows
    let shape: sk_tap_shape
    /// How often its steps are taken for a pair of planes.
    let stepCount: Int
    var plan: WindowRows.Band { rows.bands[0] }
  }

  /// What a thread works in.
  private struct Workspace {
    let band: Scratch<Scalar>
    let gradient: Scratch<Scalar>
    let sums: Scratch<Scalar>
    let copyRows: BandCopy<Scalar>
    let prefetch = WindowPrefetch()

    init(_ tiles: WindowGradientTiles<Scalar>) {
      band = Scratch(count: tiles.bandCount)
      gradient = Scratch(count: tiles.gradientCount)
      sums = Scratch(count: tiles.sumCount)
      copyRows = BandCopy(interleaved: tiles.isInterleaved)
    }
  }

  private var problem: ConvolutionProblem { tiles.problem }
  private var columns: WindowColumns { tiles.columns }

  init(_ tiles: WindowGradientTiles<Scalar>) {
    self.tiles = tiles
    let (problem, columns, width) = (tiles.problem, tiles.columns, Scalar.vectorWidth)
    let positions = columns.positions
    bands = tiles.ranges.map { outputs in
      let rows = tiles.rows(of: outputs)
      let taps = rows.taps[0]
      let shape = sk_tap_shape(
        tap_count: problem.horizontal.kernel, taps: columns.residues[0].offsets.base,
        sum_pitch: taps.distance * problem.horizontal.kernel * width, pixel_pitch: columns.pitch,
        columns: tiles.vectors, column_step: columns.columnStep,
        last_width: tiles.isInterleaved ? width : positions - (tiles.vectors - 1) * width,
        gradient_pitch: tiles.gradientPitch, gradient_step: -taps.tapShift * tiles.gradientPitch)
      let blocks = (problem.horizontal.kernel + Scalar.windowVectors - 1) / Scalar.windowVectors
      return Band(outputs: outputs, rows: rows, shape: shape, stepCount: rows.stepCount * blocks)
    }
    runs = Scratch(
      [sk_column_run](columns: tiles.isInterleaved ? positions : tiles.vectors * width) { $0 < positions ? $0 : nil })
    gradientRows = Scratch((0..<tiles.rows).map(Int32.init))
  }

  /// The gradient by the filters, as correlation wants them.
  func callAsFunction(_ operands: PassOperands<Scalar>) -> Tensor<Scalar> {
    operands.result(problem.filterShape) { g, x, _, dw in
      addUp(parts: tiles.parts, of: tiles.sumsPerPart, to: dw) { sum(g, x, to: $0) }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func sum(_ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, to dw: UnsafeMutablePointer<Scalar>) {
    let pieces = problem.batch * bands.count
    Parallel.forEach(tiles.parts * tiles.blocks, atMost: tiles.workers, workspace: { Workspace(tiles) }) {
      index, workspace in
      let (part, block) = index.quotientAndRemainder(dividingBy: tiles.blocks)
      let groups = block * tiles.lanes..<min(problem.geometry.groups, (block + 1) * tiles.lanes)
      workspace.sums.base.initialize(repeating: 0, count: workspace.sums.count)
      let range = part * pieces / tiles.parts..<(part + 1) * pieces / tiles.parts
      for piece in range {
        let (image, band) = piece.quotientAndRemainder(dividingBy: bands.count)
        fill(workspace, groups, image: image, bands[band], g, x)
        if piece + 1 < range.upperBound {
          startPrefetch(workspace, piece + 1, groups, steps: bands[band], g, x)
        } else {
          // Most often the same thread goes on with the next groups.
          let first = groups.upperBound < problem.geometry.groups ? groups.upperBound : 0
          let next = first..<min(problem.geometry.groups, first + tiles.lanes)
          startPrefetch(workspace, first > 0 ? range.lowerBound : range.upperBound, next, steps: bands[band], g, x)
        }
        correlate(workspace, bands[band])
      }
      let count = tiles.sumsPerGroup
      let to = dw + part * tiles.sumsPerPart + groups.lowerBound * count
      if tiles.isInterleaved {
        Scalar.kernels.pointee.unpack_lanes(
          to, count, workspace.sums.base, tiles.lanes, groups.count, count, nil, 1, 0)
      } else {
        Scalar.kernels.pointee.sum_lanes(to, workspace.sums.base, count)
      }
    }
  }

  /// Lets the steps of a band fetch what a piece reads, if that is of one piece.
  private func startPrefetch(
    _ workspace: Workspace, _ piece: Int, _ groups: Range<Int>, steps band: Band, _ g: UnsafePointer<Scalar>,
    _ x: UnsafePointer<Scalar>
  ) {
    let (image, next) = piece.quotientAndRemainder(dividingBy: bands.count)
    guard image < problem.batch else { return workspace.prefetch.stop() }
    let units =
      image * problem.geometry.groups + groups.lowerBound..<image * problem.geometry.groups + groups.upperBound
    let isWhole = bands.count == 1
    workspace.prefetch.start(
      problem.images.stretch(x, units, bands[next].plan.sourceRows, isWhole: isWhole),
      problem.maps.stretch(g, units, bands[next].outputs, isWhole: isWhole),
      steps: band.stepCount * tiles.outputs * tiles.channels)
  }

  /// Copies what some groups of an image have in a band: the rows of the image that it sees, and its gradients.
  private func fill(
    _ workspace: Workspace, _ groups: Range<Int>, image: Int, _ band: Band, _ g: UnsafePointer<Scalar>,
    _ x: UnsafePointer<Scalar>
  ) {
    let (images, maps, first) = (problem.images, problem.maps, image * problem.geometry.groups)
    let sources = band.plan.sources
    for channel in 0..<tiles.channels {
      workspace.copyRows(
        groups, to: workspace.band.base + channel * sources.count * columns.pitch, pitch: columns.pitch,
        rows: band.rows.sources.base + sources.lowerBound, count: sources.count, rowPitch: images.width, columns.runs
      ) { x + ((first + $0) * images.count + channel) * images.pixels }
    }
    for result in 0..<tiles.outputs {
      workspace.copyRows(
        groups, to: workspace.gradient.base + result * band.outputs.count * tiles.gradientPitch,
        pitch: tiles.gradientPitch, rows: gradientRows.base, count: band.outputs.count, rowPitch: maps.width, runs
      ) { g + ((first + $0) * maps.count + result) * maps.pixels + band.outputs.lowerBound * maps.width }
    }
  }

  /// Adds what a band contributes to the sums of all taps.
  @inline(__always)
  private func correlate(_ workspace: Workspace, _ band: Band) {
    let height = band.plan.sources.count
    // Short sums that are added up lose less than long ones.
    let stepsAtOnce = max(1, 128 / tiles.vectors)
    let width = problem.horizontal.kernel * Scalar.vectorWidth
    withUnsafePointer(to: band.shape) { shape in
      for result in 0..<tiles.outputs {
        for channel in 0..<tiles.channels {
          let sums = workspace.sums.base + (result * tiles.channels + channel) * problem.vertical.kernel * width
          for block in band.plan.blocks[0] {
            for first in stride(from: block.steps.lowerBound, to: block.steps.upperBound, by: stepsAtOnce) {
              Scalar.kernels.pointee.correlate_taps(
                shape, sums + block.first * width, block.count, workspace.band.base + channel * height * columns.pitch,
                workspace.gradient.base + result * band.outputs.count * tiles.gradientPitch,
                band.rows.steps.base + first, min(stepsAtOnce, block.steps.upperBound - first), workspace.prefetch.base)
            }
          }
        }
      }
    }
  }
}
