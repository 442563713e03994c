import Foundation

/// A connection to the loopback address over which any bytes can go: what a browser would never send, too.
///
/// A class because it owns a socket.
final class RawSocket {
  private let descriptor: Int32

  /// Connects; nil if nobody listens.
  init?(port: UInt16) {
    #if os(Linux)
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { [descriptor] in
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      close(descriptor)
      return nil
    }
    var patience = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// Sends bytes; false if the other side has gone.
  @discardableResult
  func send(_ bytes: some Sequence<UInt8>) -> Bool {
    var rest = Array(bytes)[...]
    while !rest.isEmpty {
      #if os(Linux)
        let flags = Int32(MSG_NOSIGNAL)
      #else
        let flags: Int32 = 0
      #endif
      let count = rest.withUnsafeBytes { [descriptor] in Foundation.send(descriptor, $0.baseAddress!, $0.count, flags) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  @discardableResult
  func send(_ text: String) -> Bool { send(text.utf8) }

  /// At most so many bytes; none at the end, nil after 20 seconds of silence or where the connection was broken.
  func receive(_ most: Int) -> [UInt8]? {
    var buffer = [UInt8](repeating: 0, count: most)
    let count = recv(descriptor, &buffer, most, 0)
    return count < 0 ? nil : Array(buffer.prefix(count))
  }

  /// One answer.
  func answer() -> Answer? {
    var bytes: [UInt8] = []
    while true {
      if let answer = Answer(bytes) { return answer }
      guard let piece = receive(1 << 16), !piece.isEmpty else { return nil }
      bytes += piece
    }
  }

  /// All that comes until the end.
  func rest() -> [UInt8] {
    var bytes: [UInt8] = []
    while let piece = receive(1 << 16), !piece.isEmpty { bytes += piece }
    return bytes
  }
}

/// An answer of the server.
struct Answer {
  let status: Int
  /// By their names in small letters.
  let headers: [String: String]
  let body: [UInt8]

  /// Reads an answer; nil if it is not whole yet.
  init?(_ bytes: [UInt8]) {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }),
      let length = headers["content-length"].flatMap({ Int($0) }), bytes.count >= end.upperBound + length
    else { return nil }
    (self.status, self.headers) = (status, headers)
    body = Array(bytes[end.upperBound..<end.upperBound + length])
  }

  /// The body as a JSON object.
  var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:] }

  /// What is said of a picture.
  var info: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data((headers["x-info"] ?? "").utf8))) as? [String: Any] ?? [:]
  }
}
