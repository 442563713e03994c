import Foundation
import Synchronization
import SpectralCore

/// What became of an image: planes of numbers that are values of a picture, or differences around zero.
package struct EditedImage<Scalar: TensorScalar>: Sendable {
  package let image: ImagePlanes<Scalar>
  /// Whether the numbers are differences around zero, e.g. those of a high-pass, which a picture shows around mid-grey.
  package let isSigned: Bool

  /// The result of an edit.
  ///
  /// - Parameters:
  ///   - image: What is edited, as light or as stored values.
  ///   - onlyLuminance: Whether the brightness alone is edited, and the colours are kept, and of a colour image alpha.
  ///   - isSigned: Whether the edit leaves differences around zero. Such a result has no colours to put back.
  ///   - edit: Gets the image, or its brightness as an image of one plane. What mixes pixels must use
  ///     `filtered(gain:by:)`, so that transparent ones do not count.
  package init(
    _ image: ImagePlanes<Scalar>, onlyLuminance: Bool, isSigned: Bool,
    edit: (ImagePlanes<Scalar>) throws -> ImagePlanes<Scalar>
  ) rethrows {
    var seen = image
    if onlyLuminance { seen.planes = image.luminance }
    var result = try edit(seen)
    // Differences are no light that a curve could be applied to: they are written as they are.
    if isSigned { result.light = .stored }
    if onlyLuminance && !isSigned && image.channels == 3 { result = image.with(luminance: result) }
    (self.image, self.isSigned) = (result, isSigned)
  }

  /// A result that is there already.
  package init(_ image: ImagePlanes<Scalar>, isSigned: Bool) { (self.image, self.isSigned) = (image, isSigned) }

  /// The result for the eye.
  package var picture: RasterImage { isSigned ? SignedPicture(image).image : RasterImage(shown: image) }

  /// What was changed: the result less what it was made of, around zero, both on black ground. Of a result that is a
  /// difference already, what it is.
  package func difference(from source: ImagePlanes<Scalar>) -> EditedImage {
    if isSigned { return self }
    let isTransparent = image.isTransparent || source.isTransparent
    var changed = image.converted(to: .stored)
    if isTransparent { changed = changed.premultiplied }
    changed.planes = changed.planes - source.converted(to: .stored).premultiplied.planes
    return EditedImage(changed, isSigned: true)
  }

  /// The smallest and the largest number, and how many lie outside 0...1 by more than half a step of 8 bits.
  package var range: (low: Double, high: Double, outside: Int) {
    // As they are stored: a file's 0...1 is of these, whatever light was computed with.
    numberRange(image.light == .stored ? image.planes : image.converted(to: .stored).planes)
  }

  /// What a file of the result could not hold, and how it is to be read.
  package struct Note: Sendable {
    package var report = EncodingReport()
    /// The magnitude at the ends of the range where zero is mid-grey; nil where values are those of a picture.
    package var signedLimit: Double?
  }

  /// The bytes of a picture's file of the result.
  ///
  /// - Parameters: As those of `RasterImage.encoded`, and
  ///   - stage: Does a part of the work, and may note how long that took.
  /// - Throws: `FileError`.
  package func encoded(
    as format: ImageFormat, bitDepth: Int? = nil, quality: Int = 95, background: RGBColor? = nil,
    name: String = "image",
    stage: (_ name: String, () throws -> Void) throws -> Void = { try $1() }
  ) throws -> (data: Data, note: Note) {
    var data = Data()
    var note = Note()
    if isSigned {
      guard image.firstNonFinite == nil else {
        throw FileError(
          name, "the result has numbers that are NaN or infinite: take a weaker filter or a smaller kernel")
      }
      var picture = RasterImage(pixels: .zeros([1, 0, 0]))
      try stage("colours") {
        let signed = SignedPicture(image)
        (picture, note.signedLimit) = (signed.image, signed.limit)
      }
      try stage("encode") {
        (data, note.report) = try ImagePlanes(picture).encoded(
          as: format, bitDepth: bitDepth, quality: quality, background: background, name: name)
      }
    } else {
      try stage("encode") {
        (data, note.report) = try image.encoded(
          as: format, bitDepth: bitDepth, quality: quality, background: background, name: name)
      }
    }
    return (data, note)
  }

  /// Writes the result, whole or not at all: a picture as ``encoded(as:bitDepth:quality:background:name:stage:)`` makes it, or an
  /// array of all its numbers.
  ///
  /// - Parameters:
  ///   - format: Of a picture; nil for an array.
  ///   - name: What errors call the file; its extension says whether a portable map is PGM or PPM. Nil for `path`.
  /// - Throws: `FileError`.
  package func write(
    to path: String, as format: ImageFormat?, name: String? = nil, bitDepth: Int? = nil, quality: Int = 95,
    background: RGBColor? = nil, stage: (_ name: String, () throws -> Void) throws -> Void = { try $1() }
  ) throws -> Note {
    guard let format else {
      try stage("encode") { try image.writeArray(to: path) }
      return Note()
    }
    let (data, note) = try encoded(
      as: format, bitDepth: bitDepth, quality: quality, background: background, name: name ?? path, stage: stage)
    try stage("encode") { try AtomicFile.write(data, to: path) }
    return note
  }
}

private struct NumberRange<Scalar: TensorScalar> {
  var low = Scalar.infinity
  var high = -Scalar.infinity
  var outside: Int32 = 0
}

private func numberRange<Scalar: TensorScalar>(_ planes: Tensor<Scalar>) -> (low: Double, high: Double, outside: Int) {
  planes.withUnsafeElements { values in
    nonisolated(unsafe) let values = values
    let piece = 1 << 16
    let ranges = Mutex<[NumberRange<Scalar>]>([])
    Parallel.forEach((values.count + piece - 1) / piece) { index in
      let range = numberRange(
        UnsafeBufferPointer(rebasing: values[index * piece..<min((index + 1) * piece, values.count)]))
      ranges.withLock { $0.append(range) }
    }
    let all = ranges.withLock { $0 }
    return (
      Double(all.map(\.low).min() ?? 0), Double(all.map(\.high).max() ?? 0), all.reduce(0) { $0 + Int($1.outside) }
    )
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func numberRange<Scalar: TensorScalar>(_ values: UnsafeBufferPointer<Scalar>) -> NumberRange<Scalar> {
  let half = Scalar(0.5 / 255)
  var range = NumberRange<Scalar>()
  for value in values {
    range.low = value < range.low ? value : range.low
    range.high = value > range.high ? value : range.high
    range.outside &+= value < -half || value > 1 + half ? 1 : 0
  }
  return range
}
