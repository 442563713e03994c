import CImageCodecs
import Foundation
import Tensors

extension Image {
  /// Writes the picture, whole or not at all, in the format of the file's extension: .png, .jpg, .pgm or .ppm.
  ///
  /// Values are clipped to 0...1 and rounded to the nearest step.
  ///
  /// - Parameters:
  ///   - bitDepth: 8 or 16; unless given, 16 for a picture that came with more than 8 bits, where the format can.
  ///   - quality: Of a JPEG, from 1 to 100.
  /// - Throws: ``FileError``, also where the format cannot hold the picture: JPEG, PGM and PPM have no alpha, JPEG has
  ///   no 16 bits, PGM no colours.
  public func write(to path: String, bitDepth: Int? = nil, quality: Int = 95) throws {
    let data = try encoded(as: try ImageFormat(path: path), bitDepth: bitDepth, quality: quality, name: path)
    try AtomicFile.write(data, to: path)
  }

  /// The bytes of a file of this picture.
  ///
  /// - Parameters:
  ///   - bitDepth: 8 or 16; unless given, 16 for a picture that came with more than 8 bits, where the format can.
  ///   - quality: Of a JPEG, from 1 to 100.
  ///   - name: What errors call it; its extension says whether a portable map is PGM or PPM.
  /// - Throws: ``FileError``.
  public func encoded(
    as format: ImageFormat, bitDepth: Int? = nil, quality: Int = 95, name: String = "image"
  ) throws -> Data {
    precondition(bitDepth == nil || bitDepth == 8 || bitDepth == 16, "a picture is written with 8 or 16 bits")
    precondition((1...100).contains(quality), "the quality of a JPEG is from 1 to 100, not \(quality)")
    guard width > 0, height > 0 else { throw FileError(name, "the picture has no pixels to write") }
    guard alpha == nil || format == .png else {
      throw FileError(name, "\(format.rawValue) has no transparency: write a PNG, or remove the picture's alpha first")
    }
    guard format != .jpeg || bitDepth != 16 else { throw FileError(name, "a JPEG has 8 bits: write 16 as PNG or PPM") }
    // The largest side of either format's header.
    let side = format == .jpeg ? 65500 : Int(Int32.max)
    guard max(width, height) <= side else {
      throw FileError(
        name, "\(width) x \(height) pixels are more than the \(side) a side that \(format.rawValue) allows")
    }
    let depth = bitDepth ?? (self.bitDepth > 8 && format != .jpeg ? 16 : 8)
    let fileExtension = (name as NSString).pathExtension.lowercased()
    guard !(format == .portableMap && fileExtension == "pgm" && colorModel == .rgb) else {
      throw FileError(name, "a PGM is grey: name it .ppm, or write the picture's luminance")
    }
    let colors = format == .portableMap && fileExtension == "ppm" ? 3 : pixels.shape[0]
    let layout = SampleLayout(
      width: width, height: height, channels: colors + (alpha == nil ? 0 : 1), sampleBytes: depth / 8,
      maximum: 1 << depth - 1, isBigEndian: format == .portableMap)
    guard let samples = samples(layout) else {
      throw FileError(name, "the picture has values that are NaN or infinite, which no file can show: mend them first")
    }
    switch format {
    case .portableMap: return PortableMap.header(layout) + samples
    case .png: return try encode(samples, layout, name, sk_png_encode, sk_free)
    case .jpeg:
      return try encode(samples, layout, name, { sk_jpeg_encode($0, $1, Int32(quality), $2, $3, $4) }, sk_jpeg_free)
    }
  }

  private typealias Encode = (
    UnsafePointer<sk_picture>, UnsafePointer<UInt8>, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>,
    UnsafeMutablePointer<Int>, UnsafeMutablePointer<CChar>
  ) -> Int32

  private func encode(
    _ samples: Data, _ layout: SampleLayout, _ name: String, _ encode: Encode,
    _ free: @escaping @convention(c) (UnsafeMutablePointer<UInt8>?) -> Void
  ) throws -> Data {
    var picture = sk_picture(
      width: UInt32(layout.width), height: UInt32(layout.height), channels: UInt32(layout.channels),
      sample_bytes: UInt32(layout.sampleBytes), source_depth: UInt32(layout.sampleBytes * 8),
      buffer_size: samples.count)
    var message = [CChar](repeating: 0, count: Int(SK_MESSAGE_SIZE))
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    let result = samples.withUnsafeBytes {
      encode(&picture, $0.baseAddress!.assumingMemoryBound(to: UInt8.self), &bytes, &count, &message)
    }
    guard result == 0, let bytes else {
      let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw FileError(name, "the picture could not be encoded: \(text)")
    }
    return Data(
      bytesNoCopy: bytes, count: count,
      deallocator: .custom { pointer, _ in
        free(pointer.assumingMemoryBound(to: UInt8.self))
      })
  }
}
