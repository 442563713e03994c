import CMicroHTTPD
import Foundation
import Synchronization

/// How much a server takes on.
package struct ServerLimits: Sendable {
  /// Connections at one time. For one more the oldest gives way whose request has not come as a whole.
  package var connections: UInt32 = 256
  /// Seconds that a connection may be silent in the middle of a request, or between two.
  package var seconds: UInt32 = 10
  /// Seconds within which a request must have come as a whole, and within which its response must have been read.
  package var requestSeconds = 30.0
  /// The most bytes that a body may have.
  package var bodyBytes = 64 << 20
  /// The most bytes of responses that are not read yet, all together.
  package var unreadBytes = 256 << 20

  package init() {}
}

/// An HTTP server on the loopback address: libmicrohttpd reads and writes, this thin layer keeps guard and hands requests
/// that are whole to a router.
///
/// A class because it owns the socket and libmicrohttpd's threads, one for each connection, which may wait and compute.
final class HTTPServer: Sendable {
  /// What it listens on.
  let port: UInt16
  let guards: Guards
  private let router: Router
  private let daemon: Mutex<Daemon?>
  /// Requests that are being answered.
  private let active = Atomic<Int>(0)
  /// Requests that have begun and are not over.
  private let open = Atomic<Int>(0)
  /// Bytes of bodies that are in memory.
  private let bodyBytes = Atomic<Int>(0)
  /// Bytes of responses that have not been read yet.
  private let unreadBytes = Atomic<Int>(0)
  private let unreadLimit: Int
  private let connections: Connections

  /// What libmicrohttpd knows the server by. Its calls may come from any thread; whoever takes it out of the lock ends it.
  private struct Daemon: @unchecked Sendable {
    let handle: OpaquePointer
  }

  /// Begins to listen.
  ///
  /// - Throws: ``PlaygroundError``.
  init(
    _ socket: (descriptor: Int32, port: UInt16), _ router: Router, guards: Guards, limits: ServerLimits
  ) throws(PlaygroundError) {
    (port, self.router, self.guards) = (socket.port, router, guards)
    daemon = Mutex(nil)
    unreadLimit = limits.unreadBytes
    connections = Connections(most: Int(limits.connections), limit: .seconds(limits.requestSeconds))
    let owner = Unmanaged.passUnretained(self).toOpaque()
    let handle = sk_http_start(
      socket.descriptor, owner, answer, begin, completed, notice,
      limits.connections + UInt32(Connections.reserve), limits.seconds, 1 << 17, 8 << 20)
    guard let handle else {
      close(socket.descriptor)
      throw PlaygroundError("the server could not be started: free some memory or threads, then try again")
    }
    // Its threads know this object by its address until the daemon has ended. None of them may be the one that lets it go:
    // to end the daemon it would wait for itself.
    _ = Unmanaged.passRetained(self)
    daemon.withLock { $0 = Daemon(handle: handle) }
  }

  /// Ends the server: takes no more requests and waits a moment for those that are being answered.
  ///
  /// - Parameter patience: How long it waits; nil for as long as it takes.
  /// - Returns: Whether all were answered. What is not is left to the end of the process: to wait for a long computation
  ///   is not what somebody wants who has asked for the end.
  @discardableResult
  func stop(patience: Duration? = .milliseconds(400)) -> Bool {
    let daemon = daemon.withLock { daemon in
      defer { daemon = nil }
      return daemon
    }
    guard let handle = daemon?.handle else { return true }
    let listener = MHD_quiesce_daemon(handle)
    if listener >= 0 { close(listener) }
    let deadline = patience.map { ContinuousClock.now + $0 }
    while active.load(ordering: .acquiring) > 0 {
      guard deadline.map({ .now < $0 }) ?? true else { return false }
      usleep(5_000)
    }
    MHD_stop_daemon(handle)
    Unmanaged.passUnretained(self).release()
    return true
  }

  /// Requests that have begun and are not over.
  var openRequests: Int { open.load(ordering: .relaxed) }
  /// Bytes of bodies and responses that are in memory.
  var heldBytes: Int { bodyBytes.load(ordering: .relaxed) + unreadBytes.load(ordering: .relaxed) }

  // MARK: One request

  fileprivate func exchange(_ target: UnsafePointer<CChar>) -> Exchange {
    open.wrappingAdd(1, ordering: .relaxed)
    return Exchange(target: String(cString: target), length: strlen(target))
  }

