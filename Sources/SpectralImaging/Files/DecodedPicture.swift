import CImageCodecs
import Foundation
import SpectralCore

/// What a picture's file holds, as numbers: upright, alpha apart.
struct DecodedPicture<Scalar: TensorScalar> {
  /// `[1, H, W]` or `[3, H, W]`.
  let pixels: Tensor<Scalar>
  /// `[H, W]`, from 0 to 1.
  let alpha: Tensor<Float>?
  /// The bits of a sample in the file.
  let bitDepth: Int

  /// What else the file says; of the upright picture.
  let metadata: ImageMetadata
  /// What is wrong with the file, or was not read.
  let warnings: [ImageWarning]

  /// Decodes a file of any known format.
  ///
  /// - Parameters:
  ///   - name: What errors call it.
  ///   - sizeLimit: The most bytes that decoding may take.
  ///   - curve: What the numbers of the colours become on the way, given from 0 to 1; nil to leave them.
  /// - Throws: ``FileError``.
  init(_ data: Data, name: String, sizeLimit: Int, curve: ((Scalar) -> Scalar)? = nil) throws {
    let file = Source(data: data, name: name, budget: MemoryBudget(limit: sizeLimit))
    switch ImageFormat(firstBytes: data) {
    case .png: self = try Self.png(file, curve)
    case .jpeg: self = try Self.jpeg(file, curve)
    case .portableMap:
      let map = try PortableMap(data, name: name)
      try file.require(map.layout, buffer: 0, Scalar.self)
      self = try map.withSamples {
        Self($0, map.layout, Notes(), bitDepth: map.layout.maximum > 255 ? 16 : 8, curve)
      }
    case nil: throw file.unknownFormat
    }
  }

  /// What stands in a file beside its pixels.
  private struct Notes {
    var metadata = ImageMetadata()
    var orientation = Orientation.upright
    var warnings: [ImageWarning] = []

    init() {}

    /// - Parameter faults: What of the metadata could not be read.
    init(_ metadata: ImageMetadata, faults: [String], omissions: [String] = []) {
      self.metadata = metadata
      orientation = metadata.exif.flatMap { Exif($0)?.orientation } ?? .upright
      warnings = faults.map { ImageWarning(.fault, $0) } + omissions.map { ImageWarning(.omission, $0) }
    }
  }

  private init(
    _ samples: UnsafeRawBufferPointer, _ layout: SampleLayout, _ notes: Notes, bitDepth: Int,
    _ curve: ((Scalar) -> Scalar)?
  ) {
    (pixels, alpha) = layout.planes(of: samples, notes.orientation, curve)
    self.bitDepth = bitDepth
    var warnings = notes.warnings
    var metadata = notes.metadata.matching(colors: layout.colors)
    if metadata.colorProfile != notes.metadata.colorProfile {
      let kind = layout.colors == 1 ? "grey pictures" : "pictures in red, green and blue"
      warnings.append(ImageWarning(.omission, "its colour profile is not for \(kind), and was left out"))
    }
    if var exif = metadata.exif.flatMap(Exif.init) {
      exif.turnUpright(width: pixels.shape[2], height: pixels.shape[1])
      metadata.exif = exif.data
    }
    if let resolution = metadata.resolution, notes.orientation.swapsAxes {
      metadata.resolution = .init(
        horizontal: resolution.vertical, vertical: resolution.horizontal, unit: resolution.unit)
    }
    (self.metadata, self.warnings) = (metadata, warnings)
  }

  // MARK: Formats

