/// A kernel that cannot be: what is wrong, and what would do.
public struct KernelError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence with the remedy.
  public let description: String

  /// An error with this sentence.
  public init(_ description: String) { self.description = description }
}
