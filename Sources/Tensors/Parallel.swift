import Foundation
import Synchronization

/// Runs independent pieces of work on several threads.
///
/// The threads are those of the `WorkerPool`, which live on between calls. Pieces are handed out through one atomic
/// counter, so a slow piece does not hold up the others. What a piece computes must not depend on who runs it: that is
/// what makes results independent of the number of threads.
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
    let next = Atomic<Int>(0)
    WorkerPool.shared.run(helpers: workers - 1) {
      var own: Workspace?
      while true {
        let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard piece < pieces else { return }
        if own == nil { own = workspace() }
        for index in piece * grain..<min(count, (piece + 1) * grain) { body(index, &own!) }
      }
    }
  }

  /// Whether `body` is true for any index below `count`; it is called for all of them.
  public static func anyOf<Workspace>(
    _ count: Int, grain: Int = 1, atMost: Int = .max, workspace: () -> Workspace,
    _ body: (Int, inout Workspace) -> Bool
  ) -> Bool {
    let found = Atomic<Bool>(false)
    forEach(count, grain: grain, atMost: atMost, workspace: workspace) { index, own in
      if body(index, &own) { found.store(true, ordering: .relaxed) }
    }
    return found.load(ordering: .relaxed)
  }
}
