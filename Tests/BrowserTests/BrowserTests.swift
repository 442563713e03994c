import Playground
import Testing

/// The page in a real browser.
@Suite struct BrowserTests {
  @Test func thePageHasAnAddressOnTheLoopbackInterface() throws {
    let playground = try Playground(.init(port: 0))
    #expect(playground.address == "http://127.0.0.1:\(playground.port)/")
    #expect(playground.stop())
  }
}
