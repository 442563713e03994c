import Foundation
import Fourier
import FourierConvolution
import Layers
import Tensors

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
public struct TemplateMatching<Scalar: ConvolutionScalar>: Sendable {
  /// The template, `[C, h, w]`.
  public let template: Tensor<Scalar>
  /// How a fit is scored.
  public let method: MatchingMethod
  /// The most memory that a search may take beside the image and the scores, in bytes; nil for no limit.
  public let memoryLimit: Int?
  /// The template less the mean of each plane.
  private let centred: Tensor<Scalar>

  /// A search for a template.
  ///
  /// - Parameter template: `[h, w]`, or `[C, h, w]` for images with C planes, which are scored together.
  /// - Throws: ``RestorationError`` if the template is empty, not finite, or the same everywhere: then it fits everywhere
  ///   alike.
  public init(_ template: Tensor<Scalar>, method: MatchingMethod = .normalized, memoryLimit: Int? = nil)
    throws(RestorationError)
  {
    let template = try Self.planes(template, called: "template")
    guard !isEvenEverywhere(template) else {
      throw RestorationError(
        "the template is the same everywhere, so it fits everywhere alike: take one with something to see in it")
    }
    (self.template, self.method, self.memoryLimit) = (template, method, memoryLimit)
    centred = withoutMeans(template)
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
  /// - Parameter image: `[H, W]` or `[C, H, W]`.
  /// - Returns: `[H - h + 1, W - w + 1]`; element [y, x] is for the template's first pixel at row y, column x.
  /// - Throws: ``RestorationError`` if the template is larger than the image or has other planes, a pixel is not finite, or
  ///   the memory limit cannot be kept.
  public func scores(in image: Tensor<Scalar>) throws(RestorationError) -> Tensor<Scalar> {
    let image = try Self.planes(image, called: "image")
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
    if method == .phase { return try phaseScores(image) }
    let correlation = try correlation(image)
    return method == .correlation ? correlation : normalized(correlation, image)
  }

  /// The places where the template fits best, the best first.
  ///
  /// - Parameters:
  ///   - image: `[H, W]` or `[C, H, W]`.
  ///   - count: How many at most.
  ///   - threshold: The least score.
  ///   - separation: Two places are at least so far apart in rows, or so far in columns; half the template unless told.
  /// - Throws: ``RestorationError``, as ``scores(in:)``.
  public func matches(
    in image: Tensor<Scalar>, count: Int, threshold: Double = -.infinity, separation: Extent? = nil
  ) throws(RestorationError) -> [Match] {
    matches(inScores: try scores(in: image), count: count, threshold: threshold, separation: separation)
  }

  /// The best places in a map of scores that is there already.
  public func matches(
    inScores scores: Tensor<Scalar>, count: Int, threshold: Double = -.infinity, separation: Extent? = nil
  ) -> [Match] {
    let half = Extent(height: max(1, template.shape[1] / 2), width: max(1, template.shape[2] / 2))
    return PeakSearch.matches(in: scores, count: count, threshold: threshold, separation: separation ?? half)
  }

  // MARK: Correlation

  /// Σ (t - mean t) x, by tiles of spectra.
  private func correlation(_ image: Tensor<Scalar>) throws(RestorationError) -> Tensor<Scalar> {
    let shape = image.shape
    let (h, w) = (template.shape[1], template.shape[2])
    // Less the mean of the image, which the centred template does not see, there is less for rounding to be relative to.
    let mean = Scalar(image.mean)
    let geometry = ConvolutionGeometry(kernel: Extent(height: h, width: w))
    do {
      return try FourierConvolution<Scalar>(memoryLimit: memoryLimit, rigor: .estimate)(
        lessened(image, by: mean).reshaped(to: Shape([1] + shape.extents)),
        centred.reshaped(to: Shape([1] + centred.shape.extents)),
        geometry
      ).reshaped(to: [shape[1] - h + 1, shape[2] - w + 1])
    } catch {
      throw RestorationError(error.description)
    }
  }

  /// The correlation over the norms of template and window, both less their means.
  private func normalized(_ correlation: Tensor<Scalar>, _ image: Tensor<Scalar>) -> Tensor<Scalar> {
    let (h, w) = (template.shape[1], template.shape[2])
    let energies = LocalSums.energies(image, window: Extent(height: h, width: w))
    let mean = image.mean
    let spread = lessened(image, by: Scalar(mean)).norm
    // The correlation has an error of up to 2 u sqrt(log2 N) ‖x‖ ‖t‖. Where a window's norm is less than a hundred times
    // the part that belongs to x, the score would be in error by more than 1 %: it is flat, and fits nothing.
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

  private func phaseScores(_ image: Tensor<Scalar>) throws(RestorationError) -> Tensor<Scalar> {
    let (height, width) = (image.shape[1], image.shape[2])
    let (h, w) = (template.shape[1], template.shape[2])
    let bytes = PhaseCorrelation<Scalar>.estimatedBytes(
      image: Extent(height: height, width: width), planes: image.shape[0])
    if let memoryLimit, bytes > memoryLimit {
      throw RestorationError(
        "phase correlation of \(height) x \(width) pixels takes about \(ByteCount(bytes)) of working memory, the limit is "
          + "\(ByteCount(memoryLimit)): raise it, or take the method normalized")
    }
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
    let surface = PhaseCorrelation<Scalar>.surface(from: framed, to: lessened(image, by: Scalar(image.mean))).surface
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

/// Planes `[C, H, W]`, each less its mean.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func withoutMeans<Scalar: TensorScalar>(_ planes: Tensor<Scalar>) -> Tensor<Scalar> {
  let (channels, pixels) = (planes.shape[0], planes.shape[1] * planes.shape[2])
  var centred = planes
  centred.withUnsafeMutableElements { x in
    for channel in 0..<channels {
      let plane = UnsafeMutableBufferPointer(rebasing: x[channel * pixels..<(channel + 1) * pixels])
      let mean = plane.reduce(0) { $0 + Double($1) } / Double(pixels)
      for i in plane.indices { plane[i] = Scalar(Double(plane[i]) - mean) }
    }
  }
  return centred
}
