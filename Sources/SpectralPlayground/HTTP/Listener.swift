import Foundation
import SpectralCore

/// A socket that listens on the loopback address, and on no other.
package enum Listener {
  /// Where ports are looked for when none was asked for.
  package static let usualPorts: ClosedRange<UInt16> = 8123...8222

  /// Opens a socket.
  ///
  /// - Parameter port: 0 for one that the system chooses; nil for the first free of ``usualPorts``.
  /// - Throws: ``PlaygroundError`` if the port is taken, or may not be used.
  static func open(port: UInt16?) throws(PlaygroundError) -> (descriptor: Int32, port: UInt16) {
    if let port { return try open(port) }
    for port in usualPorts.dropLast() {
      if let found = try? open(port) { return found }
    }
    return try open(usualPorts.upperBound)
  }

  private static func open(_ port: UInt16) throws(PlaygroundError) -> (descriptor: Int32, port: UInt16) {
    #if os(Linux)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    guard descriptor >= 0 else { throw failure(errno, port) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    // So that the port is free again at once after the program has ended; it does not let two programs share it.
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = loopback(port)
    let result = withSockaddr(&address) { bind(descriptor, $0, $1) == 0 ? listen(descriptor, 128) : -1 }
    guard result == 0 else {
      let code = errno
      close(descriptor)
      throw failure(code, port)
    }
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withSockaddr(&address) { pointer, _ in getsockname(descriptor, pointer, &length) }
    return (descriptor, UInt16(bigEndian: address.sin_port))
  }

  private static func loopback(_ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }

  private static func withSockaddr(
    _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Int32
  ) -> Int32 {
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }

  private static func failure(_ code: Int32, _ port: UInt16) -> PlaygroundError {
    switch code {
    case EADDRINUSE:
      PlaygroundError(
        "port \(port) of 127.0.0.1 is in use: end the program that has it, or choose another; 0 takes any that is free",
        settings: [.port])
    case EACCES, EPERM:
      PlaygroundError(
        "port \(port) of 127.0.0.1 may not be used by this account: choose one above 1023", settings: [.port])
    default: PlaygroundError("port \(port) of 127.0.0.1 cannot be used: \(String(cString: strerror(code)))")
    }
  }
}

/// Why the playground cannot begin: one sentence with the remedy.
public struct PlaygroundError: SettingError, Hashable, Sendable, CustomStringConvertible {
  /// The sentence.
  public let description: String
  public let settings: [CallerSetting]

  /// An error with this sentence.
  ///
  /// - Parameter settings: What the caller would change to mend it.
  public init(_ description: String, settings: [CallerSetting] = []) {
    self.description = description
    self.settings = settings
  }
}
