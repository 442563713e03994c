import SpectralCore

/// The memory of a stretch of a pass: what its threads share, and what each of them works in, in bytes.
package struct WorkingSet: Hashable, Sendable {
  package var shared: Int
  package var perThread: Int

  package init(shared: Int, perThread: Int) {
    self.shared = shared
    self.perThread = perThread
  }
}

/// The stretches of a pass, one after the other.
extension [WorkingSet] {
  /// The bytes that so many threads take.
  package func bytes(threads: Int) -> Int {
    reduce(0) { Swift.max($0, $1.shared + threads * $1.perThread) }
  }

  /// The threads for which a limit has room; 0 if it has none even for one.
  package func threads(within limit: Int) -> Int {
    guard bytes(threads: 1) <= limit else { return 0 }
    return reduce(.max) { least, set in
      set.perThread == 0 ? least : Swift.min(least, (limit - set.shared) / set.perThread)
    }
  }
}

extension ConvolutionError {
  /// A pass that cannot keep its memory limit.
  ///
  /// - Parameters:
  ///   - bytes: The least limit that would do.
  ///   - remedy: What to do beside raising the limit.
  package init(_ method: String, needs bytes: Int, limit: Int, or remedy: String) {
    self.init(
      "\(method) needs about \(ByteCount(bytes, rounding: .up)) of working memory here, the limit is \(ByteCount(limit)): "
        + "raise the limit, or \(remedy)", neededBytes: bytes)
  }
}
