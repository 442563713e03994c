import SpectralTransforms
import SpectralCore

extension PeriodicNoise {
  /// Takes away the waves that ``waves(in:)`` finds: from each plane its best fit of each wave.
  ///
  /// - Parameters:
  ///   - images: `[..., H, W]`.
  ///   - weights: How much each pixel counts for the fit, `[H, W]`, e.g. how opaque it is; nil for all alike. Waves are
  ///     taken to be there only where it is 1.
  /// - Returns: The images without the waves, and the waves. Where there are none the images are as they were.
  /// - Throws: ``RestorationError``, as ``waves(in:)``.
  public func removed<Scalar: FourierScalar>(
    from images: Tensor<Scalar>, weights: Tensor<Float>? = nil
  ) throws(RestorationError) -> (images: Tensor<Scalar>, waves: [Wave]) {
    let waves = try waves(in: images, weights: weights)
    guard !waves.isEmpty else { return (images, waves) }
    let (height, width) = (images.shape[-2], images.shape[-1])
    let planes = images.reshaped(to: [images.count / (height * width), height, width])
    let subtraction = WaveSubtraction(height: height, width: width)
    let result = Tensor<Scalar>(images.shape) { target in
      for index in 0..<planes.shape[0] {
        var plane = planes.rows(index..<index + 1).reshaped(to: [height, width])
        for wave in waves { subtraction.subtract(wave, from: &plane, weights) }
        plane.withUnsafeElements {
          (target.baseAddress! + index * height * width).update(from: $0.baseAddress!, count: height * width)
        }
      }
    }
    // Of a wave that is in a share of the image only, the spectrum shows that share.
    let share = weights.map(subtraction.share) ?? 1
    let told = waves.map { Wave(fx: $0.fx, fy: $0.fy, amplitude: $0.amplitude / share, prominence: $0.prominence) }
    return (result, weights == nil ? waves : told)
  }
}
