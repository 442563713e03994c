import Foundation
import SpectralPlayground
import Testing

/// What must not get in, sent over a bare socket.
@Suite struct GuardTests {
  let visitor: Visitor

  init() throws {
    var limits = ServerLimits()
    limits.bodyBytes = 100_000
    visitor = try Visitor(limits: limits)
  }

  private var port: UInt16 { visitor.port }

  @Test func hostsThatAreNotTheLoopbackAddressAreRefused() throws {
    for host in [
      "evil.example:\(port)", "127.0.0.1", "127.0.0.1:\(port &+ 1)", "localhost", "localhost.evil.example:\(port)",
      "127.0.0.1:\(port).evil.example", "0.0.0.0:\(port)", "[::1]:\(port)", "127.0.0.1:\(port),x", "",
    ] {
      let answer = try visitor.raw("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")
      #expect(answer?.status == 403, "Host: \(host)")
      #expect(answer?.body.isEmpty == false)
    }
    for host in ["127.0.0.1:\(port)", "localhost:\(port)", "LOCALHOST:\(port)"] {
      #expect(try visitor.raw("GET / HTTP/1.1\r\nHost: \(host)\r\n\r\n")?.status == 200, "Host: \(host)")
    }
  }

  @Test func aRequestWithoutHostIsRefused() throws {
    let modern = try visitor.raw("GET / HTTP/1.1\r\n\r\n")
    #expect([400, 403].contains(modern?.status))
    #expect(try visitor.raw("GET /api/state HTTP/1.0\r\n\r\n")?.status == 403)
  }

  @Test func ambiguousHeadersAreRefused() throws {
    let host = "Host: \(visitor.host)\r\n"
    for headers in [
      host + host, host + "Host: evil.example\r\n", "Host: evil.example\r\n" + host, host + "host: \(visitor.host)\r\n",
      "Host: \(visitor.host)\0.evil.example\r\n", "Host: \(visitor.host)\0evil\r\nX-Test: 1\r\n",
      host + "X-Test: a\0b\r\n",
    ] {
      let answer = try visitor.raw("GET /api/state HTTP/1.1\r\n\(headers)\r\n")
      #expect(answer?.status == 400, "\(headers.debugDescription)")
    }
    let plain = try visitor.raw("GET /api/state HTTP/1.1\r\n\(host)X-Empty:\r\nX-Test: 1\r\n\r\n")
    #expect(plain?.status == 200)
  }

  /// A reader that stops at a NUL takes another address or method from such a line than one that does not.
  @Test func aRequestLineWithANULIsRefused() throws {
    for line in [
      "GET /\0 HTTP/1.1", "GET /\0/api/state HTTP/1.1", "GET /api/state\0 HTTP/1.1", "GET /api/state?x=1\0 HTTP/1.1",
      "GET /\0HTTP/1.1 HTTP/1.1", "GET\0 / HTTP/1.1", "GET\0X / HTTP/1.1",
    ] {
      let answer = try visitor.raw("\(line)\r\nHost: \(visitor.host)\r\n\r\n")
      #expect(answer?.status == 400, "\(line.debugDescription)")
    }
    for target in ["/", "/api/state?x=1", "/api/state?x=%41&y=a+b"] {
      #expect(try visitor.get(target).status == 200, "\(target)")
    }
  }

