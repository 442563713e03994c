import SpectralConvolution
import Synchronization
import SpectralCore

/// How the passes that were taken lately are cut up across the images of a batch: small ones take little longer than it
/// takes to work that out.
///
/// A class because copies of a method share it.
final class KeptBatchTiles<Scalar: IndirectScalar>: Sendable {
  private struct Key: Equatable {
    let problem: ConvolutionProblem
    let pass: ConvolutionPass
    let memoryLimit: Int?
    let threads: Int
  }
  private struct Entry {
    let key: Key
    let tiles: BatchTiles<Scalar>?
  }

  private static var capacity: Int { 24 }
  private let entries = Mutex<[Entry]>([])

  /// How a pass is cut up; nil if it is not worth it.
  func tiles(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, memoryLimit: Int?) -> BatchTiles<Scalar>? {
    let key = Key(problem: problem, pass: pass, memoryLimit: memoryLimit, threads: Parallel.threads)
    return entries.withLock { entries in
      if let kept = entries.first(where: { $0.key == key }) { return kept.tiles }
      let tiles = BatchTiles<Scalar>(problem, pass, memoryLimit: memoryLimit)
      if entries.count >= Self.capacity { entries.removeFirst() }
      entries.append(Entry(key: key, tiles: tiles))
      return tiles
    }
  }
}