  fileprivate func opened(_ connection: OpaquePointer) {
    connections.opened(UInt(bitPattern: connection), descriptor: sk_http_descriptor(connection))
  }

  fileprivate func closed(_ connection: OpaquePointer) { connections.closed(UInt(bitPattern: connection)) }

  /// Judges a request by its head.
  fileprivate func receive(
    _ exchange: Exchange, method: String, isWhole: Bool, _ connection: OpaquePointer
  ) -> MHD_Result {
    func header(_ name: String) -> String? {
      sk_http_header(connection, name).map { String(cString: $0) }
    }
    let target = RequestTarget(exchange.target)
    let head = Guards.Head(
      method: method, host: header("Host"), origin: header("Origin"), site: header("Sec-Fetch-Site"),
      contentLength: header("Content-Length"), isChunked: header("Transfer-Encoding") != nil,
      isCall: target?.path.first == "api", isAmbiguous: !isWhole || sk_http_is_ambiguous(connection) != 0)
    if let refusal = guards.refusal(head) { return send(refusal.response, exchange, connection) }
    guard let target else {
      return send(HTTPError(400, "The address is not one of the page's.").response, exchange, connection)
    }
    guard let match = router.route(method == "HEAD" ? "GET" : method, target.path) else {
      let isKnown = ["GET", "POST"].contains { router.route($0, target.path) != nil }
      let error =
        isKnown ? HTTPError(405, "This address takes another method.") : HTTPError(404, "There is nothing here.")
      return send(error.response, exchange, connection)
    }
    exchange.bodyLimit = min(guards.bodyLimit, match.route.bodyLimit)
    if let length = head.contentLength.flatMap({ Int($0) }), length > exchange.bodyLimit {
      return send(guards.tooLarge(exchange.bodyLimit).response, exchange, connection)
    }
    exchange.work = { body in
      var request = HTTPRequest(query: target.query, body: body)
      request.variables = match.variables
      request.isAbandoned = { sk_http_is_gone(connection) != 0 }
      return try match.route.handler(request)
    }
    exchange.expect(head.contentLength.flatMap { Int($0) } ?? 0)
    return sk_http_yes
  }

  /// Takes a piece of a body.
  fileprivate func take(_ piece: UnsafeBufferPointer<UInt8>, _ exchange: Exchange) -> MHD_Result {
    // The server cannot answer before a body has ended, so what is too large is counted and let go; who goes on long
    // enough is cut off.
    exchange.received += piece.count
    guard exchange.received <= 2 * exchange.bodyLimit else { return sk_http_no }
    guard exchange.error == nil else { return sk_http_yes }
    if exchange.received > exchange.bodyLimit {
      exchange.fail(guards.tooLarge(exchange.bodyLimit))
    } else if bodyBytes.wrappingAdd(piece.count, ordering: .relaxed).newValue > guards.totalBodyLimit {
      bodyBytes.wrappingSubtract(piece.count, ordering: .relaxed)
      exchange.fail(HTTPError(503, "Too many large requests at once.", remedy: "Try again in a moment."))
    } else {
      exchange.append(piece)
      return sk_http_yes
    }
    bodyBytes.wrappingSubtract(exchange.releaseBody(), ordering: .relaxed)
    return sk_http_yes
  }

  /// Answers a request that is whole.
  fileprivate func respond(_ exchange: Exchange, _ connection: OpaquePointer) -> MHD_Result {
    if let error = exchange.error { return send(error.response, exchange, connection) }
    connections.compute(UInt(bitPattern: connection))
    active.wrappingAdd(1, ordering: .acquiringAndReleasing)
    defer { active.wrappingSubtract(1, ordering: .acquiringAndReleasing) }
    let response: HTTPResponse
    do { response = try exchange.work!(exchange.body) } catch let error as HTTPError {
      response = error.response
    } catch {
      // The library's errors are one sentence for people, with the remedy in it.
      response = HTTPError(422, "\(error)").response
    }
    bodyBytes.wrappingSubtract(exchange.releaseBody(), ordering: .relaxed)
    return send(response, exchange, connection)
  }

  fileprivate func forget(_ exchange: Exchange, _ connection: OpaquePointer?) {
    if let connection { connections.awaitRequest(UInt(bitPattern: connection)) }
    unreadBytes.wrappingSubtract(exchange.unreadBytes, ordering: .relaxed)
    bodyBytes.wrappingSubtract(exchange.releaseBody(), ordering: .relaxed)
    open.wrappingSubtract(1, ordering: .relaxed)
  }

