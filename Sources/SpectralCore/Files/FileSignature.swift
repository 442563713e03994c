/// The kind of a file by its first bytes, for errors that say what was found where something else is read.
package struct FileSignature: Hashable, Sendable {
  /// With its article: `a TIFF picture`.
  package let name: String
  /// Whether it is a picture.
  package let isPicture: Bool

  /// How many bytes are looked at.
  package static let length = 16

  /// The kind of a file that begins with these bytes; nil for one that is not known.
  package init?(firstBytes: some Sequence<UInt8>) {
    let start = Array(firstBytes.prefix(Self.length))
    func has(_ bytes: [UInt8], at place: Int = 0) -> Bool {
      start.count >= place + bytes.count && Array(start[place..<place + bytes.count]) == bytes
    }
    func has(_ text: String, at place: Int = 0) -> Bool { has(Array(text.utf8), at: place) }
    let picture: String? =
      if has([0x89] + Array("PNG".utf8)) {
        "a PNG"
      } else if has([0xff, 0xd8, 0xff]) {
        "a JPEG"
      } else if has("II*\0") || has("MM\0*") || has("II+\0") || has("MM\0+") {
        "a TIFF"
      } else if has("BM") && has([0, 0, 0, 0], at: 6) {
        "a BMP"
      } else if has("GIF8") {
        "a GIF"
      } else if has("RIFF") && has("WEBP", at: 8) {
        "a WebP"
      } else if has([0, 0, 0, 12]) && has("jP  ", at: 4) || has([0xff, 0x4f, 0xff, 0x51]) {
        "a JPEG 2000"
      } else if has([0, 0, 0, 12]) && has("JXL ", at: 4) || has([0xff, 0x0a]) {
        "a JPEG XL"
      } else if has("ftyp", at: 4) && ["heic", "heix", "mif1", "avif"].contains(where: { has($0, at: 8) }) {
        "a HEIC or AVIF"
      } else if has([0, 0, 1, 0]) {
        "an ICO"
      } else if has([0x76, 0x2f, 0x31, 0x01]) {
        "an OpenEXR"
      } else if has("8BPS") {
        "a Photoshop"
      } else if has("SIMPLE  =") {
        "a FITS"
      } else if start.count >= 3, has("P"), (0x31...0x37).contains(start[1]), start[2] == 0x0a || start[2] == 0x20 {
        "a portable anymap (PBM, PGM, PPM or PAM)"
      } else {
        nil
      }
    if let picture {
      name = picture.hasSuffix(")") ? picture : picture + " picture"
      isPicture = true
      return
    }
    isPicture = false
    if has([0x93] + Array("NUMPY".utf8)) {
      name = "a .npy array"
    } else if has("PK\u{3}\u{4}") {
      name = "a ZIP archive, such as .npz"
    } else if has([0x1f, 0x8b]) {
      name = "a gzip file"
    } else if has([0x89] + Array("HDF".utf8)) {
      name = "an HDF5 file"
    } else if has("%PDF") {
      name = "a PDF document"
    } else {
      return nil
    }
  }
}
