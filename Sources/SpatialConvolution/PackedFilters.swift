import Layers
import Synchronization
import Tensors

extension IndirectSweep {
  /// The filters in the order in which a pass reads them: for each group, block of lanes, residue, channel and tap, a
  /// number for each lane of the block; with vectors along the columns, for each lane all its terms.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func pack(_ filter: Tensor<Scalar>) -> Tensor<Scalar> {
    if tiles.needsNoPacking { return filter }
    let groups = problem.geometry.groups
    let perGroup = tiles.packedPerGroup
    return filter.withUnsafeElements { w in
      Tensor([groups * perGroup]) { packed in
        let (w, packed) = (w.baseAddress!, packed.baseAddress!)
        let blocks = tiles.blocks.count
        let filtersPerGroup = tiles.lanes * tiles.terms
        Parallel.forEach(groups * blocks, grain: max(1, (1 << 15) * blocks / max(1, perGroup))) { index in
          let (group, block) = (index / blocks, tiles.blocks[index % blocks])
          pack(w + group * filtersPerGroup, block, to: packed + group * perGroup + tiles.packedOffset(block))
        }
      }
    }
  }

  private func pack(_ w: UnsafePointer<Scalar>, _ block: Range<Int>, to packed: UnsafeMutablePointer<Scalar>) {
    let (channels, lanes) = (tiles.channels, tiles.lanes)
    let taps = tiles.terms / max(channels, 1)
    if tiles.pass == .forward {
      // All taps of a filter stand together, and there is one residue.
      Scalar.packLanes(
        packed, tiles.vectors(block) * Scalar.vectorWidth, w + block.lowerBound * tiles.terms, tiles.terms, block.count,
        tiles.terms)
    } else if tiles.slides {
      for (index, lane) in block.enumerated() {
        var target = packed + index * tiles.terms
        for residue in residues {
          for channel in 0..<channels {
            for tap in residue.taps {
              target.pointee = w[(channel * lanes + lane) * taps + tap]
              target += 1
            }
          }
        }
      }
    } else {
      let pitch = tiles.vectors(block) * Scalar.vectorWidth
      let ordered = Scratch<Scalar>(count: taps * pitch)
      for channel in 0..<channels {
        Scalar.packLanes(
          ordered.base, pitch, w + (channel * lanes + block.lowerBound) * taps, taps, block.count, taps)
        for residue in residues {
          for (index, tap) in residue.taps.enumerated() {
            let term = residue.tapsBefore * channels + channel * residue.taps.count + index
            (packed + term * pitch).update(from: ordered.base + tap * pitch, count: pitch)
          }
        }
      }
    }
  }
}

/// The packed filters that were used lately for inference.
///
/// A class because copies of a method share it. An entry holds on to its filters, so that whoever changes them writes
/// to a copy: as long as the memory is the same, the numbers are.
final class KeptFilters<Scalar: RowScalar>: Sendable {
  private struct Entry: Sendable {
    let filter: Tensor<Scalar>
    let geometry: ConvolutionGeometry
    let packed: Tensor<Scalar>
  }

  private static var capacity: Int { 8 }
  private let entries = Mutex<[Entry]>([])

  /// The filters packed for a forward pass, by `pack` unless they are here.
  func packed(
    _ filter: Tensor<Scalar>, _ geometry: ConvolutionGeometry, _ pack: () -> Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let kept = entries.withLock { entries in
      entries.first {
        $0.filter.sharesStorage(with: filter) && $0.filter.shape == filter.shape && $0.geometry == geometry
      }?.packed
    }
    if let kept { return kept }
    let packed = pack()
    entries.withLock { entries in
      if entries.count >= Self.capacity { entries.removeFirst() }
      entries.append(Entry(filter: filter, geometry: geometry, packed: packed))
    }
    return packed
  }
}
