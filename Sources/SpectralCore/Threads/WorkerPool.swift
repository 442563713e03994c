import CKernels
import Dispatch
import Foundation
import Synchronization

/// The threads of ``Parallel``: they help wherever a loop offers its work, and sleep when nobody does.
///
/// A network starts some thirty loops in a step of one or two milliseconds, and to wake a sleeping thread takes longer
/// than many of these loops do. So a thread that has helped stays awake for a moment, in case the next loop follows;
/// and a loop that has run out of work waits for its helpers in the same way before it sleeps.
///
/// Loops may start from any thread, several at a time, and inside each other: each takes a place of its own on a
/// board, and where the board is full it does its work alone. Sendable because all that changes is atomic, or belongs
/// to the loop that has taken the place.
final class WorkerPool: Sendable {
  /// The pool of the process. Exchanged only in the child of a fork, which has one thread and none of the pool's.
  nonisolated(unsafe) fileprivate(set) static var shared = WorkerPool()

  /// How long a thread looks for work before it sleeps, in nanoseconds: the serial code between two loops of a network.
  fileprivate static let patience: UInt64 = 50_000

  /// Enough for loops in loops on a machine with many processors.
  private let board = (0..<32).map { _ in Place() }
  /// Helpers that loops want and do not have yet.
  private let wanted = Atomic<Int>(0)
  /// Threads that are awake and look for work.
  private let searching = Atomic<Int>(0)
  /// Threads that sleep, or are about to, and for which nobody has rung.
  private let sleeping = Atomic<Int>(0)
  private let bell = DispatchSemaphore(value: 0)
  private let started = Atomic<Int>(0)

  /// Runs `work` here and, at the same time, on up to `helpers` other threads; returns when all of them are done.
  ///
  /// How many come, if any, is not known, so `work` must share itself out, and be done when it returns here.
  ///
  /// - Parameter work: Receives the number of the thread: 0 here, and for each other thread one that stays the same.
  func run(helpers: Int, _ work: (Int) -> Void) {
    guard let place = board.first(where: { $0.take() }) else { return work(0) }
    start(helpers)
    withoutActuallyEscaping(work) { work in
      place.open(work, helpers)
      wanted.wrappingAdd(helpers, ordering: .sequentiallyConsistent)
      ring()
      work(0)
      wanted.wrappingSubtract(place.close(), ordering: .sequentiallyConsistent)
      // With more threads than processors a helper may need this one.
      place.waitForHelpers(patience: helpers < Parallel.processorCount ? Self.patience : 0)
    }
    place.leave()
  }

  /// Makes sure that so many threads were started; they live as long as the process.
  private func start(_ count: Int) {
    var present = started.load(ordering: .relaxed)
    while present < count {
      let (exchanged, original) = started.compareExchange(
        expected: present, desired: present + 1, ordering: .relaxed)
      present = exchanged ? present + 1 : original
      guard exchanged else { continue }
      let patience = present < Parallel.processorCount ? Self.patience : 0
      let number = present
      let thread = Thread { [self] in while true { nextOffer(patience: patience).help(number) } }
      thread.name = "SpectralKit worker"
      thread.start()
    }
  }

  /// Wakes as many threads as are wanted, beyond those that are looking already.
  private func ring() {
    var missing = wanted.load(ordering: .sequentiallyConsistent) - searching.load(ordering: .sequentiallyConsistent)
    while missing > 0 && takeSleeper() {
      bell.signal()
      missing -= 1
    }
  }

  /// Takes one thread off the sleeping ones; false if there is none.
  private func takeSleeper() -> Bool {
    var count = sleeping.load(ordering: .sequentiallyConsistent)
    while count > 0 {
      let (exchanged, original) = sleeping.compareExchange(
        expected: count, desired: count - 1, ordering: .sequentiallyConsistent)
      if exchanged { return true }
      count = original
    }
    return false
  }

