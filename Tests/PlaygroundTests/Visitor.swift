import Foundation
import SpectralPlayground
import Testing

/// A playground of a test's own, and somebody who asks it things.
struct Visitor {
  let playground: Playground

  init(limits: ServerLimits = ServerLimits(), data: String? = nil) throws {
    playground = try Playground(.init(port: 0, data: data), limits: limits)
  }

  var port: UInt16 { playground.port }
  var host: String { "127.0.0.1:\(port)" }

  func connect() throws -> RawSocket { try #require(RawSocket(port: port)) }

  /// Sends bytes on a connection of their own and reads the answer.
  func raw(_ text: String, _ body: some Sequence<UInt8> = [UInt8]()) throws -> Answer? {
    let socket = try connect()
    socket.send(Array(text.utf8) + Array(body))
    return socket.answer()
  }

  func get(_ target: String) throws -> Answer {
    try #require(try raw("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n"))
  }

  func post(_ target: String, _ body: [UInt8], headers: String? = nil) throws -> Answer {
    let headers = headers ?? "Host: \(host)\r\nOrigin: http://\(host)"
    return try #require(
      try raw("POST \(target) HTTP/1.1\r\n\(headers)\r\nContent-Length: \(body.count)\r\n\r\n", body))
  }

  func post(_ target: String, _ words: [String: Any]) throws -> Answer {
    try post(target, Array(JSONSerialization.data(withJSONObject: words)))
  }

  /// A JSON text and bytes that belong to it.
  func post(_ target: String, _ words: [String: Any], bytes: [UInt8]) throws -> Answer {
    let text = try Array(JSONSerialization.data(withJSONObject: words))
    let length = (0..<4).map { (place: Int) -> UInt8 in UInt8(text.count >> (8 * place) & 0xff) }
    return try post(target, length + text + bytes)
  }

  /// Brings a picture, and gives its id.
  func bring(_ file: Data, name: String) throws -> String {
    let answer = try post("/api/pictures?name=\(name)", Array(file))
    return try #require(answer.json["id"] as? String)
  }
}
