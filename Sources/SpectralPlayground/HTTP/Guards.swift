import SpectralKit

/// Who may ask, and for how much.
struct Guards: Sendable {
  /// The port that the server listens on.
  let port: UInt16
  /// The most bytes that a body may have.
  let bodyLimit: Int
  /// The most bytes that all bodies together may have that are there at one time.
  let totalBodyLimit = 256 << 20

  /// The hosts by which the loopback address is called. Any other name that leads here, as an attacker's domain may
  /// (DNS rebinding), is refused.
  private var hosts: [String] {
    let names = ["127.0.0.1", "localhost"]
    // Browsers leave the usual port of HTTP away.
    return names.map { "\($0):\(port)" } + (port == 80 ? names : [])
  }

  /// What is known of a request before its body.
  struct Head {
    let method: String
    let host: String?
    let origin: String?
    /// The browser's word for where a request comes from; others do not send it.
    let site: String?
    let contentLength: String?
    let isChunked: Bool
    /// Whether the target is one of the calls, not a file of the page.
    let isCall: Bool
    /// Whether other readers might take another host or address from it: it has several, or there is a NUL in it.
    var isAmbiguous = false
  }

  /// Why a request is refused by its head alone; nil if it is not.
  func refusal(_ head: Head) -> HTTPError? {
    guard !head.isAmbiguous else {
      return HTTPError(
        400, "A header is given twice, or there is a NUL in the request.", remedy: "Send one Host and plain text.")
    }
    guard let host = head.host?.lowercased(), hosts.contains(host) else {
      return HTTPError(
        403, "This server answers to 127.0.0.1 and localhost only.", remedy: "Open http://127.0.0.1:\(port)/.")
    }
    let isPost = head.method == "POST"
    guard isPost || head.method == "GET" || head.method == "HEAD" else {
      return HTTPError(405, "The method \(head.method.prefix(16)) is not known here.")
    }
    if isPost && head.origin != "http://\(host)" {
      return HTTPError(403, "Only the playground's own page may ask for this.", remedy: "Open http://\(host)/.")
    }
    if head.isCall, let site = head.site, site != "same-origin", site != "none" {
      return HTTPError(403, "Only the playground's own page may ask for this.", remedy: "Open http://\(host)/.")
    }
    return bodyRefusal(head, isPost: isPost)
  }

  private func bodyRefusal(_ head: Head, isPost: Bool) -> HTTPError? {
    guard isPost else {
      let isEmpty = !head.isChunked && (head.contentLength.map { Int($0) == 0 } ?? true)
      return isEmpty ? nil : HTTPError(400, "A GET has no body.")
    }
    if head.isChunked { return nil }
    guard let text = head.contentLength, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return HTTPError(411, "The request does not say how long its body is.", remedy: "Send Content-Length.")
    }
    guard let length = Int(text), length <= bodyLimit else { return tooLarge(bodyLimit) }
    return nil
  }

  func tooLarge(_ limit: Int) -> HTTPError {
    HTTPError(413, "The body is larger than \(ByteCount(limit)).", remedy: "Send less, or a smaller picture.")
  }

  /// What every answer says, whatever it answers.
  static let headers: [(name: String, value: String)] = [
    (
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"), ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
  ]
}
