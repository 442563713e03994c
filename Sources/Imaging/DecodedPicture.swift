import CImageCodecs
import Foundation
import Tensors

/// What a picture's file holds, as numbers: upright, alpha apart.
struct DecodedPicture<Scalar: TensorScalar> {
  /// `[1, H, W]` or `[3, H, W]`.
  let pixels: Tensor<Scalar>
  /// `[H, W]`, from 0 to 1.
  let alpha: Tensor<Float>?
  /// The bits of a sample in the file.
  let bitDepth: Int

  /// Decodes a file of any known format.
  ///
  /// - Parameters:
  ///   - name: What errors call it.
  ///   - sizeLimit: The most bytes the decoded picture may take.
  ///   - curve: What the numbers of the colours become on the way, given from 0 to 1; nil to leave them.
  /// - Throws: ``FileError``.
  init(_ data: Data, name: String, sizeLimit: Int, curve: ((Scalar) -> Scalar)? = nil) throws {
    switch ImageFormat(firstBytes: data) {
    case .png:
      self = try Self.decode(
        data, name, sizeLimit, .png, .upright, curve, inspect: sk_png_inspect, decode: sk_png_decode)
    case .jpeg:
      let markers = JPEGMarkers(data)
      guard markers.hasEnd else { throw FileError(name, "the JPEG file has no end: it was cut short") }
      self = try Self.decode(
        data, name, sizeLimit, markers.isHuffmanCoded ? .jpeg : nil, markers.orientation, curve,
        inspect: sk_jpeg_inspect, decode: sk_jpeg_decode)
    case .portableMap:
      let map = try PortableMap(data, name: name)
      try Self.checkSize(map.layout, sizeLimit, name)
      self = try map.withSamples {
        Self($0, map.layout, .upright, bitDepth: map.layout.maximum > 255 ? 16 : 8, curve)
      }
    case nil:
      throw FileError(
        name,
        data.isEmpty
          ? "the file is empty" : "this is no picture that is read here: PNG, JPEG, PGM and PPM are")
    }
  }

  private init(
    _ samples: UnsafeRawBufferPointer, _ layout: SampleLayout, _ orientation: Orientation, bitDepth: Int,
    _ curve: ((Scalar) -> Scalar)?
  ) {
    (pixels, alpha) = layout.planes(of: samples, orientation, curve)
    self.bitDepth = bitDepth
  }

  private typealias Inspect = (UnsafePointer<UInt8>, Int, UnsafeMutablePointer<sk_picture>, UnsafeMutablePointer<CChar>)
    -> Int32
  private typealias Decode = (
    UnsafePointer<UInt8>, Int, UnsafePointer<sk_picture>, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<CChar>
  ) -> Int32

  /// Inspects, judges the size, decodes.
  ///
  /// - Parameter compression: Whose best ratio bounds the pixels that so many bytes can hold.
  private static func decode(
    _ data: Data, _ name: String, _ limit: Int, _ compression: ImageFormat?, _ orientation: Orientation,
    _ curve: ((Scalar) -> Scalar)?, inspect: Inspect, decode: Decode
  ) throws -> Self {
    var picture = sk_picture()
    var message = [CChar](repeating: 0, count: Int(SK_MESSAGE_SIZE))
    func failure(_ format: ImageFormat) -> FileError {
      FileError(name, "the \(format.rawValue) file is damaged: \(text(message))")
    }
    let format = ImageFormat(firstBytes: data)!
    return try data.withUnsafeBytes { bytes in
      let start = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
      guard inspect(start, bytes.count, &picture, &message) == 0 else { throw failure(format) }
      let layout = SampleLayout(
        width: Int(picture.width), height: Int(picture.height), channels: Int(picture.channels),
        sampleBytes: Int(picture.sample_bytes), maximum: picture.sample_bytes == 1 ? 255 : 65535)
      try checkSize(layout, limit, name)
      try checkRatio(layout, Int(picture.source_depth), bytes.count, compression, name)
      let samples = Scratch<UInt8>(count: picture.buffer_size)
      let result = decode(start, bytes.count, &picture, samples.base, &message)
      // Stray bytes before a marker are common in photographs and harm no pixel.
      guard result == 0 || (result == 1 && text(message).contains("extraneous bytes before marker")) else {
        throw failure(format)
      }
      return Self(
        UnsafeRawBufferPointer(start: samples.base, count: samples.count), layout, orientation,
        bitDepth: Int(picture.source_depth), curve)
    }
  }

  private static func text(_ message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Refuses a picture that would take more memory than it may: its samples as decoded, and as numbers.
  private static func checkSize(_ layout: SampleLayout, _ limit: Int, _ name: String) throws {
    let perPixel = layout.channels * (layout.sampleBytes + MemoryLayout<Scalar>.size)
    let size = Shape.count([layout.width, layout.height, perPixel])
    guard let size, size <= limit else {
      let estimate = size.map { "\(ByteCount($0))" } ?? "more than any memory"
      throw FileError(
        name,
        "its \(layout.width) x \(layout.height) pixels would take \(estimate), and the limit is \(ByteCount(limit)): "
          + "use a smaller picture or raise the limit")
    }
  }

  /// Refuses a header that claims more pixels than the best compression could put into so few bytes.
  private static func checkRatio(
    _ layout: SampleLayout, _ depth: Int, _ byteCount: Int, _ compression: ImageFormat?, _ name: String
  ) throws {
    let places = layout.width * layout.height
    let isPossible =
      switch compression {
      // Deflate's best is 1032 to 1, and a pixel takes at least `depth` bits before it.
      case .png: places / 8 * depth / 1032 <= byteCount
      // A block of 8 x 8 takes a bit at least, so a byte holds 512 pixels.
      case .jpeg: places / 512 <= byteCount
      default: true
      }
    guard isPossible else {
      throw FileError(
        name,
        "\(ByteCount(byteCount)) cannot hold the \(layout.width) x \(layout.height) pixels that the header claims: "
          + "the file is damaged or was cut short")
    }
  }
}
