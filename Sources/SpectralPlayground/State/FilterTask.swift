import Foundation
import SpectralImaging
import SpectralKit

/// A filter request that has been understood: a picture, the steps, and how they are applied.
struct FilterTask {
  /// The words of a request.
  struct Words: Decodable {
    struct Step: Decodable {
      let kind: String
      let arguments: String?
    }
    let picture: String
    var steps: [Step]?
    var mask: SizeWords?
    var boundary: String?
    var luminance: Bool?
    var linearLight: Bool?
    var view: String?
    var side: Int?
    /// Whether it is for a hand that moves: see ``FilterTask/hastyPadding``.
    var hasty: Bool?
    /// Who asks: a newer request of the same client takes the place of one that still waits.
    var client: String?
  }

  enum View: String { case result, difference }

  let words: Words
  let picture: Picture
  let steps: FilterSteps
  let mask: DrawnMask?
  let boundary: Boundary
  let view: View
  let side: Int?
  private let workbench: Workbench

  var onlyLuminance: Bool { words.luminance ?? false }
  var light: Light { words.linearLight ?? false ? .linear : .stored }

  /// What is added beyond the border for a hand that moves, whatever the filter reaches: a whole period would be a transform
  /// four times as large. What then wraps around is faint, near the border, and gone when the hand rests.
  static let hastyPadding = FilterPadding.pixels(28)

  /// The most steps of one request.
  private static let mostSteps = 32

  /// - Throws: ``HTTPError``, or the library's error for a filter that cannot be.
  init(_ request: HTTPRequest, _ workbench: Workbench) throws {
    let (words, bytes) = try request.mixed(Words.self)
    try self.init(words, bytes, workbench)
  }

  /// - Throws: ``HTTPError``, or the library's error for a filter that cannot be.
  init(_ words: Words, _ bytes: ArraySlice<UInt8>, _ workbench: Workbench) throws {
    self.words = words
    self.workbench = workbench
    picture = try workbench.gallery.picture(words.picture)
    boundary = try Boundary(word: words.boundary)
    guard let view = View(rawValue: words.view ?? "result") else {
      throw HTTPError(400, "view must be result or difference.")
    }
    self.view = view
    side = try words.side.map(checkedSide)
    mask = try words.mask.map { DrawnMask(pixels: Array(try $0.pixels(bytes)), height: $0.height, width: $0.width) }
    let given = words.steps ?? []
    guard given.count <= Self.mostSteps else { throw HTTPError(400, "More than \(Self.mostSteps) steps are too many.") }
    let named = try given.map { try FilterStep(named: $0.kind, arguments: $0.arguments ?? "") }
    steps = try FilterSteps(named + (try mask.map { [.linear(.mask(try $0.mask()))] } ?? []))
  }

  /// The result to look at: from the transform that is kept, if there is one. For a hand that moves, of the pixels that
  /// are seen only.
  func preview(canBeHasty: Bool = true) throws -> EditedImage<Float> {
    let isHasty = canBeHasty && words.hasty == true
    let source =
      if isHasty, let side {
        workbench.planes(of: picture, light, side: side)
      } else {
        workbench.planes(of: picture, light)
      }
    let result = try EditedImage(source, onlyLuminance: onlyLuminance, isSigned: steps.isSigned) { image in
      try steps.apply(to: image) { filter, planes, isFirst in
        let filter = filter.seen(
          Extent(height: source.height, width: source.width),
          of: Extent(height: picture.planes.height, width: picture.planes.width))
        if isFirst,
          let kept = try workbench.transform(
            of: picture, planes, boundary: boundary, padding: isHasty ? Self.hastyPadding : .full,
            onlyLuminance: onlyLuminance, light)
        {
          return kept.filtered(by: filter)
        }
        return try filter.apply(to: planes, boundary: boundary)
      }
    }
    return view == .result ? result : result.difference(from: source)
  }

  /// The file that `spectral filter` writes, byte for byte.
  ///
  /// - Throws: ``HTTPError`` 422 if there is no filter.
  func export() throws -> Data {
    try requireFilter()
    let result = try EditedImage(
      workbench.planes(of: picture, light), onlyLuminance: onlyLuminance, isSigned: steps.isSigned
    ) { image in
      try steps.apply(to: image) { filter, planes, _ in try filter.apply(to: planes, boundary: boundary) }
    }
    return try result.encoded(as: .png).data
  }

  /// How to do the same without the page.
  ///
  /// - Throws: ``HTTPError`` 422 if there is no filter.
  func recipe() throws -> Recipe {
    try requireFilter()
    return Recipe(self)
  }

  private func requireFilter() throws {
    guard !steps.steps.isEmpty else {
      throw HTTPError(422, "There is no filter to apply.", remedy: "Choose one, or paint on the spectrum.")
    }
  }
}

extension FrequencyFilter {
  /// The filter for a picture that was made smaller: a wave of it has fewer pixels for each of its periods.
  fileprivate func seen(_ size: Extent, of whole: Extent) -> FrequencyFilter {
    guard size != whole else { return self }
    let (x, y) = (Double(size.width) / Double(whole.width), Double(size.height) / Double(whole.height))
    return FrequencyFilter { fx, fy in self(fx * x, fy * y) }
  }
}

/// A response drawn on the page: a byte for each pixel.
struct DrawnMask {
  let pixels: [UInt8]
  let height: Int
  let width: Int

  /// The mask as the command reads it from the file of ``encoded()``.
  func mask() throws -> FilterMask {
    try FilterMask(Tensor<Double>([height, width], pixels.map { Double($0) / 255 }))
  }

  /// The mask as a PNG file.
  func encoded() throws -> Data {
    try RasterImage(pixels: Tensor([1, height, width], pixels.map { Float($0) / 255 })).encoded(as: .png)
  }
}
