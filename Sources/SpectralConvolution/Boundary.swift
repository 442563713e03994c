/// What an array is taken to be beyond its border.
public enum Boundary: Hashable, Sendable {
  /// Zero.
  case zero
  /// Mirrored with the edge element repeated: `dcba|abcd|dcba`.
  case reflect
  /// Mirrored about the edge element: `dcb|abcd|cba`.
  case mirror
  /// The edge element: `aaaa|abcd|dddd`.
  case replicate
  /// The array again: `abcd|abcd|abcd`.
  case circular
  /// A number of its own: `vvvv|abcd|vvvv`.
  case constant(Double)

  /// The element of an axis of `count` that stands at `position`, which may lie any way outside; nil where no element
  /// does, but ``value``.
  public func source(of position: Int, count: Int) -> Int? {
    if position >= 0 && position < count { return position }
    func modulo(_ period: Int) -> Int { ((position % period) + period) % period }
    switch self {
    case .zero, .constant: return nil
    case .replicate: return position < 0 ? 0 : count - 1
    case .circular: return modulo(count)
    case .reflect:
      let place = modulo(2 * count)
      return place < count ? place : 2 * count - 1 - place
    case .mirror:
      guard count > 1 else { return 0 }
      let place = modulo(2 * count - 2)
      return place < count ? place : 2 * count - 2 - place
    }
  }

  /// The number beyond the border where no element of the array stands there.
  public var value: Double { if case .constant(let value) = self { value } else { 0 } }

  /// Whether the array ends at its border, so that windows see zeros or another number beyond it.
  public var isConstant: Bool { if case .constant = self { true } else { false } }
}

extension Boundary: RawRepresentable, CaseIterable, Codable {
  /// The boundaries without a number.
  public static let allCases: [Boundary] = [.zero, .reflect, .mirror, .replicate, .circular]

  /// The name, e.g. `reflect` or `constant:0.5`.
  public var rawValue: String {
    switch self {
    case .zero: "zero"
    case .reflect: "reflect"
    case .mirror: "mirror"
    case .replicate: "replicate"
    case .circular: "circular"
    case .constant(let value): "constant:\(value)"
    }
  }

  /// The boundary of a name; nil if there is none.
  public init?(rawValue: String) {
    if let plain = Self.allCases.first(where: { $0.rawValue == rawValue }) {
      self = plain
      return
    }
    let parts = rawValue.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0] == "constant", let value = Double(parts[1]), value.isFinite else { return nil }
    self = .constant(value)
  }
}
