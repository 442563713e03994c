/// Why training cannot start or go on: one sentence with the remedy.
public struct TrainingError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The sentence.
  public let description: String

  /// An error with this sentence.
  public init(_ description: String) { self.description = description }
}
