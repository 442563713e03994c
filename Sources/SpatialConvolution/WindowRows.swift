import CKernels
import SpectralCore

/// How rows of sums meet rows of planes: which sums are kept in registers together, and which of them see a row that
/// passes by. Rows beyond the border, which are zero, do not pass by at all.
///
/// Bands that lie in the border in the same way, as nearly all of a tall plane lie in none, share one table of steps.
struct WindowRows {
  /// Rows of sums that are computed together.
  struct Block {
    /// Counted from the band's first.
    let first: Int
    let count: Int
    let steps: Range<Int>
  }

  /// Rows of sums whose planes' rows are copied together.
  struct Band {
    let positions: Range<Int>
    /// The rows that are copied, of each plane.
    let sources: Range<Int>
    /// From the first of these rows to the last.
    let sourceRows: Range<Int>
    /// The blocks of each residue.
    let blocks: [[Block]]
  }

  let taps: [WindowTaps]
  let bands: [Band]
  let sources: Scratch<Int32>
  let steps: Scratch<sk_window_step>
  /// The steps of all different bands.
  let stepCount: Int

  /// The most bytes of the tables.
  ///
  /// - Parameters: As of the initializer.
  static func byteCount(_ axis: SlidingAxis, terms: Int, rowsAtOnce: Int) -> Int {
    let counts = Counts(axis, terms, rowsAtOnce)
    return Scratch<Int32>.byteCount(counts.sources) + Scratch<sk_window_step>.byteCount(counts.steps)
      + counts.bands * MemoryLayout<Band>.stride + counts.blocks * MemoryLayout<Block>.stride
  }

  /// How much there can be at most, from sizes alone.
  private struct Counts {
    let bands: Int
    let sources: Int
    let steps: Int
    let blocks: Int

    init(_ axis: SlidingAxis, _ terms: Int, _ rowsAtOnce: Int) {
      bands = (axis.positions + rowsAtOnce - 1) / rowsAtOnce
      let rows = min(rowsAtOnce, axis.positions)
      sources = bands * axis.places(rows)
      // Those that see where either border begins, one inside, one beyond, and the last, which may be shorter.
      let different = min(bands, 2 * ((axis.places(rows) - 1) / (rows * axis.step) + 1) + 3)
      var (steps, blocks) = (0, 0)
      for residue in axis.residues {
        let taps = WindowTaps(residue, step: axis.step)
        let count = taps.blockCount(rows, atMost: SK_WINDOW_ROWS)
        blocks += count
        steps += terms * (taps.tapShift * (rows - count) + count * taps.count)
      }
      (self.steps, self.blocks) = (different * steps, different * blocks)
    }
  }

  /// - Parameters:
  ///   - terms: Planes that are summed.
  ///   - filterDistance: Kernels from that of one of them to that of the next.
  ///   - rowsAtOnce: Rows of sums of a band.
  init(_ axis: SlidingAxis, terms: Int, filterDistance: Int, rowsAtOnce: Int) {
    let taps = axis.residues.map { WindowTaps($0, step: axis.step) }
    let counts = Counts(axis, terms, rowsAtOnce)
    let sources = Scratch<Int32>(count: counts.sources)
    let steps = Scratch<sk_window_step>(count: counts.steps)
    var (sourceCount, stepCount) = (0, 0)
    var bands: [Band] = []
    bands.reserveCapacity(counts.bands)
    // By what decides on its steps: how many rows of sums a band has, and which of the rows that they see are copied.
    var known: [[Int32]: [[Block]]] = [:]
    for start in stride(from: 0, to: axis.positions, by: rowsAtOnce) {
      let positions = start..<min(axis.positions, start + rowsAtOnce)
      let blocks = taps.map { $0.blocks(0..<positions.count, atMost: SK_WINDOW_ROWS) }
      let base = start * axis.step
      // Where each place's row is copied to; -1 for nowhere.
      var slots = [Int32](repeating: -1, count: axis.places(positions.count))
      func place(_ taps: WindowTaps, _ block: (first: Int, count: Int), _ t: Int) -> Int {
        axis.step * block.first + taps.firstPlace + taps.spacing * t
      }
      for (taps, blocks) in zip(taps, blocks) {
        for block in blocks {
          for t in 0..<taps.places(block.count) where taps.positions(seeing: t, of: block.count) != nil {
            slots[place(taps, block, t)] = 0
          }
        }
      }
      let firstSource = sourceCount
      for i in slots.indices where slots[i] == 0 {
        guard let source = axis.source(base + i) else {
          slots[i] = -1
          continue
        }
        slots[i] = Int32(sourceCount - firstSource)
        sources.base[sourceCount] = Int32(source)
        sourceCount += 1
      }
      let height = sourceCount - firstSource
      let planned =
        known[slots]
        ?? zip(taps, blocks).map { taps, blocks in
          blocks.map { block in
            let firstStep = stepCount
            for term in 0..<terms {
              for t in 0..<taps.places(block.count) {
                guard let seeing = taps.positions(seeing: t, of: block.count) else { continue }
                let slot = slots[place(taps, block, t)]
                guard slot >= 0 else { continue }
                precondition(stepCount < counts.steps, "a plane has more kinds of bands than were counted")
                steps.base[stepCount] = sk_window_step(
                  row: Int32(term * height) + slot,
                  factor: Int32(term * filterDistance * taps.count + taps.tap(seeing: t, from: seeing.lowerBound)),
                  first: Int32(seeing.lowerBound), last: Int32(seeing.upperBound - 1))
                stepCount += 1
              }
            }
            return Block(first: block.first, count: block.count, steps: firstStep..<stepCount)
          }
        }
      known[slots] = planned
      let copied = UnsafeBufferPointer(start: sources.base + firstSource, count: height)
      let sourceRows = Int(copied.min() ?? 0)..<Int(copied.max() ?? -1) + 1
      bands.append(
        Band(positions: positions, sources: firstSource..<sourceCount, sourceRows: sourceRows, blocks: planned))
    }
    self.taps = taps
    self.bands = bands
    self.sources = sources
    self.steps = steps
    self.stepCount = stepCount
  }
}
