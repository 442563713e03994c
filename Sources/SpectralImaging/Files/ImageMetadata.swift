import Foundation

/// What a picture's file says beside its pixels, and what is written back to a PNG or a JPEG.
///
/// Nothing is computed from it: no colours are converted by the profile. The picture is upright already, whatever its
/// file's orientation was, and ``exif`` says so.
public struct ImageMetadata: Hashable, Sendable {
  /// The ICC profile that says what the numbers of the colours mean; nil for sRGB, as most files are.
  public var colorProfile: Data?
  /// Exif as a TIFF structure, beginning with `II` or `MM`: camera, exposure, place. Its thumbnail, which would show the
  /// picture as it was, is blanked.
  public var exif: Data?
  /// How large a pixel is on paper.
  public var resolution: Resolution?
  /// A PNG's own notes on its colours (`cICP`, `cHRM`, `gAMA`, `sRGB`), by the letters of their chunks.
  var colorChunks: [String: Data] = [:]

  /// Nothing but the pixels.
  public init() {}

  /// The most bytes of a colour profile or of Exif that are kept: 16 MiB, about what a JPEG can hold.
  public static let sizeLimit = 16 << 20

  /// Pixels per unit of length.
  public struct Resolution: Hashable, Sendable {
    /// A unit of length.
    public enum Unit: Hashable, Sendable {
      /// None: the numbers say only how high and wide a pixel is to another.
      case ratio
      /// 25.4 millimetres.
      case inch
      /// As JPEG has it.
      case centimetre
      /// As PNG has it.
      case metre
    }

    /// Along a row.
    public var horizontal: Int
    /// Along a column.
    public var vertical: Int
    /// What the numbers are relative to.
    public var unit: Unit

    /// A resolution.
    public init(horizontal: Int, vertical: Int, unit: Unit) {
      (self.horizontal, self.vertical, self.unit) = (horizontal, vertical, unit)
    }
  }

  /// The metadata without what concerns colours, for a picture whose colours are others.
  public var withoutColors: ImageMetadata {
    var copy = self
    copy.colorProfile = nil
    copy.colorChunks = [:]
    return copy
  }

  /// The metadata that concerns colours, for a picture of another size that has the same.
  public var colorsOnly: ImageMetadata {
    var copy = ImageMetadata()
    (copy.colorProfile, copy.colorChunks) = (colorProfile, colorChunks)
    return copy
  }

  /// The metadata of a picture of so many colour planes: a profile of grey says nothing about red, green and blue.
  func matching(colors: Int) -> ImageMetadata {
    guard let colorProfile, Self.colors(ofProfile: colorProfile) != colors else { return self }
    var copy = self
    copy.colorProfile = nil
    return copy
  }

  /// How many colours a profile is about; nil for one that is no profile.
  static func colors(ofProfile profile: Data) -> Int? {
    guard profile.count >= 128 else { return nil }
    let start = profile.startIndex
    guard profile[start + 36..<start + 40].elementsEqual("acsp".utf8) else { return nil }
    return switch String(decoding: profile[start + 16..<start + 20], as: UTF8.self) {
    case "GRAY": 1
    case "RGB ": 3
    case "CMYK": 4
    default: nil
    }
  }
}
