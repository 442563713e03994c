import Foundation
import SpectralCore

/// Prepares batches on a thread of its own, at most `depth` ahead of their reader.
///
/// Where the system has no thread to give, which Foundation does not report, the reader prepares them itself.
///
/// A class because it owns that thread: it starts with the epoch and has ended when the prefetcher is gone, whether
/// all batches were read or not.
package final class Prefetcher<Scalar: TensorScalar> {
  private let mailbox = Mailbox()
  private let batches: Batches<Scalar>
  /// The next batch, if the reader prepares them.
  private var index: Int

  /// - Parameters:
  ///   - patience: How long the reader waits for the thread to begin, in seconds.
  ///   - start: Starts the thread.
  package init(
    _ batches: Batches<Scalar>, depth: Int, patience: Double = 1, start: (Thread) -> Void = { $0.start() }
  ) {
    self.batches = batches
    index = batches.startingAt
    // The thread knows the mailbox, not the prefetcher, which could not go away otherwise.
    let mailbox = mailbox
    mailbox.patience = patience
    let thread = Thread {
      guard mailbox.claim() else { return }
      for index in batches.startingAt..<batches.count {
        guard mailbox.waitForRoom(depth) else { break }
        mailbox.put(batches[index])
      }
      mailbox.close()
    }
    thread.name = "SpectralKit batches"
    start(thread)
  }

  /// The next batch, when it is ready; nil after the last.
  package func next() -> Batch<Scalar>? {
    guard mailbox.waitForThread() else {
      guard index < batches.count else { return nil }
      defer { index += 1 }
      return batches[index]
    }
    return mailbox.take()
  }

  deinit { mailbox.stop() }

  /// Where the thread leaves batches. Sendable because every access is under the lock of the condition.
  private final class Mailbox: @unchecked Sendable {
    private let condition = NSCondition()
    private var ready: [Batch<Scalar>] = []
    private var isStopped = false
    private var isClosed = false
    private enum Producer { case nobody, thread, reader }
    private var producer = Producer.nobody
    var patience = 1.0

    /// Lets the thread produce the batches; false if it has come too late.
    func claim() -> Bool {
      condition.withLock {
        guard producer == .nobody else { return false }
        producer = .thread
        condition.broadcast()
        return true
      }
    }

    /// Whether the thread produces the batches; if it has not begun within the reader's patience it never will.
    func waitForThread() -> Bool {
      condition.withLock {
        let deadline = Date(timeIntervalSinceNow: patience)
        while producer == .nobody && condition.wait(until: deadline) {}
        if producer == .nobody { producer = .reader }
        return producer == .thread
      }
    }

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
        // A thread that has not begun will find nothing to do.
        if producer == .nobody { producer = .reader }
        condition.broadcast()
        while producer == .thread && !isClosed { condition.wait() }
      }
    }
  }
}
