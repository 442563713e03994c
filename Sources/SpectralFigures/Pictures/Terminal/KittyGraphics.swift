import Foundation
import SpectralImaging

/// Kitty's graphics protocol: a PNG in Base64, in pieces of at most 4096 letters.
/// See https://sw.kovidgoyal.net/kitty/graphics-protocol/.
enum KittyGraphics {
  static func text(of image: RasterImage, on screen: TerminalScreen) throws -> String {
    let letters = Array(try image.encoded(as: .png, bitDepth: 8).base64EncodedString().utf8)
    var text = ""
    for start in stride(from: 0, to: letters.count, by: 4096) {
      let end = min(start + 4096, letters.count)
      // a=T: transmit and show; f=100: PNG; q=2: do not answer; m=1: more follows.
      let head = start == 0 ? "a=T,f=100,q=2," : ""
      let piece = String(decoding: letters[start..<end], as: UTF8.self)
      text += "\u{1b}_G\(head)m=\(end < letters.count ? 1 : 0);\(piece)\u{1b}\\"
    }
    return text + "\n"
  }
}
