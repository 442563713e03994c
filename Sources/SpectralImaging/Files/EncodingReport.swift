/// What a file could not hold of a picture.
public struct EncodingReport: Hashable, Sendable {
  /// How many values lay outside 0...1 by more than rounding and were clipped.
  public var clippedCount = 0
  /// The colour that transparent pixels were put on; nil where there were none, or where the format has transparency.
  public var background: RGBColor?
  /// What of the metadata was left out, each a clause.
  public var losses: [String] = []

  /// Nothing was lost.
  public init() {}
}
