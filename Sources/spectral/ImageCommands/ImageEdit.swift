import Foundation
import SpectralKit

/// What a command does to an image: planes of numbers in, planes of numbers out. ``ImageRun/apply(_:)`` does the rest:
/// reading, light, luminance, writing, showing, talking.
protocol ImageEdit: Sendable {
  /// The result for one image.
  ///
  /// - Parameters:
  ///   - planes: `[C, H, W]`, finite: light or stored values, all channels or the luminance alone, as the flags ask.
  ///   - name: What errors call the image.
  ///   - stages: Takes the times that `--verbose` tells.
  /// - Returns: `[C, H, W]`.
  func edited<Scalar: AnyMethodScalar>(
    _ planes: Tensor<Scalar>, name: String, stages: inout StageTimes
  ) throws -> Tensor<Scalar>

  /// Whether the results are differences around zero, e.g. those of a high-pass. Such a result has no colours to put
  /// back, and as a picture its zero is mid-grey.
  var isSigned: Bool { get }

  /// What to do about values that a picture could not hold, as the end of a sentence.
  var clippingRemedy: String { get }

  /// Writes what else is wanted of an image and its result, e.g. pictures of their spectra.
  func finish<Scalar: AnyMethodScalar>(
    _ before: ImagePlanes<Scalar>, _ after: ImagePlanes<Scalar>, input: String, stages: inout StageTimes
  ) throws
}

extension ImageEdit {
  var isSigned: Bool { false }
  var clippingRemedy: String { "a .npy file holds them" }
  func finish<Scalar: AnyMethodScalar>(
    _ before: ImagePlanes<Scalar>, _ after: ImagePlanes<Scalar>, input: String, stages: inout StageTimes
  ) throws {}
}

extension ImageRun {
  /// Edits every image, and writes and shows the results as the flags ask.
  ///
  /// - Parameter leavesOthers: Whether the edit itself writes something, so that the result need not be written.
  func apply(_ edit: some ImageEdit, leavesOthers: Bool = false) throws {
    try requireResult(orElse: leavesOthers)
    try forEachImage { input, stages in try apply(edit, to: input, &stages) }
  }

  /// Edits one image, and writes and shows the result as the flags ask.
  func apply(_ edit: some ImageEdit, to input: String, _ stages: inout StageTimes) throws {
    switch try stages.measure("decode", { try read(input) }) {
    case .float(let image): try apply(edit, image, input, &stages)
    case .double(let image): try apply(edit, image, input, &stages)
    }
  }

  private func apply<Scalar: AnyMethodScalar>(
    _ edit: some ImageEdit, _ image: ImagePlanes<Scalar>, _ input: String, _ stages: inout StageTimes
  ) throws {
    let onlyLuminance = arguments[ImageFlags.luminance]
    let planes = onlyLuminance ? image.luminance : image.planes
    let edited = try edit.edited(planes, name: input, stages: &stages)
    var result = image
    // Differences are no light that a curve could be applied to: they are written as they are.
    if edit.isSigned { result.light = .stored }
    if onlyLuminance && !edit.isSigned {
      result = image.with(luminance: edited)
    } else {
      result.planes = edited
    }
    try edit.finish(image, result, input: input, stages: &stages)
    if let path = output?.path(for: input) {
      try write(result, edit.isSigned, to: path, &stages, clippingRemedy: edit.clippingRemedy)
    }
    try show(edit.isSigned ? SignedPicture(result).image : Image(shown: result))
  }

  /// Writes an image, and says what of it a picture could not hold.
  func write<Scalar>(
    _ image: ImagePlanes<Scalar>, _ isSigned: Bool, to path: String, _ stages: inout StageTimes,
    clippingRemedy: String = "a .npy file holds them"
  ) throws {
    let depth = arguments.optional(ImageFlags.bitDepth)?.bits
    let quality = arguments[ImageFlags.quality]
    if isSigned && !path.lowercased().hasSuffix(".npy") {
      let signed = stages.measure("colours") { SignedPicture(image) }
      try stages.measure("encode") { try signed.image.write(to: path, bitDepth: depth, quality: quality) }
      say("\(path): mid-grey is 0, the ends are ±\(significant(signed.limit)); a .npy file holds the numbers")
      return
    }
    let clipped = try stages.measure("encode") { try image.write(to: path, bitDepth: depth, quality: quality) }
    if clipped > 0 {
      say(
        "\(path): \(clipped) of \(image.planes.count) values lay outside 0...1 and were clipped; \(clippingRemedy)"
      )
    }
  }
}

/// A number with four digits that count.
func significant(_ value: Double) -> String { String(format: "%.4g", value) }
