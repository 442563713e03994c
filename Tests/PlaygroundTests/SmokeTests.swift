import Playground
import Testing

/// The server from outside.
@Suite struct SmokeTests {
  @Test func thePageHasAnAddressOnTheLoopbackInterface() throws {
    let playground = try Playground(.init(port: 0))
    #expect(playground.address == "http://127.0.0.1:\(playground.port)/")
    #expect(playground.stop())
  }
}
