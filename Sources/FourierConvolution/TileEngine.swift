import Foundation
import Fourier
import Layers
import Tensors

/// A problem cut into tiles: everything that the passes need and that depends on sizes alone.
///
/// The spectra of a block of tiles are stored `[frequency][tile][lane]`, so that what is multiplied at a frequency lies
/// together. With X the tiles of the images (a row for each tile), Y those of the feature maps, G those of the output
/// gradient and W the filters (a row for each output channel), the passes are, at every frequency,
///
///     Y = X Wᴴ        dX = G W        dW = Gᴴ X
///
/// The partition into blocks does not depend on the number of threads, so neither do the results.
final class TileEngine<Scalar: ConvolutionScalar>: Sendable {
  let problem: ConvolutionProblem
  let rigor: PlanningRigor
  let vertical: AxisTiling
  let horizontal: AxisTiling
  /// Places of a tile.
  let size: Extent
  /// Complex numbers of a tile's spectrum.
  let frequencies: Int
  let tilesPerImage: Int
  let tiles: Int
  let tilesPerBlock: Int
  let blocks: Int
  /// Threads for which there is memory.
  let workers: Int

  /// Lanes of images, feature maps and filters.
  let inputMap: LaneMap
  let outputMap: LaneMap
  let filterMap: LaneMap
  let inputTables: PlaceTables
  let outputTables: PlaceTables
  let filterTables: PlaceTables
  /// exp(-2πi v / width) for each column of the half spectrum.
  private let roots: [Scalar]

  init(_ problem: ConvolutionProblem, _ choice: TileChoice, rigor: PlanningRigor) {
    self.problem = problem
    self.rigor = rigor
    size = choice.size
    let flipped = problem.geometry.operation == .convolution
    let vertical = AxisTiling(problem.vertical, size: size.height, flipped: flipped)
    let horizontal = AxisTiling(problem.horizontal, size: size.width, flipped: flipped)
    (self.vertical, self.horizontal) = (vertical, horizontal)
    frequencies = TileCost.frequencies(size)
    precondition(size.width % 2 == 0, "a tile has an even width, so that its columns pair up, not \(size.width)")
    let width = size.width
    roots = (0...width / 2).flatMap { v in
      let angle = -2 * Double.pi * Double(v) / Double(width)
      return [Scalar(cos(angle)), Scalar(sin(angle))]
    }
    tilesPerImage = vertical.tiles * horizontal.tiles
    tiles = problem.batch * tilesPerImage
    tilesPerBlock = max(1, min(choice.tilesPerBlock, tiles))
    blocks = (tiles + tilesPerBlock - 1) / tilesPerBlock
    workers = choice.workers

    let phases = Extent(height: vertical.phases, width: horizontal.phases)
    let chunk = TileCost.preferredChunk(size, MemoryLayout<Scalar>.stride)
    inputMap = LaneMap(
      groups: problem.geometry.groups, phases: phases, channels: problem.channelsPerGroup,
      tilesPerBlock: tilesPerBlock, preferredChunk: chunk)
    outputMap = LaneMap(
      groups: 1, phases: 1, channels: problem.outputChannels, tilesPerBlock: tilesPerBlock, preferredChunk: chunk)
    filterMap = LaneMap(
      groups: problem.outputChannels, phases: phases, channels: problem.channelsPerGroup, tilesPerBlock: 1,
      preferredChunk: chunk)
    inputTables = PlaceTables(
      rows: vertical.inputPlaces, columns: horizontal.inputPlaces, phases: phases, size: size,
      plane: Extent(height: problem.vertical.input, width: problem.horizontal.input))
    outputTables = PlaceTables(
      rows: vertical.outputPlaces, columns: horizontal.outputPlaces, phases: 1, size: size,
      plane: Extent(height: problem.vertical.output, width: problem.horizontal.output))
    filterTables = PlaceTables(
      rows: vertical.tapPlaces, columns: horizontal.tapPlaces, phases: phases, size: size,
      plane: problem.geometry.kernel)
  }