  @Test func everyPostNeedsThePagesOwnOrigin() throws {
    let good = "Host: \(visitor.host)\r\n"
    for origin in [
      nil, "null", "http://evil.example", "https://\(visitor.host)", "http://127.0.0.1", "http://localhost:\(port)",
      "http://\(visitor.host).evil.example", "http://\(visitor.host)/",
    ] {
      let headers = good + (origin.map { "Origin: \($0)\r\n" } ?? "") + "X-Test: 1"
      let answer = try visitor.post("/api/kernel", Array(#"{"kernel":"box:3"}"#.utf8), headers: headers)
      #expect(answer.status == 403, "Origin: \(origin ?? "none")")
    }
    #expect(try visitor.post("/api/kernel", ["kernel": "box:3"]).status == 200)
    let local = "Host: localhost:\(port)\r\nOrigin: http://localhost:\(port)"
    #expect(try visitor.post("/api/kernel", Array(#"{"kernel":"box:3"}"#.utf8), headers: local).status == 200)
  }

  @Test func callsFromOtherSitesAreRefusedByTheBrowsersWord() throws {
    for (site, status) in [("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)] {
      let answer = try visitor.raw(
        "GET /api/state HTTP/1.1\r\nHost: \(visitor.host)\r\nSec-Fetch-Site: \(site)\r\n\r\n")
      #expect(answer?.status == status, "\(site)")
    }
    // A link on another page may lead to the playground's.
    let link = try visitor.raw("GET / HTTP/1.1\r\nHost: \(visitor.host)\r\nSec-Fetch-Site: cross-site\r\n\r\n")
    #expect(link?.status == 200)
  }

  @Test func aBodyThatSaysItIsTooLargeIsRefusedBeforeItComes() throws {
    for length in ["100001", "99999999999", "99999999999999999999999999"] {
      let answer = try visitor.raw(
        "POST /api/pictures HTTP/1.1\r\nHost: \(visitor.host)\r\nOrigin: http://\(visitor.host)\r\n"
          + "Content-Length: \(length)\r\n\r\n")
      // libmicrohttpd has a word of its own for what is no 64-bit number.
      #expect(answer?.status == 413 || (length.count > 20 && (400...413).contains(answer?.status ?? 0)), "\(length)")
    }
    for length in ["-1", "1x", "0x10", ""] {
      let answer = try visitor.raw(
        "POST /api/pictures HTTP/1.1\r\nHost: \(visitor.host)\r\nOrigin: http://\(visitor.host)\r\n"
          + "Content-Length: \(length)\r\n\r\n")
      #expect((400..<500).contains(answer?.status ?? 400), "\(length)")
    }
  }

  @Test func aBodyInChunksIsCountedWhileItComes() throws {
    let socket = try visitor.connect()
    socket.send(
      "POST /api/pictures HTTP/1.1\r\nHost: \(visitor.host)\r\nOrigin: http://\(visitor.host)\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n")
    let chunk = Array("4000\r\n".utf8) + [UInt8](repeating: 7, count: 0x4000) + Array("\r\n".utf8)
    for _ in 0..<8 { socket.send(chunk) }  // 131,072 bytes
    socket.send("0\r\n\r\n")
    #expect(socket.answer()?.status == 413)
    // One that never ends is cut off.
    let endless = try visitor.connect()
    endless.send(
      "POST /api/pictures HTTP/1.1\r\nHost: \(visitor.host)\r\nOrigin: http://\(visitor.host)\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n")
    var count = 0
    while count < 10_000, endless.send(chunk) { count += 1 }
    #expect(count < 10_000)
    #expect(try visitor.get("/api/state").status == 200)
  }

  @Test func aSmallBodyInChunksIsTaken() throws {
    let socket = try visitor.connect()
    socket.send(
      "POST /api/kernel HTTP/1.1\r\nHost: \(visitor.host)\r\nOrigin: http://\(visitor.host)\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n9\r\n{\"kernel\"\r\n9\r\n:\"box:3\"}\r\n0\r\n\r\n")
    #expect(socket.answer()?.json["height"] as? Int == 3)
  }

  @Test func pathsLeadToNoFile() throws {
    for target in [
      "/../etc/passwd", "/..", "/./index.html", "/%2e%2e/etc/passwd", "/%2E%2E%2fetc/passwd", "/%252e%252e/etc/passwd",
      "/..%5cetc", "/a\\..\\b", "/index.html%00.png", "/%00", "//etc/passwd", "/index.html/", "/%", "/%zz",
      "/%c0%ae%c0%ae/",
      "/api/pictures/../../etc/passwd/pixels", "/api/pictures/%2e%2e/pixels", "/etc/passwd", "/Page/index.html",
      "/api/pictures/scene%2fpixels", "/file:///etc/passwd", "/api/state?x=%00", "/api/state?x=1&x=2",
    ] {
      let answer = try visitor.get(target)
      #expect([400, 404].contains(answer.status), "\(target) gets \(answer.status)")
      #expect(!String(decoding: answer.body, as: UTF8.self).contains("root:"))
    }
    // Targets that are no paths.
    for line in ["GET http://evil.example/ HTTP/1.1", "GET index.html HTTP/1.1", "CONNECT evil.example:80 HTTP/1.1"] {
      let answer = try visitor.raw("\(line)\r\nHost: \(visitor.host)\r\n\r\n")
      #expect((400..<500).contains(answer?.status ?? 400), "\(line)")
    }
  }

  @Test func otherMethodsAreRefused() throws {
    for method in ["PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW"] {
      let answer = try visitor.raw("\(method) /api/state HTTP/1.1\r\nHost: \(visitor.host)\r\n\r\n")
      #expect(answer?.status == 405, "\(method)")
      #expect(answer?.headers["allow"] != nil)
    }
    #expect(try visitor.get("/api/filter").status == 405)
    #expect(try visitor.post("/api/state", []).status == 405)
    let head = try visitor.connect()
    head.send("HEAD / HTTP/1.1\r\nHost: \(visitor.host)\r\nConnection: close\r\n\r\n")
    let text = String(decoding: head.rest(), as: UTF8.self)
    #expect(text.hasPrefix("HTTP/1.1 200") && text.hasSuffix("\r\n\r\n"))
  }

  @Test func everyAnswerCarriesTheGuardingHeaders() throws {
    for answer in [
      try visitor.get("/"), try visitor.get("/main.js"), try visitor.get("/nothing"), try visitor.get("/api/state"),
      try visitor.post("/api/kernel", [:]),
    ] {
      let policy = try #require(answer.headers["content-security-policy"])
      for rule in [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
        "img-src 'self' blob: data:",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
      ] { #expect(policy.components(separatedBy: "; ").contains(rule)) }
      #expect(answer.headers["x-content-type-options"] == "nosniff")
      #expect(answer.headers["cache-control"] == "no-store")
      #expect(answer.headers["referrer-policy"] == "no-referrer")
      #expect(answer.headers["cross-origin-resource-policy"] == "same-origin")
      #expect(answer.headers["cross-origin-opener-policy"] == "same-origin")
      #expect(answer.headers["access-control-allow-origin"] == nil)
    }
  }

  @Test func itListensOnTheLoopbackAddressAlone() throws {
    // Another address of the loopback network is another address: what binds to all would answer there.
    let other = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(other) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0002).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Foundation.connect(other, $0, 16) }
    }
    #expect(result != 0)
  }

  @Test func theTableOfThePageHoldsEveryFile() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/SpectralPlayground/Page")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }
    #expect(Set(names) == Set(Page.names))
    for name in names {
      let answer = try visitor.get("/\(name)")
      #expect(answer.status == 200)
      #expect(Data(answer.body) == (try Data(contentsOf: folder.appendingPathComponent(name))))
      let ending = name.split(separator: ".").last!
      let type = ["html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"][
        String(ending)]
      #expect(answer.headers["content-type"]?.hasPrefix(try #require(type)) == true, "\(name)")
    }
  }
}
