import Foundation
import SpectralImaging

/// DEC's Sixel graphics: bands of six rows, each colour of a band as letters that say which of the six pixels have it.
enum SixelGraphics {
  static func text(of image: RasterImage) -> String {
    let palette = Palette(image)
    // 1: what is not drawn keeps the terminal's ground; then the proportions of a pixel, and the size.
    var bytes = Array("\u{1b}P0;1;0q\"1;1;\(image.width);\(image.height)".utf8)
    for (index, color) in palette.colors.enumerated() {
      // Percents of red, green and blue.
      let shares = [color.red, color.green, color.blue].map { "\(Int(($0 * 100).rounded()))" }
      bytes += Array("#\(index);2;\(shares.joined(separator: ";"))".utf8)
    }
    for top in stride(from: 0, to: image.height, by: 6) {
      let rows = min(6, image.height - top)
      var masks = [UInt8](repeating: 0, count: palette.colors.count * image.width)
      var isUsed = [Bool](repeating: false, count: palette.colors.count)
      for row in 0..<rows {
        for column in 0..<image.width {
          let index = Int(palette.indices[(top + row) * image.width + column])
          masks[index * image.width + column] |= 1 << UInt8(row)
          isUsed[index] = true
        }
      }
      for index in isUsed.indices where isUsed[index] {
        bytes += Array("#\(index)".utf8)
        append(masks[index * image.width..<(index + 1) * image.width], to: &bytes)
        // Back to the start of the band, for the next colour.
        bytes.append(UInt8(ascii: "$"))
      }
      bytes.append(UInt8(ascii: "-"))
    }
    return String(decoding: bytes, as: UTF8.self) + "\u{1b}\\\n"
  }

  /// The letters of a band in one colour; runs of four or more as a count and a letter, what is empty at the end left out.
  private static func append(_ masks: ArraySlice<UInt8>, to bytes: inout [UInt8]) {
    var masks = masks
    while masks.last == 0 { masks.removeLast() }
    while let mask = masks.first {
      let count = masks.prefix { $0 == mask }.count
      let letter = 63 + mask
      if count > 3 {
        bytes += Array("!\(count)".utf8) + [letter]
      } else {
        bytes += [UInt8](repeating: letter, count: count)
      }
      masks = masks.dropFirst(count)
    }
  }
}