  /// Terms of the sum at a frequency: channels of a group times phases.
  var terms: Int { filterMap.count / problem.outputChannels }
  /// Whether every lane is multiplied by itself.
  var isDepthwise: Bool { terms == 1 && problem.outputsPerGroup == 1 }
  /// What the unnormalised inverse transform must be multiplied with.
  var normalization: Scalar { 1 / Scalar(size.height * size.width) }
  /// Real numbers in a chunk of tiles.
  func chunkCount(_ map: LaneMap) -> Int { size.height * size.width * map.chunk }
  /// The same in whole cache lines: FFTW's plans want every array to start at one.
  func chunkPitch(_ map: LaneMap) -> Int { (chunkCount(map) + 15) & ~15 }
  /// Real numbers in the spectra of a block.
  func spectraCount(_ map: LaneMap) -> Int { 2 * frequencies * map.pitch }

  /// The tiles of a block.
  func tileRange(_ block: Int) -> Range<Int> {
    block * tilesPerBlock..<min(tiles, (block + 1) * tilesPerBlock)
  }

  func place(_ tile: Int) -> TilePlace {
    let within = tile % tilesPerImage
    return TilePlace(image: tile / tilesPerImage, row: within / horizontal.tiles, column: within % horizontal.tiles)
  }

  // MARK: Transforms of chunks of lanes

  /// The complex transform of the pairs of columns of a chunk, from one half of the scratch to the other.
  private func pairPlan(_ map: LaneMap, _ kind: TransformKind) -> TransformPlan<Scalar> {
    let row = size.width / 2 * map.chunk
    return .shared(
      kind,
      TransformLayout(
        transformed: [.init(size.height, row, row), .init(size.width / 2, map.chunk, map.chunk)],
        repeated: [.init(map.chunk, 1, 1)]),
      rigor: rigor)
  }

  func forwardPlan(_ map: LaneMap) -> TransformPlan<Scalar> { pairPlan(map, .complexForward) }
  func inversePlan(_ map: LaneMap) -> TransformPlan<Scalar> { pairPlan(map, .complexBackward) }

  /// The row of frequencies that mirrors row `u` through the origin.
  private func mirror(_ u: Int) -> Int { u == 0 ? 0 : size.height - u }

  /// From the transform of a chunk's pairs to its place in a block's half spectra.
  private func untangle(
    _ pairs: UnsafePointer<Scalar>, _ map: LaneMap, to spectra: UnsafeMutablePointer<Scalar>
  ) {
    let (half, chunk) = (size.width / 2, map.chunk)
    for u in 0..<size.height {
      let (row, mirrored) = (pairs + 2 * u * half * chunk, pairs + 2 * mirror(u) * half * chunk)
      let target = spectra + 2 * u * (half + 1) * map.pitch
      for v in 0...half {
        // Column half is column 0 once more, with the root -1.
        let (column, opposite) = (v == half ? 0 : v, v == 0 || v == half ? 0 : half - v)
        Scalar.untangle(
          target + 2 * v * map.pitch, row + 2 * column * chunk, mirrored + 2 * opposite * chunk, roots[2 * v],
          roots[2 * v + 1], chunk)
      }
    }
  }

  /// Back: twice what the transform of the pairs was, so that the inverse scales as a real one does.
  private func tangle(
    _ spectra: UnsafePointer<Scalar>, _ map: LaneMap, to pairs: UnsafeMutablePointer<Scalar>
  ) {
    let (half, chunk) = (size.width / 2, map.chunk)
    for u in 0..<size.height {
      let row = spectra + 2 * u * (half + 1) * map.pitch
      let mirrored = spectra + 2 * mirror(u) * (half + 1) * map.pitch
      let target = pairs + 2 * u * half * chunk
      for v in 0..<half {
        Scalar.tangle(
          target + 2 * v * chunk, row + 2 * v * map.pitch, mirrored + 2 * (half - v) * map.pitch, roots[2 * v],
          roots[2 * v + 1], chunk)
      }
    }
  }

  /// How many chunks the lanes of `tiles` tiles make.
  func chunks(_ map: LaneMap, tiles: Int) -> Int { (tiles * map.count + map.chunk - 1) / map.chunk }

  /// The lanes of a chunk.
  func lanes(_ map: LaneMap, chunk: Int, tiles: Int) -> Range<Int> {
    chunk * map.chunk..<min(tiles * map.count, (chunk + 1) * map.chunk)
  }