  private static func png(_ file: Source, _ curve: ((Scalar) -> Scalar)?) throws -> Self {
    let chunks = PNGChunks(file.data)
    return try file.withBytes { bytes, count in
      var message = Message()
      var picture = sk_picture()
      try file.check(sk_png_inspect(bytes, count, &picture, &message.bytes), .png, message)
      let layout = SampleLayout(picture)
      try file.require(layout, buffer: picture.buffer_size, Scalar.self)
      // Deflate's best is 1032 to 1, and a pixel takes at least `depth` bits before it.
      try file.requirePixels(layout, layout.width * layout.height / 8 * Int(picture.source_depth) / 1032 <= count)
      let samples = Scratch<UInt8>(count: picture.buffer_size)
      var faults = DecoderFaults()
      let result = withListener(&faults) { sk_png_decode(bytes, count, &picture, samples.base, $0, &message.bytes) }
      try file.check(result, .png, message)
      var notes = Notes(chunks.metadata, faults: chunks.faults, omissions: chunks.omissions)
      notes.warnings = faults.warnings(.png, notes.orientation) + notes.warnings
      return Self(
        UnsafeRawBufferPointer(start: samples.base, count: samples.count), layout, notes,
        bitDepth: Int(picture.source_depth), curve)
    }
  }

  private static func jpeg(_ file: Source, _ curve: ((Scalar) -> Scalar)?) throws -> Self {
    let markers = JPEGMarkers(file.data)
    return try file.withBytes { bytes, count in
      var message = Message()
      var picture = sk_picture()
      try file.check(sk_jpeg_inspect(bytes, count, &picture, &message.bytes), .jpeg, message)
      let layout = SampleLayout(picture)
      // Of a file of several scans libjpeg holds all coefficients, 16 bits each.
      let coefficients = markers.scans > 1 ? 2 * picture.buffer_size : 0
      try file.require(layout, buffer: picture.buffer_size + coefficients, Scalar.self)
      // A block of 8 x 8 takes a bit at least, so a byte holds 512 pixels.
      let area = layout.width * layout.height
      try file.requirePixels(layout, !markers.isHuffmanCoded || area / 512 <= count)
      // The usual progressive file scans each colour five times. 2^32 samples take a few seconds.
      let scanLimit = max(1 << 32, 20 * picture.buffer_size)
      guard markers.scannedColors <= scanLimit / area else { throw file.tooManyScans }
      let samples = Scratch<UInt8>(count: picture.buffer_size)
      var faults = DecoderFaults()
      let result = withListener(&faults) {
        sk_jpeg_decode(bytes, count, &picture, UInt64(scanLimit), samples.base, $0, &message.bytes)
      }
      try file.check(result, .jpeg, message)
      var notes = Notes(markers.metadata, faults: markers.faults)
      notes.warnings = faults.warnings(.jpeg, notes.orientation) + notes.warnings
      return Self(
        UnsafeRawBufferPointer(start: samples.base, count: samples.count), layout, notes,
        bitDepth: Int(picture.source_depth), curve)
    }
  }

  private static func withListener<Result>(
    _ faults: inout DecoderFaults, _ body: (UnsafePointer<sk_listener>) -> Result
  ) -> Result {
    withUnsafeMutablePointer(to: &faults) { faults in
      var listener = sk_listener(
        context: faults,
        warn: { context, sentence, row in
          context!.assumingMemoryBound(to: DecoderFaults.self).pointee.add(String(cString: sentence!), row: Int(row))
        })
      return body(&listener)
    }
  }
}

/// The size and the kind of a picture, from its file's header: nothing is decoded.
package struct PictureHeader: Hashable, Sendable {
  /// Rows, upright.
  package let height: Int
  /// Pixels of a row, upright.
  package let width: Int
  package let colorModel: RasterImage.ColorModel
  /// What decoding the picture to single precision takes, the samples included.
  package let memory: MemoryEstimate

  /// Reads the header of a file.
  ///
  /// - Throws: ``FileError``.
  package init(path: String, sizeLimit: Int = RasterImage.defaultSizeLimit) throws {
    try self.init(data: try InputFile.contents(of: path, limit: sizeLimit), name: path)
  }

  init(data: Data, name: String) throws {
    let file = Source(data: data, name: name, budget: .machine)
    let layout: SampleLayout
    let metadata: ImageMetadata
    switch ImageFormat(firstBytes: data) {
    case .png: (layout, metadata) = (try file.layout(.png, sk_png_inspect), PNGChunks(data).metadata)
    case .jpeg: (layout, metadata) = (try file.layout(.jpeg, sk_jpeg_inspect), JPEGMarkers(data).metadata)
    case .portableMap: (layout, metadata) = (try PortableMap(data, name: name).layout, ImageMetadata())
    case nil: throw file.unknownFormat
    }
    let isTurned = metadata.exif.flatMap { Exif($0)?.orientation }?.swapsAxes ?? false
    (height, width) = isTurned ? (layout.width, layout.height) : (layout.height, layout.width)
    colorModel = layout.colors == 1 ? .grey : .rgb
    memory = MemoryEstimate(
      [height, width, layout.channels], scalarBytes: MemoryLayout<Float>.size + layout.sampleBytes)
  }
}

