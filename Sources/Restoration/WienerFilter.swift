import Foundation
import Fourier
import Layers
import Tensors

/// The linear filter with the least expected squared error, given how strong noise and scene are at each frequency.
///
///     G = conj H / (|H|² + N / S)
///
/// with the blur's frequency response H, the power N of the noise and S of the scene. (N. Wiener, "Extrapolation,
/// Interpolation, and Smoothing of Stationary Time Series", 1949.) Unless told, N is the square of what ``NoiseEstimate``
/// says, and S is a ``PowerLawSpectrum`` fitted to the spectrum of the image.
///
/// *The border.* What the camera saw beyond the picture's border is blurred into it, so no extension by a rule is right,
/// and each wrong one rings inwards by many times the blur's length. Here the extension is a part of the problem: it is what
/// the model itself expects around this image, found by conjugate gradients. The boundary (with an edge taper) is only
/// where they begin. A `circular` boundary extends nothing.
public struct WienerFilter<Scalar: FourierScalar>: Deconvolution {
  /// How strong the noise is.
  public enum Noise: Hashable, Sendable {
    /// Whatever is found in each plane, by ``NoiseEstimate``.
    case estimated
    /// Its standard deviation in the units of pixels; the scene's spectrum is still estimated.
    case deviation(Double)
    /// N / S itself, the same at every frequency: the textbook's constant.
    case ratio(Double)
  }

  public let pointSpread: PointSpread<Scalar>
  /// How strong the noise is.
  public let noise: Noise
  public let boundary: Boundary
  /// The most steps of conjugate gradients towards the extension; fewer if that is found before. None leaves the boundary's,
  /// tapered.
  public let borderSteps: Int
  public let memoryLimit: Int?

  /// The Wiener filter of a blur.
  ///
  /// - Throws: ``RestorationError`` for a noise that is negative or not finite, or a ratio that is not above 0.
  public init(
    _ pointSpread: PointSpread<Scalar>, noise: Noise = .estimated, boundary: Boundary = .reflect, borderSteps: Int = 20,
    memoryLimit: Int? = nil
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

  /// Frames: H, G and what the model retains (half a frame); of the conjugate gradients, image, residual, direction and
  /// its image; a spectrum and its copy.
  public func estimatedBytes(image: Extent) -> Int { bytes(frame(image), planes: boundary == .circular ? 6 : 8.5) }

  public func callAsFunction(_ images: Tensor<Scalar>, onProgress: (RestorationProgress) throws -> Void) throws
    -> Tensor<Scalar>
  {
    try forEachPlane(images, onProgress: onProgress) { blur, plane, target, index, count in
      let frame = blur.frame
      let mean = meanOf(plane, frame)
      let (gain, retained) = gains(blur, plane)
      var x = frame.extended(plane, minus: mean)
      blur.taper(&x)
      let steps = frame.isPadded ? borderSteps : 0
      try BorderCompletion(blur: blur, retained: retained).complete(&x, steps: steps) { step in
        try onProgress(RestorationProgress(plane: index, planes: count, step: step, steps: steps + 1, residual: nil))
      }
      frame.crop(blur.filtered(x, by: gain), plus: mean, to: target)
      try onProgress(
        RestorationProgress(plane: index, planes: count, step: steps + 1, steps: steps + 1, residual: nil))
    }
  }

  /// G, and H G: the part of each frequency of a blurred image that the model takes for signal.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func gains(_ blur: BlurOperator<Scalar>, _ plane: UnsafePointer<Scalar>) -> (Spectrum<Scalar>, Tensor<Scalar>)
  {
    let ratio = noiseToSignal(blur.frame, plane)
    let (height, width) = (blur.frame.size.height, blur.frame.size.width)
    let half = width / 2 + 1
    var gain = blur.response
    let retained = Tensor<Scalar>([height, half]) { retained in
      nonisolated(unsafe) let retained = retained.baseAddress!
      gain.values.withUnsafeMutableElements { gain in
        nonisolated(unsafe) let gain = gain.baseAddress!
        Parallel.forEach(height, grain: max(1, (1 << 12) / half)) { row in
          let fy = Double(min(row, height - row)) / Double(height)
          for column in 0..<half {
            let fx = Double(column) / Double(width)
            let i = row * half + column
            let (a, b) = (Double(gain[2 * i]), Double(gain[2 * i + 1]))
            let power = a * a + b * b
            // Nothing is expected of a frequency where the scene has no power: infinity makes zeros.
            let factor = 1 / (power + ratio(fy * fy + fx * fx))
            (gain[2 * i], gain[2 * i + 1]) = (Scalar(a * factor), Scalar(-b * factor))
            retained[i] = Scalar(power * factor)
          }
        }
      }
    }
    return (gain, retained)
  }

  /// N / S as a function of the square of the frequency in cycles per pixel.
  private func noiseToSignal(_ frame: PaddedFrame, _ plane: UnsafePointer<Scalar>) -> @Sendable (Double) -> Double {
    if case .ratio(let ratio) = noise { return { _ in ratio } }
    let (height, width) = (frame.image.height, frame.image.width)
    let image = Tensor<Scalar>([height, width]) { $0.baseAddress!.update(from: plane, count: height * width) }
    var deviation = NoiseEstimate.deviation(of: image)
    if case .deviation(let given) = noise { deviation = given }
    // Pixels are rounded at least once, and so are their transforms: no image has less noise than that.
    let rounding = Scalar.unitRoundoff * log2(Double(frame.count) + 1).squareRoot() * image.norm
    deviation = max(deviation, rounding / Double(image.count).squareRoot(), .leastNormalMagnitude.squareRoot())
    let variance = deviation * deviation
    let scene = PowerLawSpectrum(of: image, blurredBy: pointSpread, noise: deviation)
    // At zero the power law is infinite; what is lower than the frame's lowest frequency is taken to be a quarter of it.
    let lowest = 0.25 / Double(max(frame.size.height, frame.size.width))
    return { variance / scene.power(squaredFrequency: max($0, lowest * lowest)) }
  }
}
