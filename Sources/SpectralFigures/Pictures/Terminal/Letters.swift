import SpectralImaging

/// Brightness as letters that cover more or less of their cell; bright ones cover more, as on a dark terminal.
enum Letters {
  static let ramp = Array(" .:-=+*#%@")

  static func text(of grey: RasterImage) -> String {
    var text = ""
    for row in 0..<grey.height {
      var line = (0..<grey.width).map { ramp[Int(grey.bytes(row, $0).red) * ramp.count / 256] }
      while line.last == " " { line.removeLast() }
      text += String(line) + "\n"
    }
    return text
  }
}
