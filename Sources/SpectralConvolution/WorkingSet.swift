import SpectralCore

/// The memory that a part of a pass holds: what its threads share, and what each of them works in, in bytes.
package struct WorkingSet: Hashable, Sendable {
  package var shared: Int
  package var perThread: Int

  package init(shared: Int, perThread: Int) {
    self.shared = shared
    self.perThread = perThread
  }
}

/// The parts of a pass, one after the other.
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
  ///   - limit: The limit; the memory of the machine where nobody set one.
  ///   - remedy: What to do beside raising the limit.
  package init(_ method: String, needs bytes: Int, limit: Int, or remedy: String) {
    let bound =
      limit >= MachineMemory.physical
      ? "the machine has \(ByteCount(MachineMemory.physical)): "
      : "the limit is \(ByteCount(limit)): raise the limit, or "
    self.init(
      "\(method) needs about \(ByteCount(bytes, rounding: .up)) of working memory here, " + bound + remedy,
      neededBytes: bytes)
  }

  /// The memory of a pass beside copies of its operands, or the refusal of both.
  ///
  /// - Parameter memory: The memory of the pass in what the copies leave of the limit.
  package static func beside(
    _ copyBytes: Int, limit: Int, _ method: String, _ memory: () throws(ConvolutionError) -> Int
  ) throws(ConvolutionError) -> Int {
    let bytes: Int
    do { bytes = copyBytes + (try memory()) } catch {
      guard let needed = error.neededBytes else { throw error }
      bytes = copyBytes + needed
      throw ConvolutionError(method, needs: bytes, limit: limit, or: "convolve less at once")
    }
    guard bytes <= limit else {
      throw ConvolutionError(method, needs: bytes, limit: limit, or: "convolve less at once")
    }
    return bytes
  }
}
