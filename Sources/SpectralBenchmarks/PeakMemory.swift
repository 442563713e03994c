import Foundation
import Tensors

/// The most memory that the process has held so far, in bytes.
public func peakResidentBytes() -> Int {
  #if os(Linux)
    // Not getrusage: its figure begins with the memory of whoever started the process.
    let status = (try? InputFile.contents(of: "/proc/self/status", limit: 1 << 20)).map {
      String(decoding: $0, as: UTF8.self)
    }
    let line = status?.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? 0) << 10  // KiB
  #else
    var usage = rusage()
    getrusage(RUSAGE_SELF, &usage)
    return usage.ru_maxrss
  #endif
}
