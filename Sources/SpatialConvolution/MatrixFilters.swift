import SpectralCore

extension MatrixSweep {
  /// The filters in the order in which a pass reads them: for each group, block of lanes, residue, channel and tap, a
  /// number for each lane of the block; with vectors along the columns, for each lane all its terms.
  ///
  /// - Returns: Also whether they are finite, which only the input gradient asks.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func pack(_ filter: Tensor<Scalar>) -> (filters: Tensor<Scalar>, areFinite: Bool) {
    if tiles.needsNoPacking { return (filter, true) }
    let groups = problem.geometry.groups
    let perGroup = tiles.packedPerGroup
    var areFinite = true
    let packed = filter.withUnsafeElements { w in
      Tensor<Scalar>([groups * perGroup]) { packed in
        let (w, packed) = (w.baseAddress!, packed.baseAddress!)
        let blocks = tiles.blocks.count
        let filtersPerGroup = tiles.lanes * tiles.terms
        areFinite = !Parallel.anyOf(
          groups * blocks, grain: max(1, (1 << 15) * blocks / max(1, perGroup)), atMost: tiles.workers,
          workspace: { Scratch<Scalar>(count: tiles.orderedCount) }
        ) { index, ordered in
          let (group, block) = (index / blocks, tiles.blocks[index % blocks])
          return !pack(
            w + group * filtersPerGroup, block, to: packed + group * perGroup + tiles.packedOffset(block), ordered.base)
        }
      }
    }
    return (packed, areFinite)
  }

  private func pack(
    _ w: UnsafePointer<Scalar>, _ block: Range<Int>, to packed: UnsafeMutablePointer<Scalar>,
    _ ordered: UnsafeMutablePointer<Scalar>
  ) -> Bool {
    let (channels, lanes, lane) = (tiles.channels, tiles.lanes, block.lowerBound)
    let (taps, pitch) = (tiles.terms / channels, tiles.vectors(block) * Scalar.vectorWidth)
    if tiles.pass == .forward {
      // All taps of a filter stand together.
      Scalar.kernels.pointee.pack_lanes(packed, pitch, w + lane * tiles.terms, tiles.terms, block.count, tiles.terms)
      return true
    }
    var areFinite = true
    for channel in 0..<channels {
      let source = w + (channel * lanes + lane) * taps
      areFinite = Scalar.kernels.pointee.are_finite(source, block.count * taps) && areFinite
      // Taps stand in the order of residues, of which there is one at stride 1.
      let target = residues.count > 1 ? ordered : packed + channel * taps * pitch
      if tiles.slides {
        for residue in residues {
          for lane in 0..<block.count {
            let target = packed + lane * tiles.terms + residue.tapsBefore * channels + channel * residue.taps.count
            for (index, tap) in residue.taps.enumerated() { target[index] = source[lane * taps + tap] }
          }
        }
        continue
      }
      Scalar.kernels.pointee.pack_lanes(target, pitch, source, taps, block.count, taps)
      guard residues.count > 1 else { continue }
      for residue in residues {
        let first = residue.tapsBefore * channels + channel * residue.taps.count
        for (index, tap) in residue.taps.enumerated() {
          (packed + (first + index) * pitch).update(from: ordered + tap * pitch, count: pitch)
        }
      }
    }
    return areFinite
  }
}
