import Foundation
import FourierConvolution
import SpectralConvolution
import SpectralCore
import SpectralTransforms

/// How the fit of a template is scored.
public enum MatchingMethod: String, CaseIterable, Hashable, Sendable {
  /// The template less its mean, times the image, summed: bright and contrasty places score more.
  case correlation
  /// The same divided by the standard deviations of both: from -1 to 1, whatever brightness and contrast.
  case normalized
  /// Phase correlation: all frequencies count the same, so the summit is a single point, 1 at best. Most exact where
  /// the image has the template's very pixels, and easily lost in noise.
  case phase
}

/// Looks for a small picture in a large one.
///
/// ```swift
/// let search = try TemplateMatching(template)
/// let best = try search.matches(in: image, count: 1)
/// ```
public struct TemplateMatching<Scalar: FourierScalar>: Sendable {
  /// The template, `[C, h, w]`.
  public let template: Tensor<Scalar>
  /// How much each of its pixels counts, `[h, w]` from 0 to 1; nil if all count alike.
  public let opacity: Tensor<Float>?
  /// How a fit is scored.
  public let method: MatchingMethod
  /// The most memory that a search may take beside the image and the scores, in bytes; nil for what the machine has.
  public let memoryLimit: Int?
  /// The template less the mean of each plane, times the opacity.
  private let centred: Tensor<Scalar>

  /// A search for a template.
  ///
  /// - Parameters:
  ///   - template: `[h, w]`, or `[C, h, w]` for images with C planes, which are scored together.
  ///   - opacity: How much each pixel of the template counts, `[h, w]` from 0 to 1: the alpha of an icon.
  /// - Throws: ``RestorationError`` if the template is empty, not finite, transparent everywhere, or the same wherever it is
  ///   visible: then it fits everywhere alike.
  public init(
    _ template: Tensor<Scalar>, opacity: Tensor<Float>? = nil, method: MatchingMethod = .normalized,
    memoryLimit: Int? = nil
  ) throws(RestorationError) {
    let template = try Self.planes(template, called: "template")
    try requireOpacity(opacity, of: template.shape, called: "template")
    guard !isEven(template, whereVisible: opacity) else {
      throw RestorationError(
        "the template is the same everywhere, so it fits everywhere alike: take one with something to see in it")
    }
    (self.template, self.opacity, self.method, self.memoryLimit) = (template, opacity, method, memoryLimit)
    centred = withoutMeans(template, opacity)
  }

  private static func planes(_ images: Tensor<Scalar>, called name: String) throws(RestorationError) -> Tensor<Scalar> {
    try requireImage(images, called: name)
    guard images.shape.rank <= 3 else {
      throw RestorationError("the \(name) has shape \(images.shape): it must be [H, W] or [C, H, W]")
    }
    return images.shape.rank == 3 ? images : images.reshaped(to: [1, images.shape[0], images.shape[1]])
  }

  /// How well the template fits at every place where it lies within the image.
  ///
  /// - Parameters:
  ///   - image: `[H, W]` or `[C, H, W]`.
  ///   - imageOpacity: How much each pixel of the image counts, `[H, W]` from 0 to 1. Where less than half of the template
  ///     falls on what is visible, the score is 0.
  /// - Returns: `[H - h + 1, W - w + 1]`; element [y, x] is for the template's first pixel at row y, column x. Normalised
  ///   scores are within 0.01 of their definition, mostly by far: windows too flat for that score 0.
  /// - Throws: ``RestorationError`` if the template is larger than the image or has other planes, a pixel is not finite, or
  ///   the memory does not suffice.
  public func scores(
    in image: Tensor<Scalar>, imageOpacity: Tensor<Float>? = nil
  ) throws(RestorationError) -> Tensor<Scalar> {
    let image = try checked(image, imageOpacity)
    switch method {
    case .phase: return try phaseScores(image, imageOpacity)
    case .correlation: return try correlation(image, imageOpacity)
    case .normalized where opacity == nil && imageOpacity == nil:
      return normalized(try correlation(image, nil), image)
    case .normalized:
      return try MaskedScores(template: template, opacity: opacity, memoryLimit: memoryLimit)
        .scores(in: image, imageOpacity: imageOpacity)
    }
  }

