import Foundation
import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// The linear filter with the least expected squared error, given how strong noise and scene are at each frequency.
///
///     G = conj H / (|H|² + N / S)
///
/// with the blur's frequency response H, the power N of the noise and S of the scene. (N. Wiener, "Extrapolation,
/// Interpolation, and Smoothing of Stationary Time Series", 1949.) Both are what ``BlurredSpectrum`` finds in the image,
/// unless told.
///
/// *The border.* What the camera saw beyond the picture's border is blurred into it, so no extension by a rule is right,
/// and each wrong one rings inwards by many times the blur's length. Here the extension is a part of the problem: it is what
/// the model itself expects around this image, found by conjugate gradients under a noise that falls from the image's own variance. The boundary (with an
/// edge taper) is only where they begin. A `circular` boundary extends nothing.
public struct WienerFilter<Scalar: FourierScalar>: Deconvolution {
  /// How strong the noise is.
  public enum Noise: Hashable, Sendable {
    /// Whatever is found in each plane, by ``BlurredSpectrum``.
    case estimated
    /// Its standard deviation in the units of pixels, as far as it does not contradict the image: see
    /// ``BlurredSpectrum/noise(told:)``. The scene's spectrum is still estimated.
    case deviation(Double)
    /// N / S itself, the same at every frequency: the textbook's constant.
    case ratio(Double)
  }

  public let pointSpread: PointSpread<Scalar>
  /// How strong the noise is.
  public let noise: Noise
  public let boundary: Boundary
  /// The most steps of conjugate gradients towards the extension. Most images take 30 to 150; a result for which the steps
  /// do not suffice is smoother than it might be. None leaves the boundary's extension, tapered.
  public let borderSteps: Int
  public let memoryLimit: Int?

  /// The Wiener filter of a blur.
  ///
  /// - Throws: ``RestorationError`` for a noise that is negative or not finite, or a ratio that is not above 0.
  public init(
    _ pointSpread: PointSpread<Scalar>, noise: Noise = .estimated, boundary: Boundary = .reflect,
    borderSteps: Int = 300, memoryLimit: Int? = nil
  ) throws(RestorationError) {
    switch noise {
    case .estimated: break
    case .deviation(let deviation):
      guard deviation >= 0, deviation.isFinite else {
        throw RestorationError("the noise's deviation must be at least 0, not \(deviation): e.g. 0.01")
      }
    case .ratio(let ratio):
      guard ratio > 0, ratio.isFinite else {
        throw RestorationError("the ratio of noise to signal must be above 0, not \(ratio): e.g. 0.01")
      }
    }
    (self.pointSpread, self.noise, self.boundary) = (pointSpread, noise, boundary)
    (self.borderSteps, self.memoryLimit) = (borderSteps, memoryLimit)
  }

  /// Frames: H, |H|² S and U (half a frame each), the image and what it was for the noise before, gradient, direction and
  /// its image, a spectrum and its copy; without an extension, of them H and G, the image, a spectrum and its copy, and
  /// |H|² S.
  public func estimatedBytes(image: Extent) -> Int { bytes(frame(image), planes: boundary == .circular ? 6 : 10) }

  public func callAsFunction(_ images: Tensor<Scalar>, onProgress: (RestorationProgress) throws -> Void) throws
    -> Tensor<Scalar>
  {
    try forEachPlane(images, onProgress: onProgress) { blur, plane, target, index, count in
      let frame = blur.frame
      let mean = meanOf(plane, frame)
      let model = model(frame, plane)
      var x = frame.extended(plane, minus: mean)
      blur.taper(&x)
      let steps = frame.isPadded ? borderSteps : 0
      let noise = try BorderCompletion(blur: blur, signal: signal(blur, model)).complete(
        &x, noise: model.noise, from: model.total, steps: steps
      ) { step in
        try onProgress(RestorationProgress(plane: index, planes: count, step: step, steps: steps + 1, residual: nil))
      }
      frame.crop(blur.filtered(x, by: gain(blur, model, noise)), plus: mean, to: target)
      try onProgress(
        RestorationProgress(plane: index, planes: count, step: steps + 1, steps: steps + 1, residual: nil))
    }
  }

