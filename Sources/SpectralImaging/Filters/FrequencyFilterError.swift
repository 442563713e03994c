/// A filter that cannot be, or cannot be applied: what is wrong, and what would do.
public struct FrequencyFilterError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence with the remedy.
  public let description: String

  /// An error with this sentence.
  public init(_ description: String) { self.description = description }
}