  private func checked(
    _ image: Tensor<Scalar>, _ imageOpacity: Tensor<Float>?
  ) throws(RestorationError) -> Tensor<Scalar> {
    let image = try Self.planes(image, called: "image")
    try requireOpacity(imageOpacity, of: image.shape, called: "image")
    let (planes, height, width) = (image.shape[0], image.shape[1], image.shape[2])
    let (h, w) = (template.shape[1], template.shape[2])
    guard planes == template.shape[0] else {
      throw RestorationError(
        "the image has \(planes) planes and the template \(template.shape[0]): make both grey, or both colour")
    }
    guard h <= height, w <= width else {
      throw RestorationError(
        "a template of \(h) x \(w) is larger than the image of \(height) x \(width): exchange the two, or cut the template"
      )
    }
    return image
  }

  /// The places where the template fits best, the best first.
  ///
  /// - Parameters:
  ///   - image: `[H, W]` or `[C, H, W]`.
  ///   - imageOpacity: How much each pixel of the image counts, `[H, W]`.
  ///   - count: How many at most.
  ///   - threshold: The least score, which a score may miss by its rounding error: exact copies reach 1.
  ///   - separation: Two places are at least so far apart in rows, or so far in columns; half the template unless told.
  /// - Throws: ``RestorationError``, as ``scores(in:imageOpacity:)``.
  public func matches(
    in image: Tensor<Scalar>, imageOpacity: Tensor<Float>? = nil, count: Int, threshold: Double = -.infinity,
    separation: Extent? = nil
  ) throws(RestorationError) -> [Match] {
    let scores = try scores(in: image, imageOpacity: imageOpacity)
    return try matches(
      inScores: scores, of: image, imageOpacity: imageOpacity, count: count, threshold: threshold,
      separation: separation)
  }

  /// The best places in a map of scores that is there already.
  ///
  /// The map comes from transforms. Normalised scores that decide, about the threshold and about the order, are computed
  /// again from the pixels, in `Double`. Those of the plain correlation may miss the threshold by the map's error.
  ///
  /// - Parameter image: The image from which ``scores(in:imageOpacity:)`` made the map.
  public func matches(
    inScores scores: Tensor<Scalar>, of image: Tensor<Scalar>, imageOpacity: Tensor<Float>? = nil, count: Int,
    threshold: Double = -.infinity, separation: Extent? = nil
  ) throws(RestorationError) -> [Match] {
    let image = try checked(image, imageOpacity)
    let separation =
      separation ?? Extent(height: max(1, template.shape[1] / 2), width: max(1, template.shape[2] / 2))
    let peaks = PeakSearch(scores)
    guard method == .normalized else {
      return peaks.matches(
        peaks.places(atLeast: threshold - correlationError(image)), count: count, separation: separation)
    }
    let error = Self.normalizedError
    let places = peaks.places(atLeast: threshold - error)
    // All that may turn out better than the last of the best.
    let best = peaks.matches(places, count: count, separation: separation)
    let least = best.count == count ? (best.last?.score ?? 0) - 2 * error : -.infinity
    let judged = WindowFit(template: template, opacity: opacity)
      .scores(at: places.filter { $0.score >= least }, in: image, imageOpacity: imageOpacity)
      .filter { $0.score + $0.error >= threshold }
    let sorted = judged.map { PeakSearch<Scalar>.Place(row: $0.row, column: $0.column, score: $0.score) }.sorted()
    return peaks.matches(sorted, count: count, separation: separation)
  }

  /// By how much a normalised score in a map may be off: windows for which it could be more score 0.
  private static var normalizedError: Double { 0.01 }

  /// By how much a score of the plain correlation may be off.
  private func correlationError(_ image: Tensor<Scalar>) -> Double {
    guard method == .correlation else { return 0 }
    let points = Double(image.shape[1] * image.shape[2])
    return 2 * Scalar.unitRoundoff * log2(points + 1).squareRoot() * lessened(image, by: Scalar(image.mean)).norm
      * centred.norm
  }

  // MARK: Correlation

  /// Σ (t - mean t) x, by tiles of spectra.
  private func correlation(
    _ image: Tensor<Scalar>, _ imageOpacity: Tensor<Float>?
  ) throws(RestorationError) -> Tensor<Scalar> {
    let shape = image.shape
    let (h, w) = (template.shape[1], template.shape[2])
    let geometry = ConvolutionGeometry()
    do {
      return try FourierConvolution<Scalar>(memoryLimit: memoryLimit, rigor: .estimate)(
        seen(image, imageOpacity).reshaped(to: TensorShape([1] + shape.extents)),
        centred.reshaped(to: TensorShape([1] + centred.shape.extents)),
        geometry
      ).reshaped(to: [shape[1] - h + 1, shape[2] - w + 1])
    } catch {
      throw RestorationError(error.description)
    }
  }