  /// The standard deviation of the noise that is assumed in a plane, in the units of pixels; nil for a ratio.
  ///
  /// - Parameter plane: `[H, W]`.
  public func noise(in plane: Tensor<Scalar>) -> Double? {
    switch noise {
    case .estimated: BlurredSpectrum(of: plane, blurredBy: pointSpread).noise
    case .deviation(let told): BlurredSpectrum(of: plane, blurredBy: pointSpread).noise(told: told)
    case .ratio: nil
    }
  }

  /// The powers at each frequency.
  private struct Model {
    /// S, by (fx, fy).
    let scene: @Sendable (Double, Double) -> Double
    /// N.
    let noise: Double
    /// The variance of the image's pixels.
    let total: Double
  }

  private func model(_ frame: PaddedFrame, _ plane: UnsafePointer<Scalar>) -> Model {
    let (height, width) = (frame.image.height, frame.image.width)
    let image = Tensor<Scalar>([height, width]) { $0.baseAddress!.update(from: plane, count: height * width) }
    let (mean, square) = (image.mean, image.norm * image.norm / Double(image.count))
    let total = max(square - mean * mean, 0)
    if case .ratio(let ratio) = noise {
      // Only the quotient matters for the gain; the border's tolerance is one in the units of the image.
      let power = total > 0 ? total : 1
      return Model(scene: { _, _ in power }, noise: ratio * power, total: total)
    }
    let spectrum = BlurredSpectrum(of: image, blurredBy: pointSpread)
    var deviation = spectrum.noise
    if case .deviation(let told) = noise { deviation = spectrum.noise(told: told) }
    // At zero the power law is infinite; what is lower than the frame's lowest frequency is taken to be a quarter of it.
    let (scene, lowest) = (spectrum.scene, 0.25 / Double(max(frame.size.height, frame.size.width)))
    return Model(
      scene: { fx, fy in
        fx == 0 && fy == 0 ? scene.power(fx: lowest, fy: 0) : scene.power(fx: fx, fy: fy)
      },
      noise: deviation * deviation, total: total)
  }

  /// |H|² S, `[H, W/2 + 1]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func signal(_ blur: BlurOperator<Scalar>, _ model: Model) -> Tensor<Scalar> {
    let half = blur.frame.size.width / 2 + 1
    return Tensor([blur.frame.size.height, half]) { signal in
      nonisolated(unsafe) let signal = signal.baseAddress!
      blur.response.values.withUnsafeElements { response in
        nonisolated(unsafe) let response = response.baseAddress!
        forEachFrequency(blur.frame, model) { i, scene in
          let (a, b) = (Double(response[2 * i]), Double(response[2 * i + 1]))
          signal[i] = Scalar((a * a + b * b) * scene)
        }
      }
    }
  }

  /// G.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func gain(_ blur: BlurOperator<Scalar>, _ model: Model, _ noise: Double) -> Spectrum<Scalar> {
    var gain = blur.response
    gain.values.withUnsafeMutableElements { gain in
      nonisolated(unsafe) let gain = gain.baseAddress!
      forEachFrequency(blur.frame, model) { i, scene in
        let (a, b) = (Double(gain[2 * i]), Double(gain[2 * i + 1]))
        let factor = scene / ((a * a + b * b) * scene + noise)
        (gain[2 * i], gain[2 * i + 1]) = (Scalar(a * factor), Scalar(-b * factor))
      }
    }
    return gain
  }

  /// Calls with each place of a half spectrum, and the scene's power there.
  @inline(__always)
  private func forEachFrequency(_ frame: PaddedFrame, _ model: Model, _ body: @Sendable (Int, Double) -> Void) {
    let (height, width, half) = (frame.size.height, frame.size.width, frame.size.width / 2 + 1)
    Parallel.forEach(height, grain: max(1, (1 << 12) / half)) { row in
      let fy = Double(2 * row > height ? row - height : row) / Double(height)
      for column in 0..<half { body(row * half + column, model.scene(Double(column) / Double(width), fy)) }
    }
  }
}
