import Dispatch
import Foundation
import Synchronization

/// Who is connected, how long each may take for a whole request to come and for its response to be read, and who gives
/// way when there are too many.
///
/// libmicrohttpd closes a connection that is silent. One that sends or takes a byte now and then is never silent, and
/// enough of them would lock everybody out.
///
/// A class because it owns a timer.
final class Connections: Sendable {
  /// What a connection is doing.
  private enum State {
    /// A request has not come as a whole yet.
    case requesting
    case computing
    /// A response has not been read as a whole yet.
    case responding
    /// Ended by the server; its thread will close it.
    case cut
  }

  private struct Connection {
    let descriptor: Int32
    var state = State.requesting
    /// When the state began.
    var start = ContinuousClock.now

    mutating func enter(_ state: State) {
      // What has been cut stays so, whatever its thread still does.
      if self.state != .cut { (self.state, start) = (state, .now) }
    }

    /// The thread of the connection wakes up, finds it ended, and closes it.
    mutating func cut() {
      shutdown(descriptor, Int32(SHUT_RDWR))
      state = .cut
    }
  }

  /// Connections that may be there while those that were cut are closed.
  static let reserve = 32

  private let limit: Duration
  private let most: Int
  /// By the address of libmicrohttpd's object.
  private let connections = Mutex<[UInt: Connection]>([:])
  // Dispatch's objects may be used from any thread.
  nonisolated(unsafe) private let timer: any DispatchSourceTimer

  /// - Parameters:
  ///   - most: How many connections there may be before one gives way.
  ///   - limit: The longest that a connection may take to send a request, and to read a response.
  init(most: Int, limit: Duration) {
    (self.most, self.limit) = (most, limit)
    timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
    timer.setEventHandler { [weak self] in self?.cutLateOnes() }
    timer.schedule(deadline: .now() + 0.25, repeating: 0.25)
    timer.resume()
  }

  deinit { timer.cancel() }

  /// A connection is open, and its first request is waited for.
  ///
  /// Called by the one thread that accepts connections.
  func opened(_ connection: UInt, descriptor: Int32) {
    connections.withLock { connections in
      if connections.count(where: { $0.value.state != .cut }) >= most { Self.cutOldest(&connections) }
      connections[connection] = Connection(descriptor: descriptor)
    }
    // Beyond the reserve libmicrohttpd would refuse newcomers, so those that were cut get time to go.
    let deadline = ContinuousClock.now + .milliseconds(100)
    while connections.withLock({ $0.count }) >= most + Self.reserve / 2, .now < deadline { usleep(500) }
  }

  /// From now on a request is waited for.
  func awaitRequest(_ connection: UInt) { enter(.requesting, connection) }

  /// The request is whole, and the server computes.
  func compute(_ connection: UInt) { enter(.computing, connection) }

  /// From now on the response is waited for to be read.
  func respond(_ connection: UInt) { enter(.responding, connection) }

  /// Called before the descriptor is closed: from now on its number may mean something else.
  func closed(_ connection: UInt) { connections.withLock { $0[connection] = nil } }

  private func enter(_ state: State, _ connection: UInt) {
    connections.withLock { $0[connection]?.enter(state) }
  }

  private func cutLateOnes() {
    connections.withLock { connections in
      let now = ContinuousClock.now
      for (key, connection) in connections {
        switch connection.state {
        case .requesting, .responding: if now - connection.start > limit { connections[key]?.cut() }
        case .computing, .cut: break
        }
      }
    }
  }

  /// Makes room: the connection that has waited longest to send its request goes, else the one that has taken longest
  /// to read its response. Nobody whose request is computed does.
  private static func cutOldest(_ connections: inout [UInt: Connection]) {
    for state in [State.requesting, .responding] {
      let candidates = connections.filter { $0.value.state == state }
      guard let oldest = candidates.min(by: { $0.value.start < $1.value.start }) else { continue }
      connections[oldest.key]?.cut()
      return
    }
  }
}
