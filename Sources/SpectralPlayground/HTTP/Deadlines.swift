import Dispatch
import Foundation
import Synchronization

/// How long each connection may take for a whole request to come, and for its response to be read.
///
/// libmicrohttpd closes a connection that is silent. One that sends or takes a byte now and then is never silent, and
/// enough of them would lock everybody out.
///
/// A class because it owns a timer.
final class Deadlines: Sendable {
  private struct Connection {
    let descriptor: Int32
    /// When what is waited for began; nil while the server computes, and once the connection has been cut.
    var start: ContinuousClock.Instant?
  }

  private let limit: Duration
  /// By the address of libmicrohttpd's object.
  private let connections = Mutex<[UInt: Connection]>([:])
  // Dispatch's objects may be used from any thread.
  nonisolated(unsafe) private let timer: any DispatchSourceTimer

  init(limit: Duration) {
    self.limit = limit
    timer = DispatchSource.makeTimerSource(queue: .global(qos: .utility))
    timer.setEventHandler { [weak self] in self?.cutLateOnes() }
    timer.schedule(deadline: .now() + 0.25, repeating: 0.25)
    timer.resume()
  }

  deinit { timer.cancel() }

  /// A connection is open, and its first request is waited for.
  func opened(_ connection: UInt, descriptor: Int32) {
    connections.withLock { $0[connection] = Connection(descriptor: descriptor, start: .now) }
  }

  /// From now on the other side is waited for: to send a request, or to read a response.
  func wait(_ connection: UInt) { connections.withLock { $0[connection]?.start = .now } }

  /// The request is whole, and the server computes.
  func compute(_ connection: UInt) { connections.withLock { $0[connection]?.start = nil } }

  /// Called before the descriptor is closed: from now on its number may mean something else.
  func closed(_ connection: UInt) { connections.withLock { $0[connection] = nil } }

  private func cutLateOnes() {
    connections.withLock { connections in
      let now = ContinuousClock.now
      for (key, connection) in connections {
        guard let start = connection.start, now - start > limit else { continue }
        // The thread of the connection wakes up, finds it ended, and closes it.
        shutdown(connection.descriptor, Int32(SHUT_RDWR))
        connections[key]?.start = nil
      }
    }
  }
}
