import Dispatch
import Foundation
import Synchronization
import SpectralCore
import TestSupport
import Testing

@Suite(.serialized) struct ParallelTests {
  @Test(arguments: [0, 1, 2, 7, 100], [1, 3, 1000])
  func everyIndexOnce(count: Int, grain: Int) {
    let visits = Mutex([Int](repeating: 0, count: count))
    Parallel.forEach(count, grain: grain) { index in visits.withLock { $0[index] += 1 } }
    #expect(visits.withLock { $0 } == [Int](repeating: 1, count: count))
  }

  @Test func workspacesAreNotShared() {
    let made = Atomic<Int>(0)
    let sum = Mutex(0)
    Parallel.forEach(
      1000, grain: 10,
      workspace: {
        made.wrappingAdd(1, ordering: .relaxed)
        return [Int]()
      },
      { index, own in
        own.append(index)
        sum.withLock { $0 += own.last! }
      })
    #expect(sum.withLock { $0 } == 499_500)
    #expect((1...Parallel.threads).contains(made.load(ordering: .relaxed)))
  }

  @Test(arguments: [1, 4], [false, true])
  func anyOfEndsWhenTold(threads: Int, stopsEarly: Bool) {
    withThreads(threads) {
      let calls = Atomic<Int>(0)
      func any(_ isTrue: (Int) -> Bool) -> Bool {
        calls.store(0, ordering: .relaxed)
        return Parallel.anyOf(1000, stopsEarly: stopsEarly, workspace: {}) { index, _ in
          calls.wrappingAdd(1, ordering: .relaxed)
          return isTrue(index)
        }
      }
      #expect(!any { _ in false } && calls.load(ordering: .relaxed) == 1000)
      #expect(any { $0 == 999 })
      #expect(stopsEarly || calls.load(ordering: .relaxed) == 1000)
      // Each thread may be at one index when another finds what ends the work.
      #expect(any { _ in true } && calls.load(ordering: .relaxed) <= (stopsEarly ? threads : 1000))
    }
  }

  @Test func nests() {
    let count = Atomic<Int>(0)
    Parallel.forEach(8) { _ in Parallel.forEach(8) { _ in count.wrappingAdd(1, ordering: .relaxed) } }
    #expect(count.load(ordering: .relaxed) == 64)
  }

  /// Each of two pieces waits for the other, so neither thread can have done both. Whether the helper had just worked,
  /// or had gone to sleep, makes no difference.
  @Test(arguments: [0.0, 0.01]) func helpersCome(pause: Double) {
    withThreads(2) {
      for _ in 0..<20 {
        Thread.sleep(forTimeInterval: pause)
        let arrived = Atomic<Int>(0)
        let end = ContinuousClock.now + .seconds(60)
        Parallel.forEach(2) { _ in
          arrived.wrappingAdd(1, ordering: .relaxed)
          while arrived.load(ordering: .relaxed) < 2 && ContinuousClock.now < end {
            Thread.sleep(forTimeInterval: 1e-5)
          }
        }
        #expect(ContinuousClock.now < end)
      }
    }
  }

  /// More loops at once, in each other and from many threads, than there are places to offer them.
  @Test(arguments: [1, 2, 5]) func manyLoopsAtOnce(threads: Int) async {
    let total = Atomic<Int>(0)
    withThreads(threads) {
      let group = DispatchGroup()
      for _ in 0..<40 {
        DispatchQueue.global().async(group: group) {
          for _ in 0..<50 {
            var sums = [Int](repeating: 0, count: 8)
            sums.withUnsafeMutableBufferPointer { sums in
              nonisolated(unsafe) let sums = sums
              Parallel.forEach(8) { outer in
                let sum = Atomic<Int>(0)
                Parallel.forEach(4) { inner in sum.wrappingAdd(outer * inner, ordering: .relaxed) }
                sums[outer] = sum.load(ordering: .relaxed)
              }
            }
            total.wrappingAdd(sums.reduce(0, +), ordering: .relaxed)
          }
        }
      }
      group.wait()
    }
    // (0 + ... + 7) (0 + ... + 3) each time.
    #expect(total.load(ordering: .relaxed) == 40 * 50 * 28 * 6)
  }

  /// A thread may change the number of threads while another one's loop runs.
  @Test func threadsMayChangeMeanwhile() {
    withThreads(2) {
      let sum = Atomic<Int>(0)
      for round in 0..<2000 {
        Parallel.threads = 1 + round % 4
        Parallel.forEach(10) { sum.wrappingAdd($0, ordering: .relaxed) }
      }
      #expect(sum.load(ordering: .relaxed) == 2000 * 45)
    }
  }

  /// What helpers wrote is seen when the loop is over.
  @Test func writesAreSeen() {
    withThreads(3) {
      var values = [Int](repeating: -1, count: 999)
      for round in 0..<200 {
        values.withUnsafeMutableBufferPointer { values in
          nonisolated(unsafe) let values = values
          Parallel.forEach(values.count, grain: 50) { values[$0] = $0 + round }
        }
        #expect(values == Array(round..<round + 999))
      }
    }
  }
}

@Suite(.serialized) struct MemoryPoolTests {
  @Test(arguments: [0, 1, 63, 4096, 4097, 5000, 1 << 20, (1 << 20) + 1])
  func blocksAreAlignedAndAsLargeAsAsked(byteCount: Int) {
    let block = MemoryPool.allocate(byteCount: byteCount)
    #expect(Int(bitPattern: block) % 64 == 0)
    block.initializeMemory(as: UInt8.self, repeating: 0xff, count: byteCount)
    MemoryPool.deallocate(block, byteCount: byteCount)
  }

  @Test func livingBlocksAreDistinct() {
    let blocks = (0..<20).map { _ in MemoryPool.allocate(byteCount: 10_000) }
    #expect(Set(blocks).count == 20)
    for block in blocks { MemoryPool.deallocate(block, byteCount: 10_000) }
  }

  @Test func scratchHoldsWhatIsWritten() {
    let scratch = Scratch<Double>(count: 100)
    for i in 0..<100 { scratch.base[i] = Double(i) }
    #expect((0..<scratch.count).allSatisfy { scratch.base[$0] == Double($0) })
  }
}
