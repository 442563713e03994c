import Foundation

/// The physical memory of this process.
package enum ResidentMemory {
  /// The most bytes that it has held so far.
  package static var peak: Int {
    #if os(Linux)
      // What `getrusage` reports includes the program that started this one.
      if let kibibytes = status("VmHWM:") { return kibibytes << 10 }
      var usage = rusage()
      getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
      return usage.ru_maxrss << 10  // KiB
    #else
      var usage = rusage()
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss
    #endif
  }

  #if os(Linux)
    /// A line of /proc/self/status, e.g. `VmRSS:     12345 kB`.
    private static func status(_ name: String) -> Int? {
      guard let data = try? InputFile.contents(of: "/proc/self/status", limit: 1 << 16) else { return nil }
      let line = String(decoding: data, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix(name) }
      return line.flatMap { Int($0.dropFirst(name.count).split(whereSeparator: \.isWhitespace)[0]) }
    }
  #endif
}
