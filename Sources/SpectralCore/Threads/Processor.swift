import Foundation

/// The processor that the program runs on.
package enum Processor {
  /// What distinguishes its model from others, in one line: what was measured on one model does not hold for another.
  package static let model: String = {
    #if os(Linux)
      let text = (try? InputFile.contents(of: "/proc/cpuinfo", limit: 16 << 20)).map {
        String(decoding: $0, as: UTF8.self)
      }
      return describe(text ?? "")
    #else
      var count = 0
      guard sysctlbyname("machdep.cpu.brand_string", nil, &count, nil, 0) == 0, count > 0 else { return unknown }
      var bytes = [UInt8](repeating: 0, count: count)
      guard sysctlbyname("machdep.cpu.brand_string", &bytes, &count, nil, 0) == 0 else { return unknown }
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    #endif
  }()

  private static let unknown = "unknown processor"

  /// Whether few cores share a third-level cache of their own, as AMD's do, and read it about twice as fast as the cores of
  /// a large Xeon read theirs, which is spread over the whole processor.
  package static let hasNearSharedCache = model.contains("AuthenticAMD")

  /// The name and the numbers of the first processor in the text of `/proc/cpuinfo`. Virtual machines hide the name, and
  /// processors of Arm have none, so the numbers count too.
  package static func describe(_ text: String) -> String {
    let wanted = [
      "model name", "vendor_id", "cpu family", "model", "stepping", "CPU implementer", "CPU variant", "CPU part",
    ]
    var found: [String: String] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.count == 2, found[parts[0]] == nil else { continue }
      found[parts[0]] = parts[1]
    }
    let values = wanted.compactMap { found[$0] }
    return values.isEmpty ? unknown : values.joined(separator: " ")
  }

  /// The bytes of a level of cache: of each processor for levels 1 and 2, of all together for level 3. A usual size where
  /// the system does not say.
  package static func cacheBytes(level: Int) -> Int {
    let usual = [1: 32 << 10, 2: 1 << 20, 3: 32 << 20]
    #if os(Linux)
      let names = [1: _SC_LEVEL1_DCACHE_SIZE, 2: _SC_LEVEL2_CACHE_SIZE, 3: _SC_LEVEL3_CACHE_SIZE]
      if let name = names[level] {
        let bytes = sysconf(Int32(name))
        if bytes > 0 { return bytes }
      }
    #endif
    return usual[level] ?? 1 << 20
  }
}