  /// The image less its mean, which the centred template does not see: so there is less for rounding to be relative to,
  /// and what is transparent adds nothing.
  private func seen(_ image: Tensor<Scalar>, _ imageOpacity: Tensor<Float>?) -> Tensor<Scalar> {
    imageOpacity == nil ? lessened(image, by: Scalar(image.mean)) : withoutMeans(image, imageOpacity)
  }

  /// The correlation over the norms of template and window, both less their means.
  private func normalized(_ correlation: Tensor<Scalar>, _ image: Tensor<Scalar>) -> Tensor<Scalar> {
    let (h, w) = (template.shape[1], template.shape[2])
    let energies = LocalSums.energies(image, window: Extent(height: h, width: w))
    let mean = image.mean
    let spread = lessened(image, by: Scalar(mean)).norm
    // The correlation has an error of up to 2 u sqrt(log2 N) ‖x‖ ‖t‖. Where a window's norm is less than a hundred times
    // the part that belongs to x, the score could be off by more than 0.01: it is flat, and fits nothing.
    let points = Double(image.shape[1] * image.shape[2])
    let flat = 200 * Scalar.unitRoundoff * log2(points + 1).squareRoot() * spread
    let norm = centred.norm
    return energies.withUnsafeElements { energies in
      var scores = correlation
      scores.withUnsafeMutableElements { divide($0, by: energies, norm: norm, flat: flat) }
      return scores
    }
  }

  // MARK: Phase

  private func phaseScores(
    _ image: Tensor<Scalar>, _ imageOpacity: Tensor<Float>?
  ) throws(RestorationError) -> Tensor<Scalar> {
    let (height, width) = (image.shape[1], image.shape[2])
    let (h, w) = (template.shape[1], template.shape[2])
    do {
      // The framed template and the centred image, two spectra of a plane, the product, a copy and the surface.
      try MemoryBudget(limit: memoryLimit).require(
        MemoryEstimate([2 * image.shape[0] + 6, height, width + 2], scalarBytes: MemoryLayout<Scalar>.stride),
        for: "phase correlation of \(height) x \(width) pixels", remedy: "take the method normalized")
    } catch { throw RestorationError(error.description) }
    // The template in a frame of the image's size, in its first rows and columns.
    var framed = Tensor<Scalar>.zeros(image.shape)
    framed.withUnsafeMutableElements { target in
      centred.withUnsafeElements { source in
        for channel in 0..<image.shape[0] {
          for row in 0..<h {
            (target.baseAddress! + (channel * height + row) * width).update(
              from: source.baseAddress! + (channel * h + row) * w, count: w)
          }
        }
      }
    }
    let surface = PhaseSurface.surface(from: framed, to: seen(image, imageOpacity))
    return surface.withUnsafeElements { source in
      Tensor([height - h + 1, width - w + 1]) { target in
        for row in 0...height - h {
          (target.baseAddress! + row * (width - w + 1)).update(
            from: source.baseAddress! + row * width, count: width - w + 1)
        }
      }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func divide<Scalar: TensorScalar>(
  _ scores: UnsafeMutableBufferPointer<Scalar>, by energies: UnsafeBufferPointer<Double>, norm: Double, flat: Double
) {
  for i in scores.indices {
    let window = energies[i].squareRoot()
    // Beyond 1 there is rounding only.
    scores[i] = window > flat ? Scalar(min(max(Double(scores[i]) / (window * norm), -1), 1)) : 0
  }
}

/// Planes `[C, H, W]`, each less its mean; with an opacity, less the mean of what is visible, times the opacity.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func withoutMeans<Scalar: TensorScalar>(_ planes: Tensor<Scalar>, _ opacity: Tensor<Float>?) -> Tensor<Scalar> {
  let (channels, pixels) = (planes.shape[0], planes.shape[1] * planes.shape[2])
  let weights = opacity?.elements ?? [Float](repeating: 1, count: pixels)
  let total = weights.reduce(0) { $0 + Double($1) }
  var centred = planes
  weights.withUnsafeBufferPointer { weights in
    centred.withUnsafeMutableElements { x in
      for channel in 0..<channels {
        let plane = UnsafeMutableBufferPointer(rebasing: x[channel * pixels..<(channel + 1) * pixels])
        var sum = 0.0
        for i in plane.indices { sum += Double(weights[i]) * Double(plane[i]) }
        let mean = sum / total
        for i in plane.indices { plane[i] = Scalar(Double(weights[i]) * (Double(plane[i]) - mean)) }
      }
    }
  }
  return centred
}