  /// Waits until a loop wants help, and joins it.
  private func nextOffer(patience: UInt64) -> Place {
    while true {
      searching.wrappingAdd(1, ordering: .sequentiallyConsistent)
      var offer: Place?
      spin(for: patience) {
        offer = join()
        return offer != nil
      }
      searching.wrappingSubtract(1, ordering: .sequentiallyConsistent)
      if let offer {
        // Two loops may have counted on the same thread that was looking.
        ring()
        return offer
      }
      // Whoever offers work after this look sees a sleeper and rings.
      sleeping.wrappingAdd(1, ordering: .sequentiallyConsistent)
      if let offer = join() {
        if !takeSleeper() { bell.wait() }
        return offer
      }
      bell.wait()
    }
  }

  private func join() -> Place? {
    guard wanted.load(ordering: .sequentiallyConsistent) > 0, let place = board.first(where: { $0.join() })
    else { return nil }
    wanted.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    return place
  }
}

extension Parallel {
  /// Gives the child of a fork threads of its own, when it needs them: of its parent's it has only the one that forked.
  package static func restartAfterFork() {
    // The old pool stays in memory: a semaphore on which threads seem to wait may not be freed.
    _ = Unmanaged.passRetained(WorkerPool.shared)
    WorkerPool.shared = WorkerPool()
  }
}

/// Where one loop at a time offers its work.
///
/// Sendable: `work` is written by the loop that took the place, before it opens it and after all helpers are gone.
private final class Place: @unchecked Sendable {
  private let isTaken = Atomic<Bool>(false)
  private var work: ((Int) -> Void)?
  /// The helpers at work, plus `oneWanted` for each that may still come, plus `isAwaited` if the loop sleeps until the
  /// last one leaves.
  private let state = Atomic<UInt64>(0)
  private static let isAwaited: UInt64 = 1 << 31
  private static let oneWanted: UInt64 = 1 << 32
  private let lastHelperLeft = DispatchSemaphore(value: 0)

  private static func helpers(_ state: UInt64) -> UInt64 { state & (isAwaited - 1) }

  /// Takes the place if it is free.
  func take() -> Bool {
    guard !isTaken.load(ordering: .relaxed) else { return false }
    return isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged
  }

  /// Gives the place back.
  func leave() {
    isTaken.store(false, ordering: .releasing)
  }

  /// Lets up to `helpers` threads in.
  func open(_ work: @escaping (Int) -> Void, _ helpers: Int) {
    self.work = work
    state.store(UInt64(helpers) * Self.oneWanted, ordering: .releasing)
  }

  /// Lets nobody in any more; returns how many did not come.
  func close() -> Int {
    Int(state.bitwiseAnd(Self.oneWanted - 1, ordering: .acquiringAndReleasing).oldValue / Self.oneWanted)
  }

  /// Returns when no helper is at work, after ``close()``.
  func waitForHelpers(patience: UInt64) {
    let areGone = spin(for: patience) { Self.helpers(state.load(ordering: .acquiring)) == 0 }
    if !areGone, Self.helpers(state.bitwiseOr(Self.isAwaited, ordering: .acquiringAndReleasing).oldValue) > 0 {
      lastHelperLeft.wait()
    }
    work = nil
  }

  /// Comes in as a helper, if one is wanted.
  func join() -> Bool {
    var seen = state.load(ordering: .relaxed)
    while seen >= Self.oneWanted {
      let (exchanged, original) = state.compareExchange(
        expected: seen, desired: seen - Self.oneWanted + 1, ordering: .acquiringAndReleasing)
      if exchanged { return true }
      seen = original
    }
    return false
  }

  /// Helps, and goes.
  func help(_ number: Int) {
    callWork(number)
    let left = state.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
    if left == Self.isAwaited { lastHelperLeft.signal() }
  }

  /// A function of its own, so that no reference to the closure is left when it returns.
  @inline(never)
  private func callWork(_ number: Int) { work!(number) }
}

/// Asks again and again whether something is so, for at most `patience` nanoseconds; returns the last answer.
@discardableResult
private func spin(for patience: UInt64, until isSo: () -> Bool) -> Bool {
  if isSo() { return true }
  guard patience > 0 else { return false }
  let end = DispatchTime.now().uptimeNanoseconds + patience
  repeat {
    for _ in 0..<8 {
      sk_relax()
      if isSo() { return true }
    }
  } while DispatchTime.now().uptimeNanoseconds < end
  return false
}
