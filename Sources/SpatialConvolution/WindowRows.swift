import CKernels
import Tensors

/// How rows of sums meet rows of planes: which sums are kept in registers together, and which of them see a row that
/// passes by. Rows beyond the border, which are zero, do not pass by at all.
struct WindowRows {
  /// Rows of sums that are computed together.
  struct Block {
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

  /// The bytes of the tables.
  var byteCount: Int {
    Scratch<Int32>.byteCount(sources.count) + Scratch<sk_window_step>.byteCount(steps.count)
  }

  /// - Parameters:
  ///   - terms: Planes that are summed.
  ///   - filterDistance: Kernels from that of one of them to that of the next.
  ///   - rowsAtOnce: Rows of sums of a band.
  init(_ axis: SlidingAxis, terms: Int, filterDistance: Int, rowsAtOnce: Int) {
    let taps = axis.residues.map { WindowTaps($0, step: axis.step) }
    var bands: [Band] = []
    var sources: [Int32] = []
    var steps: [sk_window_step] = []
    for start in stride(from: 0, to: axis.positions, by: rowsAtOnce) {
      let positions = start..<min(axis.positions, start + rowsAtOnce)
      let blocks = taps.map { $0.blocks(positions, atMost: SK_WINDOW_ROWS) }
      let base = start * axis.step
      // Where each place's row is copied to; -1 for nowhere.
      var slots = [Int32](repeating: -1, count: axis.places(positions.count))
      func place(_ taps: WindowTaps, _ block: (first: Int, count: Int), _ t: Int) -> Int {
        axis.step * block.first + taps.firstPlace + taps.spacing * t - base
      }
      for (taps, blocks) in zip(taps, blocks) {
        for block in blocks {
          for t in 0..<taps.places(block.count) where taps.positions(seeing: t, of: block.count) != nil {
            slots[place(taps, block, t)] = 0
          }
        }
      }
      let firstSource = sources.count
      for i in slots.indices where slots[i] == 0 {
        guard let source = axis.source(base + i) else {
          slots[i] = -1
          continue
        }
        slots[i] = Int32(sources.count - firstSource)
        sources.append(Int32(source))
      }
      let height = sources.count - firstSource
      let planned = zip(taps, blocks).map { taps, blocks in
        blocks.map { block in
          let firstStep = steps.count
          for term in 0..<terms {
            for t in 0..<taps.places(block.count) {
              guard let seeing = taps.positions(seeing: t, of: block.count) else { continue }
              let slot = slots[place(taps, block, t)]
              guard slot >= 0 else { continue }
              steps.append(
                sk_window_step(
                  row: Int32(term * height) + slot,
                  factor: Int32(term * filterDistance * taps.count + taps.tap(seeing: t, from: seeing.lowerBound)),
                  first: Int32(seeing.lowerBound), last: Int32(seeing.upperBound - 1)))
            }
          }
          return Block(first: block.first, count: block.count, steps: firstStep..<steps.count)
        }
      }
      let copied = sources[firstSource...]
      let sourceRows = Int(copied.min() ?? 0)..<Int(copied.max() ?? -1) + 1
      bands.append(
        Band(
          positions: positions, sources: firstSource..<sources.count, sourceRows: sourceRows, blocks: planned))
    }
    self.taps = taps
    self.bands = bands
    self.sources = Scratch(sources)
    self.steps = Scratch(steps)
  }
}
