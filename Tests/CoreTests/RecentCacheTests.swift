import SpectralCore
import Testing

@Suite struct RecentCacheTests {
  @Test func whatWasNotAskedForTheLongestIsMadeAgain() {
    let cache = RecentCache<Int, String>(capacity: 2)
    var made: [Int] = []
    func value(_ key: Int) -> String {
      cache.value(key) {
        made.append(key)
        return "\(key)"
      }
    }
    #expect([1, 2, 1, 3, 1, 2, 3].map(value) == ["1", "2", "1", "3", "1", "2", "3"])
    // 3 took the place of 2, then 2 that of 3, and 3 that of 1.
    #expect(made == [1, 2, 3, 2, 3])
  }

  @Test func aFailureIsNotKept() {
    let cache = RecentCache<Int, Int>(capacity: 1)
    struct Failure: Error {}
    #expect(throws: Failure.self) { try cache.value(1) { () throws(Failure) in throw Failure() } }
    #expect(cache.value(1) { 7 } == 7)
    #expect(cache.value(1) { 8 } == 7)
  }
}
