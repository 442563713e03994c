import Foundation
import SpectralCore

/// Prepares batches on a thread of its own, at most `depth` ahead of their reader.
///
/// A class because it owns that thread: it starts with the epoch and has ended when the prefetcher is gone, whether
/// all batches were read or not.
final class Prefetcher<Scalar: TensorScalar> {
  private let mailbox = Mailbox()

  init(_ batches: Batches<Scalar>, depth: Int) {
    // The thread knows the mailbox, not the prefetcher, which could not go away otherwise.
    let mailbox = mailbox
    let thread = Thread {
      for index in batches.startingAt..<batches.count {
        guard mailbox.waitForRoom(depth) else { break }
        mailbox.put(batches[index])
      }
      mailbox.close()
    }
    thread.name = "SpectralKit batches"
    thread.start()
  }

  /// The next batch, when it is ready; nil after the last.
  func next() -> Batch<Scalar>? { mailbox.take() }

  deinit { mailbox.stop() }

  /// Where the thread leaves batches. Sendable because every access is under the lock of the condition.
  private final class Mailbox: @unchecked Sendable {
    private let condition = NSCondition()
    private var ready: [Batch<Scalar>] = []
    private var isStopped = false
    private var isClosed = false

    /// Waits until fewer than `depth` batches are ready; false if no more are wanted.
    func waitForRoom(_ depth: Int) -> Bool {
      condition.withLock {
        while ready.count >= depth && !isStopped { condition.wait() }
        return !isStopped
      }
    }

    func put(_ batch: Batch<Scalar>) {
      condition.withLock {
        ready.append(batch)
        condition.broadcast()
      }
    }

    /// Says that no batch follows.
    func close() {
      condition.withLock {
        isClosed = true
        condition.broadcast()
      }
    }

    func take() -> Batch<Scalar>? {
      condition.withLock {
        while ready.isEmpty && !isClosed { condition.wait() }
        guard !ready.isEmpty else { return nil }
        condition.broadcast()
        return ready.removeFirst()
      }
    }

    /// Asks the thread to end, and waits until it has.
    func stop() {
      condition.withLock {
        isStopped = true
        condition.broadcast()
        while !isClosed { condition.wait() }
      }
    }
  }
}
