import Foundation
import SpectralPlayground
import TestSupport
import Testing

/// Clients that are too many, too slow, or gone.
@Suite(.serialized) struct PressureTests {
  @Test func aHundredConnectionsAtOnceAreServed() throws {
    let visitor = try Visitor()
    let sockets = try (0..<100).map { _ in try visitor.connect() }
    for socket in sockets { socket.send("GET /api/state HTTP/1.1\r\nHost: \(visitor.host)\r\n\r\n") }
    for socket in sockets { #expect(socket.answer()?.status == 200) }
    #expect(visitor.playground.stop())
  }

  /// Who connects and sends a byte, and no more for now, gives way to who sends a request.
  @Test func requestsThatAreNotWholeLockNobodyOut() throws {
    var limits = ServerLimits()
    limits.connections = 8
    let visitor = try Visitor(limits: limits)
    // A request that is being answered keeps its connection.
    let patient = try visitor.connect()
    patient.send("GET /api/training?since=1000000&wait=3000 HTTP/1.1\r\nHost: \(visitor.host)\r\n\r\n")
    usleep(200_000)
    var flood: [RawSocket] = []
    for _ in 0..<3 {
      for _ in 0..<100 {
        let socket = try visitor.connect()
        socket.send("G")
        flood.append(socket)
      }
      for _ in 0..<5 { #expect(try visitor.get("/api/state").status == 200) }
    }
    #expect(patient.answer()?.status == 200)
    // All but the newest have been closed, without an answer.
    #expect(flood.prefix(flood.count - 8).allSatisfy { $0.rest().isEmpty })
    #expect(visitor.playground.stop())
  }

  @Test func responsesThatNobodyReadsLockNobodyOut() throws {
    var limits = ServerLimits()
    limits.connections = 4
    let visitor = try Visitor(limits: limits)
    // More than the buffers of a socket take.
    let sockets = try (0..<4).map { _ in
      let socket = try visitor.connect()
      socket.send("GET /api/pictures/scene/pixels?side=2000 HTTP/1.1\r\nHost: \(visitor.host)\r\n\r\n")
      #expect(socket.receive(1)?.count == 1)
      return socket
    }
    for _ in 0..<5 { #expect(try visitor.get("/api/state").status == 200) }
    withExtendedLifetime(sockets) {}
    #expect(visitor.playground.stop())
  }

  @Test func aRequestThatIsHalfSentTimesOut() throws {
    var limits = ServerLimits()
    limits.seconds = 1
    let visitor = try Visitor(limits: limits)
    for start in [
      "GET /api/st", "POST /api/kernel HTTP/1.1\r\nHost: \(visitor.host)\r\n",
      "POST /api/kernel HTTP/1.1\r\nHost: \(visitor.host)\r\nOrigin: http://\(visitor.host)\r\nContent-Length: 50\r\n\r\n{",
      "",
    ] {
      let socket = try visitor.connect()
      socket.send(start)
      let clock = ContinuousClock.now
      #expect(!String(decoding: socket.rest(), as: UTF8.self).hasPrefix("HTTP/1.1 200"))
      #expect(.now - clock < .seconds(8), "\(start)")
    }
    #expect(try visitor.get("/api/state").status == 200)
  }

  /// A byte now and then keeps a connection from being silent, and does not keep it open.
  @Test func aRequestThatComesByteByByteLosesItsConnection() throws {
    var limits = ServerLimits()
    limits.requestSeconds = 1
    let visitor = try Visitor(limits: limits)
    let head = "POST /api/kernel HTTP/1.1\r\nHost: \(visitor.host)\r\nOrigin: http://\(visitor.host)\r\n"
    for start in ["", head, head + "Content-Length: 1000\r\n\r\n"] {
      let socket = try visitor.connect()
      socket.send(start)
      let clock = ContinuousClock.now
      while socket.send("x"), .now - clock < .seconds(20) { usleep(100_000) }
      #expect(.now - clock < .seconds(20), "\(start)")
    }
    #expect(try visitor.get("/api/state").status == 200)
  }

  @Test func aResponseThatIsReadByteByByteLosesItsConnection() throws {
    var limits = ServerLimits()
    limits.requestSeconds = 1
    let visitor = try Visitor(limits: limits)
    let socket = try visitor.connect()
    socket.send("GET /api/pictures/scene/pixels?side=4000 HTTP/1.1\r\nHost: \(visitor.host)\r\n\r\n")
    let deadline = ContinuousClock.now + .seconds(20)
    while visitor.playground.openRequests == 0, .now < deadline { usleep(10_000) }
    while visitor.playground.openRequests > 0, .now < deadline {
      _ = socket.receive(1)
      usleep(50_000)
    }
    #expect(visitor.playground.openRequests == 0)
    #expect(visitor.playground.heldBytes == 0)
  }

  @Test func responsesThatNobodyReadsAreCounted() throws {
    var limits = ServerLimits()
    limits.unreadBytes = 12 << 20
    let visitor = try Visitor(limits: limits)
    // More than the buffers of a socket take.
    let request = "GET /api/pictures/scene/pixels?side=2000 HTTP/1.1\r\nHost: \(visitor.host)\r\n\r\n"
    let size = try visitor.get("/api/pictures/scene/pixels?side=2000").body.count
    let sockets = try (0..<30).map { _ in
      let socket = try visitor.connect()
      socket.send(request)
      return socket
    }
    usleep(1_500_000)
    #expect(visitor.playground.heldBytes <= limits.unreadBytes + size)
    // All are answered once they read: with the pixels, or with the request to come again.
    let answers = sockets.map { $0.answer()?.status }
    #expect(answers.allSatisfy { $0 == 200 || $0 == 503 } && answers.contains(200), "\(answers)")
    #expect(try visitor.get("/api/state").status == 200)
  }

  @Test func clientsThatVanishLeaveNothingBehind() throws {
    let visitor = try Visitor()
    for round in 0..<40 {
      let socket = try visitor.connect()
      // A megabyte of pixels, of which nothing or little is read; or a body that never comes.
      if round % 2 == 0 {
        socket.send("GET /api/pictures/scene/pixels HTTP/1.1\r\nHost: \(visitor.host)\r\n\r\n")
        if round % 4 == 0 { _ = socket.receive(100) }
      } else {
        socket.send(
          "POST /api/pictures HTTP/1.1\r\nHost: \(visitor.host)\r\nOrigin: http://\(visitor.host)\r\n"
            + "Content-Length: 60000\r\n\r\nhalf of it")
      }
    }
    #expect(try visitor.get("/api/state").status == 200)
    let deadline = ContinuousClock.now + .seconds(10)
    while visitor.playground.openRequests > 0, .now < deadline { usleep(10_000) }
    #expect(visitor.playground.openRequests == 0)
    #expect(visitor.playground.heldBytes == 0)
    #expect(visitor.playground.stop())
  }

  @Test func aPortInUseIsSaidInOneLineWithTheRemedy() throws {
    let visitor = try Visitor()
    #expect {
      _ = try Playground(.init(port: visitor.port))
    } throws: {
      "\($0)"
        == "port \(visitor.port) of 127.0.0.1 is in use: end the program that has it, or choose another; "
        + "0 takes any that is free"
    }
    let outcome = spectral("playground", "--port", "\(visitor.port)")
    #expect(outcome.code == 1)
    #expect(outcome.lines.count == 1 && outcome.talk.contains("--port N"))
    #expect(try visitor.get("/api/state").status == 200)
  }

  @Test func withoutAPortTheFirstFreeOneIsTaken() throws {
    let first = try Playground()
    let second = try Playground()
    #expect(Listener.usualPorts.contains(first.port) && Listener.usualPorts.contains(second.port))
    #expect(first.port != second.port)
  }

  @Test(arguments: [SIGINT, SIGTERM]) func aSignalEndsTheCommandWithinASecondAlsoWhileTraining(_ signal: Int32) throws {
    let run = RunningSpectral(["playground", "--port", "0"])
    let deadline = ContinuousClock.now + .seconds(20)
    while !run.output.contains("\n"), .now < deadline { usleep(10_000) }
    let address = try #require(
      run.output.split(separator: " ").last.flatMap { URL(string: $0.trimmingCharacters(in: .whitespacesAndNewlines)) })
    let port = try #require(address.port.map { UInt16($0) })
    let socket = try #require(RawSocket(port: port))
    let body = #"{"action":"start"}"#
    socket.send(
      "POST /api/training HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nOrigin: http://127.0.0.1:\(port)\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    #expect(socket.answer()?.status == 200)
    // A client that waits for news must not hold up the end either.
    socket.send("GET /api/training?since=100&wait=10000 HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
    _ = socket.answer()
    socket.send("GET /api/training?since=1000000&wait=10000 HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
    usleep(100_000)
    let clock = ContinuousClock.now
    kill(run.process.processIdentifier, signal)
    let outcome = run.finish()
    #expect(.now - clock < .seconds(patience))
    #expect(outcome.code == 128 + signal)
    #expect(outcome.lines.last == "spectral playground: ended; nothing was kept")
  }

  /// The last to let a server go is never one of its own threads, which would wait for themselves.
  @Test func aServerGoesWhileItsConnectionsClose() throws {
    for _ in 0..<20 {
      let visitor = try Visitor()
      let sockets = try (0..<4).map { _ in try visitor.connect() }
      for socket in sockets { socket.send(Array("GET / HTTP/1.1\r\nHost: \(visitor.host)\r\n\r\n".utf8)) }
      for socket in sockets { #expect(socket.answer() != nil) }
    }
  }
}
