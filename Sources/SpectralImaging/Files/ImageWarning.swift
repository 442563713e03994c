/// What a decoder had to say about a file that it read all the same.
public struct ImageWarning: Hashable, Sendable, CustomStringConvertible {
  /// What a caller may do about it.
  public enum Kind: Hashable, Sendable {
    /// The file is not as its format requires: a strict reader refuses it.
    case fault
    /// The file is in order, and something of it was not read.
    case omission
  }

  /// Whether the file is to blame.
  public let kind: Kind
  /// What is wrong, as a clause without the file's name.
  public let message: String

  /// A warning.
  public init(_ kind: Kind, _ message: String) { (self.kind, self.message) = (kind, message) }

  /// The message.
  public var description: String { message }
}

/// Gathers what is wrong with a file as its decoder notices it.
struct DecoderFaults {
  private var harmless: [String] = []
  private var harmful: [String] = []
  private var firstRow: Int?
  /// A file can have a fault in each of thousands of chunks.
  private static let limit = 8

  /// Notes a fault.
  ///
  /// - Parameter row: The stored row from which on pixels may be wrong; 0 if it is not known, -1 if none is.
  mutating func add(_ sentence: String, row: Int) {
    if row < 0 {
      if harmless.count < Self.limit, !harmless.contains(sentence) { harmless.append(sentence) }
    } else {
      if harmful.count < Self.limit, !harmful.contains(sentence) { harmful.append(sentence) }
      if row > 0 { firstRow = min(firstRow ?? row, row) }
    }
  }

  /// At most one warning about pixels and one about the rest.
  func warnings(_ format: ImageFormat, _ orientation: Orientation) -> [ImageWarning] {
    var warnings: [ImageWarning] = []
    if !harmful.isEmpty {
      // Rows of a turned picture are not those that were stored.
      let place = orientation == .upright ? firstRow.map { " from about row \($0) on" } ?? "" : ""
      warnings.append(
        ImageWarning(
          .fault, "the \(format.rawValue) file is damaged, and pixels may be wrong\(place): \(Self.list(harmful))"))
    }
    if !harmless.isEmpty {
      warnings.append(
        ImageWarning(.fault, "the \(format.rawValue) file is faulty, and was read all the same: \(Self.list(harmless))")
      )
    }
    return warnings
  }

  private static func list(_ sentences: [String]) -> String { sentences.joined(separator: "; ") }
}
