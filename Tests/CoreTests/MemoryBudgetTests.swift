import SpectralCore
import Testing

@Suite struct MemoryBudgetTests {
  @Test func sumsNeverOverflow() {
    #expect(MemoryEstimate([3, 4], scalarBytes: 4).bytes == 48)
    #expect((MemoryEstimate(bytes: 5) + MemoryEstimate([2], scalarBytes: 8)).bytes == 21)
    for extents in [[Int.max, 2], [1 << 62], [-1, 3]] { #expect(MemoryEstimate(extents, scalarBytes: 4).bytes == nil) }
    #expect((MemoryEstimate(bytes: .max) + MemoryEstimate(bytes: 1)).bytes == nil)
    #expect((MemoryEstimate([Int.max], scalarBytes: 8) + MemoryEstimate(bytes: 1)).bytes == nil)
  }

  @Test func admitsUpToTheLimitAndSaysWhatIsBeyond() throws {
    let budget = MemoryBudget(limit: 1 << 20)
    try budget.require(MemoryEstimate(bytes: 1 << 20), for: "filtering", remedy: "filter less")
    let error = #expect(throws: MemoryError.self) {
      try budget.require(MemoryEstimate(bytes: 3 << 20), for: "filtering", remedy: "filter less")
    }
    #expect(
      error?.description
        == "filtering takes 3.0 MiB of memory, and the limit is 1.0 MiB: raise the limit, or filter less")
  }

  @Test func whatTheMachineHasIsTheMost() {
    #expect(MemoryBudget.machine.bytes > 0)
    #expect(!MemoryBudget(limit: .max).isChosen)
    let error = #expect(throws: MemoryError.self) {
      try MemoryBudget.machine.require(MemoryEstimate([.max, 2], scalarBytes: 1), for: "this", remedy: "take less")
    }
    #expect(error?.description.hasPrefix("this takes more than 8 EiB of memory, and this machine has") == true)
  }
}
