import Foundation
import Synchronization

/// Runs independent pieces of work on several threads.
///
/// The threads are those of the `WorkerPool`, which live on between calls. Each begins with a share of neighbouring
/// pieces, the same share in every loop, and then takes what others have left; so a slow piece does not hold up the
/// rest, and what a thread wrote in one loop it usually finds in its own cache in the next. What a piece computes must
/// not depend on who runs it: that is what makes results independent of the number of threads.
public enum Parallel {
  private static let threadLimit = Atomic<Int>(processorCount)

  /// How many threads may work at once; the number of processors unless set.
  public static var threads: Int {
    get { threadLimit.load(ordering: .relaxed) }
    set { threadLimit.store(max(1, newValue), ordering: .relaxed) }
  }

  /// The processors this process may run on.
  public static let processorCount = ProcessInfo.processInfo.activeProcessorCount

  /// Calls `body` once for each index below `count`, on up to ``threads`` threads, and returns when all are done.
  ///
  /// - Parameters:
  ///   - grain: How many neighbouring indices make a piece worth handing to another thread.
  ///   - atMost: How many threads may take part, if memory has room for so many only.
  ///   - body: Must write only where no other index writes.
  public static func forEach(_ count: Int, grain: Int = 1, atMost: Int = .max, _ body: (Int) -> Void) {
    forEach(count, grain: grain, atMost: atMost, workspace: {}, { index, _ in body(index) })
  }

  /// The same, with a working memory that each thread makes once for all of its pieces.
  public static func forEach<Workspace>(
    _ count: Int, grain: Int = 1, atMost: Int = .max, workspace: () -> Workspace,
    _ body: (Int, inout Workspace) -> Void
  ) {
    guard count > 0 else { return }
    let pieces = (count + grain - 1) / grain
    let workers = min(threads, atMost, pieces)
    guard workers > 1 else {
      var own = workspace()
      for index in 0..<count { body(index, &own) }
      return
    }
    let shares = Shares(pieces, workers: workers)
    defer { shares.free() }
    WorkerPool.shared.run(helpers: workers - 1) { worker in
      var own: Workspace?
      shares.forEachPiece(worker) { piece in
        if own == nil { own = workspace() }
        for index in piece * grain..<min(count, (piece + 1) * grain) { body(index, &own!) }
      }
    }
  }

  /// Whether `body` is true for any index below `count`.
  ///
  /// - Parameter stopsEarly: Whether `body` is not called any more once it was true, rather than for all indices.
  public static func anyOf<Workspace>(
    _ count: Int, grain: Int = 1, atMost: Int = .max, stopsEarly: Bool = false, workspace: () -> Workspace,
    _ body: (Int, inout Workspace) -> Bool
  ) -> Bool {
    let found = Atomic<Bool>(false)
    forEach(count, grain: grain, atMost: atMost, workspace: workspace) { index, own in
      if stopsEarly && found.load(ordering: .relaxed) { return }
      if body(index, &own) { found.store(true, ordering: .relaxed) }
    }
    return found.load(ordering: .relaxed)
  }
}

/// The pieces of a loop, in one share of neighbours for each thread.
private struct Shares: @unchecked Sendable {
  private let pieces: Int
  private let workers: Int
  /// How many pieces of each share have been taken, each count in a cache line of its own.
  private let taken: UnsafeMutablePointer<Atomic<Int>>
  private static let pitch = 64 / MemoryLayout<Atomic<Int>>.stride

  init(_ pieces: Int, workers: Int) {
    self.pieces = pieces
    self.workers = workers
    taken = .allocate(capacity: workers * Self.pitch)
    for i in 0..<workers { (taken + i * Self.pitch).initialize(to: Atomic(0)) }
  }

  func free() {
    for i in 0..<workers { (taken + i * Self.pitch).deinitialize(count: 1) }
    taken.deallocate()
  }

  /// Calls `body` with all pieces that are left, those of the thread's own share first.
  @inline(__always)
  func forEachPiece(_ worker: Int, _ body: (Int) -> Void) {
    for step in 0..<workers {
      let share = (worker + step) % workers
      let (first, end) = (share * pieces / workers, (share + 1) * pieces / workers)
      let taken = taken + share * Self.pitch
      while first + taken.pointee.load(ordering: .relaxed) < end {
        let piece = first + taken.pointee.wrappingAdd(1, ordering: .relaxed).oldValue
        guard piece < end else { break }
        body(piece)
      }
    }
  }
}
