import Foundation
import ImageEditing
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
    let result = try EditedImage(
      image, onlyLuminance: arguments[ImageFlags.luminance], isSigned: edit.isSigned
    ) { try edit.edited($0, name: input, stages: &stages) }
    try edit.finish(image, result.image, input: input, stages: &stages)
    if let path = output?.path(for: input) {
      try write(result, to: path, &stages, clippingRemedy: edit.clippingRemedy)
    }
    try show(result.picture)
  }

  /// Writes an image, and says what of it a picture could not hold.
  func write<Scalar>(
    _ result: EditedImage<Scalar>, to path: String, _ stages: inout StageTimes,
    clippingRemedy: String = "a .npy file holds them"
  ) throws {
    let depth = arguments.optional(ImageFlags.bitDepth)?.bits
    let quality = arguments[ImageFlags.quality]
    let note = try result.write(to: path, bitDepth: depth, quality: quality) { try stages.measure($0, $1) }
    switch note {
    case .signed(let limit):
      say("\(path): mid-grey is 0, the ends are ±\(significant(limit)); a .npy file holds the numbers")
    case .clipped(let count) where count > 0:
      say(
        "\(path): \(count) of \(result.image.planes.count) values lay outside 0...1 and were clipped; \(clippingRemedy)"
      )
    case .clipped: break
    }
  }
}

/// A number with four digits that count.
func significant(_ value: Double) -> String { String(format: "%.4g", value) }
