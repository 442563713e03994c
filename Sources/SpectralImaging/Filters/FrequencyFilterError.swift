import SpectralCore

/// A filter that cannot be, or cannot be applied: what is wrong, and what would do.
public struct FrequencyFilterError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence with the remedy.
  public let description: String
  /// The least memory limit that would do, in bytes, if that is what was wrong.
  public let neededBytes: Int?

  /// An error with this sentence.
  public init(_ description: String, neededBytes: Int? = nil) {
    (self.description, self.neededBytes) = (description, neededBytes)
  }

  /// A refusal for want of memory.
  init(_ error: MemoryError) { self.init(error.description, neededBytes: error.estimate.bytes ?? .max) }
}
