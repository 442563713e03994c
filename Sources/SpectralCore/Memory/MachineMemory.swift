import Foundation

/// The memory of the machine, and what of it this process may have.
package enum MachineMemory {
  /// The bytes that the machine has.
  package static let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)

  /// The bytes that this process may hold in all, by now: what it holds and what is free, less a margin for everybody
  /// else; or less where its address space (`ulimit -v`) or its control group is bounded.
  package static var available: Int {
    #if os(Linux)
      let held = own(.resident) - own(.shared)
      var bytes = physical
      if let text = text(of: "/proc/meminfo"), let free = value(of: "MemAvailable:", in: text) {
        bytes = min(bytes, held + free << 10)
      }
      bytes -= margin
      if let free = ControlGroups().free { bytes = min(bytes, held + free) }
    #else
      // What others hold can be compressed or swapped.
      let held = 0
      var bytes = physical - margin
    #endif
    if let limit = addressSpace {
      // What is mapped and not held is code, stacks, and memory that was put aside. What is not mapped yet must also hold
      // the threads' stacks, and what blocks are rounded up by: an eighth at most.
      let free = limit - mapped - Parallel.threads * (8 << 20)
      bytes = min(bytes, held + free - free / 9)
    }
    return max(0, bytes)
  }

  /// What the system and other processes may come to need while this one works.
  private static let margin = max(128 << 20, physical / 16)

  /// The limit on the process's address space, if there is one.
  package static var addressSpace: Int? {
    var limit = rlimit()
    #if os(Linux)
      let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
    #else
      let resource = RLIMIT_AS
    #endif
    guard getrlimit(resource, &limit) == 0, limit.rlim_cur != rlim_t.max else { return nil }
    return Int(clamping: limit.rlim_cur)
  }

  #if os(Linux)
    /// The numbers of `/proc/self/statm`.
    private enum Own: Int { case size, resident, shared }

    private static func own(_ which: Own) -> Int {
      let numbers = text(of: "/proc/self/statm")?.split(separator: " ") ?? []
      guard numbers.count > which.rawValue, let pages = Int(numbers[which.rawValue]) else { return 0 }
      return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    private static var mapped: Int { own(.size) }

    /// The beginning of a file of the system, such as those of `/proc`.
    static func text(of path: String) -> String? {
      (try? InputFile.contents(of: path, limit: 1 << 16)).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The number behind a name, as in `MemAvailable:   12345 kB`.
    package static func value(of name: String, in text: String) -> Int? {
      let line = text.split(separator: "\n").first { $0.split(separator: " ").first == Substring(name) }
      return line.flatMap { $0.split(separator: " ").dropFirst().first.flatMap { Int($0) } }
    }
  #else
    private static var mapped: Int { 0 }
  #endif
}