  private func send(_ response: HTTPResponse, _ exchange: Exchange, _ connection: OpaquePointer) -> MHD_Result {
    connections.respond(UInt(bitPattern: connection))
    let size = response.body.count
    let total = unreadBytes.wrappingAdd(size, ordering: .relaxed).newValue
    exchange.unreadBytes += size
    // A single response may be as large as it is, and a small one always goes out.
    if total > unreadLimit, total > size, size > 1 << 16 {
      unreadBytes.wrappingSubtract(size, ordering: .relaxed)
      exchange.unreadBytes -= size
      let busy = HTTPError(
        503, "Too many large responses have not been read yet.", remedy: "Read them, then try again.")
      return send(busy.response, exchange, connection)
    }
    let answer = response.body.withUnsafeBytes { sk_http_response($0.baseAddress, $0.count) }
    guard let answer else { return sk_http_no }
    defer { MHD_destroy_response(answer) }
    var headers = Guards.headers + response.headers
    headers.append(("Content-Type", response.type))
    if response.status == 405 { headers.append(("Allow", "GET, HEAD, POST")) }
    for (name, value) in headers { MHD_add_response_header(answer, name, value) }
    return MHD_queue_response(connection, UInt32(response.status), answer)
  }
}

// MARK: What libmicrohttpd calls

/// A request on its way in. Only the thread of its connection touches it.
private final class Exchange {
  /// The target as it was sent, up to a NUL in it.
  let target: String
  /// The bytes of the target.
  let length: Int
  var isNew = true
  var work: (([UInt8]) throws -> HTTPResponse)?
  var received = 0
  /// Bytes of its response that count as unread.
  var unreadBytes = 0
  /// The most bytes that the body may have.
  var bodyLimit = 0
  private(set) var body: [UInt8] = []
  private(set) var error: HTTPError?

  init(target: String, length: Int) { (self.target, self.length) = (target, length) }

  /// Makes room for a body, as far as it is believed before it has come.
  func expect(_ count: Int) { body.reserveCapacity(min(count, 1 << 20)) }

  func append(_ piece: UnsafeBufferPointer<UInt8>) { body += piece }

  func fail(_ error: HTTPError) { self.error = error }

  /// Lets the body go, and says how large it was.
  func releaseBody() -> Int {
    defer { body = [] }
    return body.count
  }
}

private func server(_ owner: UnsafeMutableRawPointer?) -> HTTPServer {
  Unmanaged<HTTPServer>.fromOpaque(owner!).takeUnretainedValue()
}

private func begin(
  _ owner: UnsafeMutableRawPointer?, _ target: UnsafePointer<CChar>?, _ connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
  Unmanaged.passRetained(server(owner).exchange(target!)).toOpaque()
}

private func answer(
  _ owner: UnsafeMutableRawPointer?, _ connection: OpaquePointer?, _ url: UnsafePointer<CChar>?,
  _ method: UnsafePointer<CChar>?, _ version: UnsafePointer<CChar>?, _ data: UnsafePointer<CChar>?,
  _ count: UnsafeMutablePointer<Int>?, _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
  guard let connection, let count, let exchange = state?.pointee else { return sk_http_no }
  let request = Unmanaged<Exchange>.fromOpaque(exchange).takeUnretainedValue()
  if request.isNew {
    request.isNew = false
    let isWhole = sk_http_line_is_whole(method, url, request.length, version) != 0
    return server(owner).receive(request, method: String(cString: method!), isWhole: isWhole, connection)
  }
  guard count.pointee > 0 else { return server(owner).respond(request, connection) }
  let piece = UnsafeRawBufferPointer(start: data, count: count.pointee)
  count.pointee = 0
  return server(owner).take(piece.assumingMemoryBound(to: UInt8.self), request)
}

private func completed(
  _ owner: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ how: MHD_RequestTerminationCode
) {
  guard let exchange = state?.pointee else { return }
  server(owner).forget(Unmanaged<Exchange>.fromOpaque(exchange).takeRetainedValue(), connection)
  state?.pointee = nil
}

private func notice(
  _ owner: UnsafeMutableRawPointer?, _ connection: OpaquePointer?,
  _ state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ what: MHD_ConnectionNotificationCode
) {
  guard let connection else { return }
  if sk_http_is_opened(what) != 0 {
    server(owner).opened(connection)
  } else {
    server(owner).closed(connection)
  }
}
