import CImageCodecs
import Foundation
import Tensors

/// The bytes of a picture's file.
struct EncodedPicture {
  let data: Data
  /// How many values lay outside 0...1 by more than rounding and were clipped.
  let clippedCount: Int

  /// Encodes planes of numbers.
  ///
  /// - Parameters:
  ///   - colors: `[1, H, W]` or `[3, H, W]`.
  ///   - alpha: `[H, W]`, or nil if every pixel is opaque.
  ///   - sourceDepth: The bits that a sample had, from which the bits it gets follow unless told.
  ///   - bitDepth: 8 or 16, or nil.
  ///   - quality: Of a JPEG, from 1 to 100.
  ///   - name: What errors call it; its extension says whether a portable map is PGM or PPM.
  /// - Throws: ``FileError`` where the format cannot hold the picture.
  init<Scalar: TensorScalar>(
    _ colors: Tensor<Scalar>, alpha: Tensor<Float>?, sourceDepth: Int, as format: ImageFormat, bitDepth: Int?,
    quality: Int, name: String
  ) throws {
    precondition(bitDepth == nil || bitDepth == 8 || bitDepth == 16, "a picture is written with 8 or 16 bits")
    precondition((1...100).contains(quality), "the quality of a JPEG is from 1 to 100, not \(quality)")
    let (height, width) = (colors.shape[1], colors.shape[2])
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
    let depth = bitDepth ?? (sourceDepth > 8 && format != .jpeg ? 16 : 8)
    let fileExtension = (name as NSString).pathExtension.lowercased()
    guard !(format == .portableMap && fileExtension == "pgm" && colors.shape[0] == 3) else {
      throw FileError(name, "a PGM is grey: name it .ppm, or write the picture's luminance")
    }
    let colorCount = format == .portableMap && fileExtension == "ppm" ? 3 : colors.shape[0]
    let layout = SampleLayout(
      width: width, height: height, channels: colorCount + (alpha == nil ? 0 : 1), sampleBytes: depth / 8,
      maximum: 1 << depth - 1, isBigEndian: format == .portableMap)
    guard let samples = PictureSamples(colors, alpha: alpha, layout) else {
      throw FileError(name, "the picture has values that are NaN or infinite, which no file can show: mend them first")
    }
    clippedCount = samples.clippedCount
    data =
      switch format {
      case .portableMap: PortableMap.header(layout) + samples.data
      case .png: try Self.encode(samples.data, layout, name, sk_png_encode, sk_free)
      case .jpeg:
        try Self.encode(
          samples.data, layout, name, { sk_jpeg_encode($0, $1, Int32(quality), $2, $3, $4) }, sk_jpeg_free)
      }
  }

  private typealias Encode = (
    UnsafePointer<sk_picture>, UnsafePointer<UInt8>, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>,
    UnsafeMutablePointer<Int>, UnsafeMutablePointer<CChar>
  ) -> Int32

  private static func encode(
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