  /// Gathers one chunk of a block and transforms it into its place in the block's spectra.
  func transform(
    chunk: Int, of tiles: Range<Int>, _ planes: UnsafePointer<Scalar>, _ map: LaneMap, _ tables: PlaceTables,
    _ plan: TransformPlan<Scalar>, scratch: UnsafeMutablePointer<Scalar>, to spectra: UnsafeMutablePointer<Scalar>
  ) {
    let lanes = lanes(map, chunk: chunk, tiles: tiles.count)
    let pairs = scratch + chunkPitch(map)
    gather(planes, map, tables, lanes: lanes, to: scratch) { place(tiles.lowerBound + $0) }
    plan.execute(scratch, pairs)
    untangle(pairs, map, to: spectra + 2 * chunk * map.chunk)
  }

  /// Inverts one chunk of a block's spectra; `scratch` then begins with its tiles.
  func invert(
    chunk: Int, _ spectra: UnsafePointer<Scalar>, _ map: LaneMap, _ plan: TransformPlan<Scalar>,
    scratch: UnsafeMutablePointer<Scalar>
  ) {
    let pairs = scratch + chunkPitch(map)
    tangle(spectra + 2 * chunk * map.chunk, map, to: pairs)
    plan.execute(pairs, scratch)
  }

  /// The spectra of the filters, scaled so that the inverse transform need not be.
  ///
  /// - Parameter forward: Whether the forward pass will use them; it wants Wᴴ besides W.
  func filterSpectra(_ filter: Tensor<Scalar>, forward: Bool) -> FilterSpectra<Scalar> {
    let spectra = Scratch<Scalar>(count: spectraCount(filterMap))
    let plan = forwardPlan(filterMap)
    var scaled = filter
    scaled *= normalization
    scaled.withUnsafeElements { planes in
      Parallel.forEach(
        chunks(filterMap, tiles: 1), atMost: workers, workspace: { chunkScratch }
      ) { chunk, scratch in
        transform(
          chunk: chunk, of: 0..<1, planes.baseAddress!, filterMap, filterTables, plan, scratch: scratch.base,
          to: spectra.base)
      }
    }
    let adjoint = forward && !isDepthwise ? self.adjoint(spectra) : nil
    return FilterSpectra(filter: filter, values: spectra, adjoint: adjoint)
  }

  private func adjoint(_ spectra: Scratch<Scalar>) -> Scratch<Scalar> {
    let adjoint = Scratch<Scalar>(count: 2 * frequencies * filterMap.count)
    let (groups, outputs, terms) = (problem.geometry.groups, problem.outputsPerGroup, terms)
    forEachFrequencyRange { range in
      for f in range {
        for g in 0..<groups {
          let matrix = g * outputs * terms
          Scalar.adjoint(
            adjoint.base + 2 * (f * filterMap.count + matrix), spectra.base + 2 * (f * filterMap.pitch + matrix),
            outputs,
            terms)
        }
      }
    }
    return adjoint
  }
}

/// The spectra of a filter bank, with the filters that they belong to. Written once, before anyone else sees it.
final class FilterSpectra<Scalar: ConvolutionScalar>: @unchecked Sendable {
  let filter: Tensor<Scalar>
  /// W, `[frequency][output][term]`: what the backward pass multiplies with, and the depthwise one.
  let values: Scratch<Scalar>
  /// Wᴴ, `[frequency][group][term][output]`: what the forward pass multiplies with.
  let adjoint: Scratch<Scalar>?

  init(filter: Tensor<Scalar>, values: Scratch<Scalar>, adjoint: Scratch<Scalar>?) {
    self.filter = filter
    self.values = values
    self.adjoint = adjoint
  }
}

/// The spectra of all tiles of a batch, a block after the other, each `[frequency][tile][lane]`. Written once, before
/// anyone else sees it.
final class BlockSpectra<Scalar: ConvolutionScalar>: @unchecked Sendable {
  private let values: Scratch<Scalar>
  private let blockCount: Int

  init(blocks: Int, blockCount: Int) {
    values = Scratch(count: blocks * blockCount)
    self.blockCount = blockCount
  }

  func block(_ index: Int) -> UnsafeMutablePointer<Scalar> { values.base + index * blockCount }
}
