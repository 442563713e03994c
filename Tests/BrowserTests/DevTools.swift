import Foundation

/// What the browser refuses, or does not answer.
struct DevToolsError: Error, CustomStringConvertible {
  let description: String
}

/// Chromium's DevTools protocol: JSON messages, each ended by a zero byte.
///
/// Sendable because all that changes is guarded by the condition's lock.
final class DevTools: @unchecked Sendable {
  /// Something that happened in a page.
  struct Event {
    let method: String
    let parameters: [String: Any]
  }

  private let reading: Int32
  private let writing: Int32
  private let condition = NSCondition()
  private var count = 0
  private var replies: [Int: [String: Any]] = [:]
  private var events: [String: [Event]] = [:]
  private var isClosed = false

  init(reading: Int32, writing: Int32) {
    (self.reading, self.writing) = (reading, writing)
    // A browser that died is an error of the next call, not the end of the tests.
    signal(SIGPIPE, SIG_IGN)
    let thread = Thread { [weak self] in self?.listen() }
    thread.name = "browser"
    thread.start()
  }

  /// Asks for something, and waits for the answer.
  ///
  /// - Parameter session: The page that is meant; nil for the browser itself.
  @discardableResult
  func call(
    _ method: String, _ parameters: [String: Any] = [:], session: String? = nil, patience: Double = 60
  ) throws -> [String: Any] {
    condition.lock()
    defer { condition.unlock() }
    count += 1
    let id = count
    var message: [String: Any] = ["id": id, "method": method, "params": parameters]
    message["sessionId"] = session
    let bytes = try JSONSerialization.data(withJSONObject: message) + [0]
    try bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let written = write(writing, bytes.baseAddress! + done, bytes.count - done)
        guard written > 0 else { throw DevToolsError(description: "\(method): the browser is gone") }
        done += written
      }
    }
    let deadline = Date(timeIntervalSinceNow: patience)
    while replies[id] == nil, !isClosed, condition.wait(until: deadline) {}
    guard let reply = replies.removeValue(forKey: id) else {
      throw DevToolsError(description: "\(method): no answer")
    }
    if let error = reply["error"] as? [String: Any] {
      throw DevToolsError(description: "\(method): \(error["message"] ?? error)")
    }
    return reply["result"] as? [String: Any] ?? [:]
  }

  /// What has happened in a page so far, of one kind.
  func events(_ method: String, session: String) -> [[String: Any]] {
    condition.lock()
    defer { condition.unlock() }
    return events[session, default: []].filter { $0.method == method }.map(\.parameters)
  }

  private func listen() {
    var waiting = Data()
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let size = read(reading, &buffer, buffer.count)
      guard size > 0 else { break }
      var rest = buffer[..<size]
      while let end = rest.firstIndex(of: 0) {
        take(waiting + rest[..<end])
        waiting.removeAll()
        rest = rest[(end + 1)...]
      }
      waiting += rest
    }
    condition.lock()
    isClosed = true
    condition.broadcast()
    condition.unlock()
  }

  private func take(_ message: Data) {
    guard let message = (try? JSONSerialization.jsonObject(with: message)) as? [String: Any] else { return }
    condition.lock()
    defer { condition.unlock() }
    if let id = message["id"] as? Int {
      replies[id] = message
      condition.broadcast()
    } else if let method = message["method"] as? String, let session = message["sessionId"] as? String {
      events[session, default: []].append(
        Event(method: method, parameters: message["params"] as? [String: Any] ?? [:]))
    }
  }
}
