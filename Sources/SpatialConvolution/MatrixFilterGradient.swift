import SpectralConvolution
import SpectralCore

/// The filter gradient of the dense direct method.
struct MatrixFilterGradient<Scalar: TensorScalar> {
  private let tiles: MatrixTiles<Scalar>
  private let padded: PaddedTiles<Scalar>
  /// The offset of each tap of each channel in a tile.
  private let offsets: [Int32]
  private var problem: ConvolutionProblem { tiles.problem }

  init(_ tiles: MatrixTiles<Scalar>) {
    self.tiles = tiles
    let grid = tiles.grid
    padded = PaddedTiles(grid, tiles.problem.images)
    let taps = grid.vertical.residues[0].taps.flatMap { row in
      grid.horizontal.residues[0].taps.map { row.place * grid.pitch + $0.place }
    }
    offsets = (0..<tiles.channelsAtOnce).flatMap { channel in taps.map { Int32(channel * grid.plane + $0) } }
  }

  /// What a thread works in.
  private struct Workspace {
    let tile: Scratch<Scalar>
    let gradient: Scratch<Scalar>
    let prefetch = Prefetch()
  }

  func callAsFunction(_ operands: PassOperands<Scalar>) -> Tensor<Scalar> {
    operands.result(problem.filterShape) { g, x, _, dw in
      let sums = Scratch<Scalar>(count: tiles.parts * tiles.sumsPerPart)
      sum(g, x, to: sums.base)
      addUp(sums.base, to: dw)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func sum(_ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, to sums: UnsafeMutablePointer<Scalar>) {
    let (groups, channels, channelParts) = (problem.geometry.groups, problem.channelsPerGroup, tiles.channelParts)
    let (blocks, parts, count) = (tiles.blocks.count, tiles.parts, problem.batch * tiles.grid.count)
    let taps = tiles.terms / channels
    let (imagePlane, outputPlane) = (problem.images.pixels, problem.maps.pixels)
    Parallel.forEach(
      parts * groups * blocks * channelParts, atMost: tiles.workers,
      workspace: { Workspace(tile: Scratch(count: tiles.tileCount), gradient: Scratch(count: tiles.resultCount)) }
    ) { index, workspace in
      let (rest, channelPart) = index.quotientAndRemainder(dividingBy: channelParts)
      let (rest2, blockIndex) = rest.quotientAndRemainder(dividingBy: blocks)
      let (part, group) = rest2.quotientAndRemainder(dividingBy: groups)
      let block = tiles.blocks[blockIndex]
      let pitch = LaneBlocks.vectors(block, Scalar.self) * Scalar.vectorWidth
      let first = channelPart * tiles.channelsAtOnce
      let channelCount = min(tiles.channelsAtOnce, channels - first)
      let target =
        sums + part * tiles.sumsPerPart + group * tiles.packedPerGroup + block.lowerBound * tiles.terms
        + first * taps * pitch
      let range = part * count / parts..<(part + 1) * count / parts
      for piece in range {
        let (image, tile) = piece.quotientAndRemainder(dividingBy: tiles.grid.count)
        let area = tiles.grid.area(tile)
        let plane = image * groups + group
        padded.copy(
          x + (plane * channels + first) * imagePlane, channels: channelCount, area, to: workspace.tile.base)
        pack(
          g + (plane * problem.outputsPerGroup + block.lowerBound) * outputPlane, block.count, area, pitch: pitch,
          to: workspace.gradient.base)
        if piece + 1 < range.upperBound {
          let (image, tile) = (piece + 1).quotientAndRemainder(dividingBy: tiles.grid.count)
          let (area, plane) = (tiles.grid.area(tile), image * groups + group)
          workspace.prefetch.add(
            padded.source(x + (plane * channels + first) * imagePlane, channels: channelCount, area))
          workspace.prefetch.add(
            PrefetchRegion(
              g + (plane * problem.outputsPerGroup + block.lowerBound) * outputPlane, problem.maps, count: block.count,
              rows: area.rows))
        }
        padded.withOffsets(area) { terms in
          offsets.withUnsafeBufferPointer { rows in
            Scalar.kernels.pointee.indirect_product(
              target, workspace.tile.base, rows.baseAddress!, channelCount * taps, terms, area.count,
              workspace.gradient.base, pitch / Scalar.vectorWidth, piece > range.lowerBound, workspace.prefetch.next())
          }
        }
      }
    }
  }

  /// The output gradients of an area as `[position][output]`.
  private func pack(
    _ g: UnsafePointer<Scalar>, _ lanes: Int, _ area: TileGrid.Area, pitch: Int,
    to packed: UnsafeMutablePointer<Scalar>
  ) {
    let (width, plane) = (problem.maps.width, problem.maps.pixels)
    if area.columns.count == width {
      Scalar.kernels.pointee.pack_lanes(packed, pitch, g + area.rows.lowerBound * width, plane, lanes, area.count)
    } else {
      for (index, row) in area.rows.enumerated() {
        Scalar.kernels.pointee.pack_lanes(
          packed + index * area.columns.count * pitch, pitch, g + row * width + area.columns.lowerBound, plane, lanes,
          area.columns.count)
      }
    }
  }

  /// Adds the parts, and puts the sums in the order of the filters.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func addUp(_ sums: UnsafePointer<Scalar>, to dw: UnsafeMutablePointer<Scalar>) {
    let (blocks, terms) = (tiles.blocks.count, tiles.terms)
    Parallel.forEach(
      problem.geometry.groups * blocks, grain: max(1, (1 << 15) * blocks / (tiles.parts * tiles.packedPerGroup))
    ) { index in
      let (group, blockIndex) = index.quotientAndRemainder(dividingBy: blocks)
      let block = tiles.blocks[blockIndex]
      let pitch = LaneBlocks.vectors(block, Scalar.self) * Scalar.vectorWidth
      Scalar.kernels.pointee.unpack_lanes(
        dw + (group * problem.outputsPerGroup + block.lowerBound) * terms, terms,
        sums + group * tiles.packedPerGroup + block.lowerBound * terms, pitch, block.count, terms, nil, tiles.parts,
        tiles.sumsPerPart)
    }
  }
}
