import Synchronization
import Tensors
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

  @Test func nests() {
    let count = Atomic<Int>(0)
    Parallel.forEach(8) { _ in Parallel.forEach(8) { _ in count.wrappingAdd(1, ordering: .relaxed) } }
    #expect(count.load(ordering: .relaxed) == 64)
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
