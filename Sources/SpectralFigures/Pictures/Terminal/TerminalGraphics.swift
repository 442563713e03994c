import Foundation
import SpectralImaging
import SpectralCore

/// The ways in which a terminal draws a picture, best first.
public enum TerminalGraphics: String, CaseIterable, Hashable, Sendable {
  /// Kitty's protocol: the PNG itself.
  case kitty
  /// DEC's Sixel: pixels of up to 256 colours.
  case sixel
  /// Half-blocks of the true colours of two pixels, one above the other.
  case blocks
  /// Letters that are darker and brighter: text that goes everywhere.
  case ascii

  /// Whether it draws pixels that are small enough for the labels of a figure to be read.
  public var showsLabels: Bool { self == .kitty || self == .sixel }

  /// What draws a picture when it is written to a terminal, ending in a line break. The picture is made smaller where it
  /// does not fit, never larger.
  ///
  /// - Throws: `FileError` for a picture that has no pixels, or numbers that are not finite.
  public func text(of image: RasterImage, on screen: TerminalScreen) throws -> String {
    guard image.width > 0, image.height > 0 else { throw FileError("terminal", "the picture has no pixels to show") }
    switch self {
    case .kitty: return try KittyGraphics.text(of: screen.fitted(image, to: screen.pixels), on: screen)
    case .sixel: return SixelGraphics.text(of: screen.fitted(image.opaque, to: screen.pixels))
    case .blocks:
      return HalfBlocks.text(of: screen.fitted(image.opaque, to: (screen.rows * 2, screen.columns)))
    case .ascii:
      // A letter is about twice as high as wide.
      let (height, width) = screen.fittedSize(image, to: (screen.rows * 2, screen.columns))
      return Letters.text(of: image.opaque.luminance.resized(height: max(1, (height + 1) / 2), width: width))
    }
  }
}

/// The room that a terminal has for a picture.
public struct TerminalScreen: Hashable, Sendable {
  /// Letters in a line.
  public var columns: Int
  /// Lines.
  public var rows: Int
  /// Pixels of a letter.
  public var cell: (height: Int, width: Int) { (cellHeight, cellWidth) }
  private let cellHeight: Int
  private let cellWidth: Int

  /// The room.
  ///
  /// - Parameter cell: Pixels of a letter.
  public init(columns: Int = 80, rows: Int = 24, cell: (height: Int, width: Int) = (16, 8)) {
    precondition(columns > 0 && rows > 0 && cell.height > 0 && cell.width > 0, "a screen without room")
    (self.columns, self.rows) = (columns, rows)
    (cellHeight, cellWidth) = cell
  }

  /// The room in pixels.
  var pixels: (height: Int, width: Int) { (rows * cellHeight, columns * cellWidth) }

  /// The size of a picture that fits, in its own proportions.
  func fittedSize(_ image: RasterImage, to room: (height: Int, width: Int)) -> (height: Int, width: Int) {
    let scale = min(
      1, Double(room.width) / Double(image.width), Double(room.height) / Double(image.height))
    return (
      max(1, Int((Double(image.height) * scale).rounded())), max(1, Int((Double(image.width) * scale).rounded()))
    )
  }

  func fitted(_ image: RasterImage, to room: (height: Int, width: Int)) -> RasterImage {
    let size = fittedSize(image, to: room)
    return size == (image.height, image.width) ? image : image.resized(height: size.height, width: size.width)
  }
}

extension RasterImage {
  /// The picture on black ground, without transparency.
  var opaque: RasterImage {
    guard let alpha else { return self }
    let area = alpha.count
    let shown = pixels.withUnsafeElements { pixels in
      alpha.withUnsafeElements { alpha in
        Tensor<Float>(self.pixels.shape) { target in
          for i in target.indices { target[i] = pixels[i] * alpha[i % area] }
        }
      }
    }
    return RasterImage(pixels: shown, bitDepth: bitDepth)
  }

  /// The steps of 0...255 of a pixel's colours.
  package func bytes(_ row: Int, _ column: Int) -> (red: UInt8, green: UInt8, blue: UInt8) {
    let area = width * height
    return pixels.withUnsafeElements { values in
      func byte(_ channel: Int) -> UInt8 {
        let value = values[row * width + column + (colorModel == .grey ? 0 : channel) * area]
        return UInt8(value > 0 ? min(value, 1) * 255 + 0.5 : 0)
      }
      return (byte(0), byte(1), byte(2))
    }
  }
}