/// What a codec says when it fails.
private struct Message {
  var bytes = [CChar](repeating: 0, count: Int(SK_MESSAGE_SIZE))

  var text: String { String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) }
}

extension SampleLayout {
  fileprivate init(_ picture: sk_picture) {
    self.init(
      width: Int(picture.width), height: Int(picture.height), channels: Int(picture.channels),
      sampleBytes: Int(picture.sample_bytes), maximum: picture.sample_bytes == 1 ? 255 : 65535)
  }
}

/// A file that is decoded, and the reasons to refuse it.
private struct Source {
  let data: Data
  let name: String
  let budget: MemoryBudget

  func withBytes<Result>(_ body: (UnsafePointer<UInt8>, Int) throws -> Result) rethrows -> Result {
    try data.withUnsafeBytes { try body($0.baseAddress!.assumingMemoryBound(to: UInt8.self), $0.count) }
  }

  /// Refuses a file that its codec could not read.
  func check(_ result: sk_result, _ format: ImageFormat, _ message: Message) throws(FileError) {
    switch result {
    case SK_OK: return
    case SK_UNSUPPORTED:
      throw FileError(name, "\(message.text) is not supported: convert it to an ordinary JPEG or to PNG")
    case SK_CUT_SHORT: throw FileError(name, "the \(format.rawValue) file ends before its pixels do: it was cut short")
    case SK_TOO_MANY_SCANS: throw tooManyScans
    default: throw FileError(name, "the \(format.rawValue) file is damaged: \(message.text)")
    }
  }

  /// Of a file that no codec knows.
  var unknownFormat: FileError {
    FileError(name, data.isEmpty ? "the file is empty" : ImageFormat.refusal(firstBytes: data, arraysToo: false))
  }

  /// How the samples lie in memory, by a codec's look at the header.
  func layout(
    _ format: ImageFormat,
    _ inspect: (UnsafePointer<UInt8>, Int, UnsafeMutablePointer<sk_picture>, UnsafeMutablePointer<CChar>) -> sk_result
  ) throws -> SampleLayout {
    try withBytes { bytes, count in
      var message = Message()
      var picture = sk_picture()
      try check(inspect(bytes, count, &picture, &message.bytes), format, message)
      return SampleLayout(picture)
    }
  }

  var tooManyScans: FileError {
    FileError(
      name, "its pixels are scanned so many times that decoding would take minutes: save it as an ordinary JPEG")
  }

  /// Refuses a picture that would take more memory than it may: its samples as decoded, and as numbers.
  ///
  /// - Parameter buffer: The bytes that decoding takes.
  func require<Scalar: TensorScalar>(_ layout: SampleLayout, buffer: Int, _: Scalar.Type) throws(FileError) {
    let numbers = MemoryEstimate(
      [layout.width, layout.height, layout.channels], scalarBytes: MemoryLayout<Scalar>.size)
    do {
      try budget.require(
        MemoryEstimate(bytes: buffer) + numbers, for: "decoding its \(layout.width) x \(layout.height) pixels",
        remedy: "use a smaller picture")
    } catch { throw FileError(name, "\(error)") }
  }

  /// Refuses a header that claims more pixels than the best compression could put into so few bytes.
  func requirePixels(_ layout: SampleLayout, _ isPossible: Bool) throws(FileError) {
    guard isPossible else {
      throw FileError(
        name,
        "\(ByteCount(data.count)) cannot hold the \(layout.width) x \(layout.height) pixels that the header claims: "
          + "the file is damaged or was cut short")
    }
  }
}
