import CImageCodecs
import Foundation
import SpectralCore

/// The bytes of a picture's file.
struct EncodedPicture {
  let data: Data
  /// What the file could not hold.
  let report: EncodingReport

  /// Encodes planes of numbers.
  ///
  /// - Parameters:
  ///   - image: Stored values, `[1, H, W]` or `[3, H, W]`.
  ///   - bitDepth: 8 or 16; nil for what follows from the bits that a sample had.
  ///   - quality: Of a JPEG, from 1 to 100.
  ///   - background: What transparent pixels are put on in a format without transparency.
  ///   - name: What errors call it; its extension says whether a portable map is PGM or PPM.
  /// - Throws: ``FileError`` where the format cannot hold the picture.
  init<Scalar: TensorScalar>(
    _ image: ImagePlanes<Scalar>, as format: ImageFormat, bitDepth: Int?, quality: Int, background: RGBColor?,
    name: String
  ) throws {
    precondition(bitDepth == nil || bitDepth == 8 || bitDepth == 16, "a picture is written with 8 or 16 bits")
    precondition((1...100).contains(quality), "the quality of a JPEG is from 1 to 100, not \(quality)")
    let (height, width) = (image.height, image.width)
    guard width > 0, height > 0 else { throw FileError(name, "the picture has no pixels to write") }
    guard format != .jpeg || bitDepth != 16 else { throw FileError(name, "a JPEG has 8 bits: write 16 as PNG or PPM") }
    // The largest side of either format's header.
    let side = format == .jpeg ? 65500 : Int(Int32.max)
    guard max(width, height) <= side else {
      throw FileError(
        name, "\(width) x \(height) pixels are more than the \(side) a side that \(format.rawValue) allows")
    }
    var report = EncodingReport()
    var image = image
    if format != .png, image.alpha != nil {
      if image.isTransparent {
        guard let background else {
          throw FileError(
            name, "\(format.rawValue) has no transparency: write a PNG, or choose a colour to put the picture on")
        }
        report.background = background
      }
      image = image.composed(on: background ?? .white)
    }
    let (colors, alpha, sourceDepth) = (image.planes, image.alpha, image.origin.bitDepth)
    let metadata = image.metadata.matching(colors: colors.shape[0])
    if metadata.colorProfile != image.metadata.colorProfile {
      report.losses.append(
        "its colour profile is not for \(colors.shape[0] == 1 ? "grey" : "colours"), and was left out")
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
    report.clippedCount = samples.clippedCount
    switch format {
    case .portableMap:
      data = PortableMap.header(layout) + samples.data
      if metadata.colorProfile != nil {
        report.losses.append("a PGM or PPM holds no colour profile: programs will take its colours for sRGB")
      }
    case .png:
      data = try Self.encode(samples.data, layout, name, PNGChunks.chunks(metadata)) {
        sk_png_encode($0, $1, $2.base, $2.count, $3, $4, $5, $6)
      }
    case .jpeg:
      let (segments, losses) = JPEGMarkers.segments(metadata)
      report.losses += losses
      let density = JPEGMarkers.density(metadata.resolution)
      var options = sk_jpeg_options(
        quality: Int32(quality), density_unit: density.unit, density_x: density.x, density_y: density.y)
      data = try Self.encode(samples.data, layout, name, segments) {
        sk_jpeg_encode($0, $1, &options, $2.base, $2.count, $3, $4, $5, $6)
      }
    }
    self.report = report
  }

  private typealias Encode = (
    UnsafePointer<sk_picture>, UnsafePointer<UInt8>, (base: UnsafePointer<sk_segment>?, count: Int),
    UnsafePointer<UInt8>?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>, UnsafeMutablePointer<Int>,
    UnsafeMutablePointer<CChar>
  ) -> sk_result

  private static func encode(
    _ samples: Data, _ layout: SampleLayout, _ name: String, _ segments: [FileSegment], _ encode: Encode
  ) throws -> Data {
    var picture = sk_picture(
      width: UInt32(layout.width), height: UInt32(layout.height), channels: UInt32(layout.channels),
      sample_bytes: UInt32(layout.sampleBytes), source_depth: UInt32(layout.sampleBytes * 8),
      buffer_size: samples.count)
    var places: [sk_segment] = []
    var together: [UInt8] = []
    for segment in segments {
      places.append(sk_segment(kind: segment.kind, offset: together.count, count: segment.data.count))
      together += segment.data
    }
    var message = [CChar](repeating: 0, count: Int(SK_MESSAGE_SIZE))
    var bytes: UnsafeMutablePointer<UInt8>?
    var count = 0
    let result = samples.withUnsafeBytes { samples in
      places.withUnsafeBufferPointer { places in
        together.withUnsafeBufferPointer { together in
          encode(
            &picture, samples.baseAddress!.assumingMemoryBound(to: UInt8.self), (places.baseAddress, places.count),
            together.baseAddress, &bytes, &count, &message)
        }
      }
    }
    guard result == SK_OK, let bytes else {
      let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      throw FileError(name, "the picture could not be encoded: \(text)")
    }
    return Data(
      bytesNoCopy: bytes, count: count,
      deallocator: .custom { pointer, _ in sk_free(pointer.assumingMemoryBound(to: UInt8.self)) })
  }
}
