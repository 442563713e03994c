import SpectralImaging

/// Two pixels in a letter: the upper half-block in the colour of one, on ground in the colour of the other.
enum HalfBlocks {
  static func text(of image: RasterImage) -> String {
    var text = ""
    for row in stride(from: 0, to: image.height, by: 2) {
      var last: (String, String)?
      for column in 0..<image.width {
        let upper = code(image.bytes(row, column))
        // Below the last row of an odd picture the terminal's own ground shows.
        let lower = row + 1 < image.height ? "48;2;" + code(image.bytes(row + 1, column)) : "49"
        if last == nil || last! != (upper, lower) { text += "\u{1b}[38;2;\(upper);\(lower)m" }
        last = (upper, lower)
        text += "▀"
      }
      text += "\u{1b}[0m\n"
    }
    return text
  }

  private static func code(_ color: (red: UInt8, green: UInt8, blue: UInt8)) -> String {
    "\(color.red);\(color.green);\(color.blue)"
  }
}
