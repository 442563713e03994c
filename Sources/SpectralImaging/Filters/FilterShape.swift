import Foundation

/// How a low-pass goes from 1 to 0 around its cut-off D0, with D the distance from its centre.
public enum FilterShape: Hashable, Sendable {
  /// 1 where D <= D0, else 0. Rings: its impulse response is the slowly falling jinc.
  case ideal
  /// exp(-D² / (2 D0²)), 0.61 at the cut-off. Never rings: its impulse response is a Gaussian of 1 / (2π D0) pixels.
  case gaussian
  /// 1 / (1 + (D / D0)^(2 order)), one half at the cut-off; the higher the order, the steeper, and the more it rings.
  case butterworth(order: Int)

  /// The highest order of a Butterworth filter that makes a difference worth having.
  public static let highestOrder = 100

  /// The word that stands for it on the command line.
  public var name: String {
    switch self {
    case .ideal: "ideal"
    case .gaussian: "gaussian"
    case .butterworth: "butterworth"
    }
  }

  /// The names of all shapes.
  public static let names = ["ideal", "gaussian", "butterworth"]

  /// Reads `ideal`, `gaussian`, or `butterworth:2` with its order.
  ///
  /// - Throws: ``FrequencyFilterError`` if the text says no shape.
  public init(parsing text: String) throws(FrequencyFilterError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    switch parts.count == 1 ? text : "" {
    case "ideal": self = .ideal
    case "gaussian": self = .gaussian
    default:
      guard parts[0] == "butterworth" else {
        throw FrequencyFilterError("needs a shape, ideal, gaussian or butterworth:ORDER, not '\(text)'")
      }
      self = try .butterworth(orderText: parts.count == 2 ? parts[1] : "")
    }
  }

  /// A Butterworth shape, from the text of its order.
  static func butterworth(orderText text: String) throws(FrequencyFilterError) -> FilterShape {
    guard let order = Int(text), (1...highestOrder).contains(order) else {
      throw FrequencyFilterError("butterworth needs an order, a whole number from 1 to \(highestOrder), not '\(text)'")
    }
    return .butterworth(order: order)
  }

  /// The low-pass of a square of the distance, in units of the square of the cut-off.
  ///
  /// What is at the cut-off but for rounding passes an ideal filter: 2^-48 is many roundings of a square in Double, and
  /// far less than the distance between two frequencies of any image.
  func lowPass(_ square: Double) -> Double {
    switch self {
    case .ideal: square <= 1 + 0x1p-48 ? 1 : 0
    case .gaussian: exp(-square / 2)
    case .butterworth(let order): 1 / (1 + pow(square, Double(order)))
    }
  }
}

extension FilterShape: CustomStringConvertible {
  /// The name, and the order if there is one.
  public var description: String {
    if case .butterworth(let order) = self { return "butterworth, order \(order)" }
    return name
  }
}
