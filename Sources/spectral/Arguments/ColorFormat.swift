import Foundation
import SpectralKit

extension ValueFormat<RGBColor> {
  /// A colour by its name, or in hexadecimal digits as web pages write it.
  static var color: Self {
    Self("COLOUR", example: "white") { text throws(ValueError) in
      if let color = colorNames[text.lowercased()] { return color }
      var digits = text.drop { $0 == "#" }
      if digits.count == 3 { digits = Substring(digits.map { "\($0)\($0)" }.joined()) }
      guard digits.count == 6, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }), let code = Int(digits, radix: 16)
      else {
        throw ValueError(
          "must be white, black, grey, or red, green and blue in hexadecimal digits as in #ffcc00"
            + hint(text, colorNames.keys.sorted()))
      }
      func part(_ shift: Int) -> Float { Float(code >> shift & 255) / 255 }
      return RGBColor(part(16), part(8), part(0))
    }
  }
}

private let colorNames: [String: RGBColor] = [
  "white": .white, "black": .black, "grey": .grey(128.0 / 255), "gray": .grey(128.0 / 255),
]

extension RGBColor {
  /// The colour as ``ValueFormat/color`` reads it.
  var text: String {
    if let name = colorNames.keys.sorted().first(where: { colorNames[$0] == self }) { return name }
    return "#" + [red, green, blue].map { String(format: "%02x", Int(($0 * 255).rounded())) }.joined()
  }
}
