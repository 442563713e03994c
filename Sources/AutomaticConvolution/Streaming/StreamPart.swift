/// A part of a streamed convolution that is computed by a run of its own, e.g. the third of eight.
public struct StreamPart: Hashable, Sendable, CustomStringConvertible {
  /// Which one it is, from 1.
  public let index: Int
  /// How many there are.
  public let count: Int

  /// The most parts that a convolution can be cut into.
  public static let mostParts = 1_000_000

  /// Part `index` of `count`, counted from 1.
  ///
  /// - Precondition: `1 <= index <= count <= mostParts`.
  public init(_ index: Int, of count: Int) {
    precondition(
      1 <= index && index <= count && count <= Self.mostParts,
      "part \(index) of \(count): parts count from 1, and there are at most \(Self.mostParts)")
    self.index = index
    self.count = count
  }

  /// E.g. `3/8`.
  public var description: String { "\(index)/\(count)" }

  /// Its share of a number of panels: neighbours, and as many as in any other part, or one more.
  func share(of panels: Int) -> Range<Int> {
    // Not panels * index / count, which could overflow.
    let (all, more) = panels.quotientAndRemainder(dividingBy: count)
    func start(_ part: Int) -> Int { all * part + more * part / count }
    return start(index - 1)..<start(index)
  }

  /// The parts, out of `count`, whose shares contain some of these panels.
  ///
  /// - Parameter panels: In ascending order.
  static func holding(_ panels: [Int], of all: Int, count: Int) -> [StreamPart] {
    var parts: [StreamPart] = []
    var index = 1
    for panel in panels {
      while StreamPart(index, of: count).share(of: all).upperBound <= panel { index += 1 }
      if parts.last?.index != index { parts.append(StreamPart(index, of: count)) }
    }
    return parts
  }
}
