import Foundation
import SpectralImaging
import SpectralKit

/// What a command does to an image. ``ImageRun/apply(_:)`` does the rest: reading, light, luminance, writing, showing,
/// talking.
protocol ImageEdit: Sendable {
  /// The result for one image.
  ///
  /// - Parameters:
  ///   - image: Its numbers are finite: light or stored values, all channels or the luminance alone, as the flags ask.
  ///   - name: What errors call the image.
  ///   - stages: Takes the times that `--verbose` tells.
  /// - Returns: An image of the same size and channels.
  func edited<Scalar: AnyMethodScalar>(
    _ image: ImagePlanes<Scalar>, name: String, stages: inout StageTimes
  ) throws -> ImagePlanes<Scalar>

  /// Whether the results are differences around zero, e.g. those of a high-pass. Such a result has no colours to put
  /// back, and as a picture its zero is mid-grey.
  var isSigned: Bool { get }

  /// What to do about values that a picture could not hold, as the end of a sentence.
  var clippingRemedy: String { get }

  /// Where a picture of the image beside its result goes.
  var strip: OutputPlace? { get }

  /// Writes what else is wanted of an image and its result, e.g. pictures of their spectra.
  func finish<Scalar: AnyMethodScalar>(
    _ before: ImagePlanes<Scalar>, _ after: ImagePlanes<Scalar>, input: String, stages: inout StageTimes
  ) throws
}

extension ImageEdit {
  var isSigned: Bool { false }
  var clippingRemedy: String { "a .npy file holds them" }
  var strip: OutputPlace? { nil }
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
    try judgeOutputs(edit, channels: image.channels, input)
    let result = try EditedImage(
      image, onlyLuminance: arguments[ImageFlags.luminance], isSigned: edit.isSigned
    ) { try edit.edited($0, name: input, stages: &stages) }
    try edit.finish(image, result.image, input: input, stages: &stages)
    if let path = output?.path(for: input) {
      try write(result, to: path, &stages, clippingRemedy: edit.clippingRemedy)
    }
    try show(result.picture)
  }

  /// Refuses files that cannot hold what the edit will make of an image.
  private func judgeOutputs(_ edit: some ImageEdit, channels: Int, _ input: String) throws {
    let planes = arguments[ImageFlags.luminance] && channels == 3 ? 1 : channels
    // One plane around mid-grey is drawn in two colours; of many, the first is drawn.
    let colors = edit.isSigned ? (planes == 1 || planes == 3 ? 3 : 1) : channels
    try output?.require(colors: colors, for: input)
    try edit.strip?.require(colors: colors == 3 || channels == 3 ? 3 : 1, for: input)
  }

  /// Writes an image, and says what of it a picture could not hold.
  func write<Scalar>(
    _ result: EditedImage<Scalar>, to path: String, _ stages: inout StageTimes,
    clippingRemedy: String = "a .npy file holds them"
  ) throws {
    let format = try OutputFormat(
      arguments.optional(ImageFlags.format), path: path, isArray: result.image.origin.isArray)
    let note = try result.write(
      to: path, as: format.picture, name: format.name(for: path),
      bitDepth: arguments.optional(ImageFlags.bitDepth)?.bits, quality: arguments[ImageFlags.quality],
      background: arguments.optional(CommonFlags.background) ?? .white
    ) { try stages.measure($0, $1) }
    if let limit = note.signedLimit {
      say("\(path): mid-grey is 0, the ends are ±\(significant(limit)); a .npy file holds the numbers")
    }
    note.report.lines(path, valueCount: result.image.planes.count, clippingRemedy: clippingRemedy).forEach(say)
  }
}

/// A number with four digits that count.
func significant(_ value: Double) -> String { String(numbers: "%.4g", value) }

extension ImagePlanes {
  /// Refuses a number of its own beyond the border of a transparent picture: it would stand there for a colour as well as
  /// for an opacity.
  func requireOpaque(for boundary: Boundary, name: String) throws(CommandError) {
    guard case .constant = boundary, isTransparent else { return }
    throw CommandError(
      "\(name): the picture is transparent, and \(boundary.rawValue) says nothing of the opacity beyond the border: take zero, "
        + "which is transparent, or reflect")
  }
}
