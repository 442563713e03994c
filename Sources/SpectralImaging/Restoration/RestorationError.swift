/// A restoration or a search that cannot be: what is wrong, and what would do.
public struct RestorationError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence with the remedy.
  public let description: String

  /// An error with this sentence.
  public init(_ description: String) { self.description = description }
}
