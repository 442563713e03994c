/// A colour as files store it (sRGB); black is 0, white is 1.
public struct RGBColor: Codable, Hashable, Sendable {
  /// Red.
  public var red: Float
  /// Green.
  public var green: Float
  /// Blue.
  public var blue: Float

  /// A colour.
  public init(_ red: Float, _ green: Float, _ blue: Float) { (self.red, self.green, self.blue) = (red, green, blue) }

  /// White.
  public static let white = grey(1)
  /// Black.
  public static let black = grey(0)

  /// A colour without hue.
  public static func grey(_ value: Float) -> RGBColor { RGBColor(value, value, value) }

  /// Whether it has no hue.
  public var isGrey: Bool { red == green && green == blue }

  /// A mix: this colour at 0, the other at 1.
  public func mixed(with other: RGBColor, _ share: Float) -> RGBColor {
    RGBColor(
      red + share * (other.red - red), green + share * (other.green - green), blue + share * (other.blue - blue))
  }
}
