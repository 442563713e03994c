import Fourier
import Tensors

extension PeriodicNoise {
  /// Takes away the waves that ``waves(in:)`` finds: from each plane its best fit of each wave.
  ///
  /// - Parameter images: `[..., H, W]`.
  /// - Returns: The images without the waves, and the waves. Where there are none the images are as they were.
  /// - Throws: ``RestorationError``, as ``waves(in:)``.
  public func removed<Scalar: FourierScalar>(
    from images: Tensor<Scalar>
  ) throws(RestorationError) -> (images: Tensor<Scalar>, waves: [Wave]) {
    let waves = try waves(in: images)
    guard !waves.isEmpty else { return (images, waves) }
    let (height, width) = (images.shape[-2], images.shape[-1])
    let planes = images.reshaped(to: [images.count / (height * width), height, width])
    let subtraction = WaveSubtraction(height: height, width: width)
    let result = Tensor<Scalar>(images.shape) { target in
      for index in 0..<planes.shape[0] {
        var plane = planes.rows(index..<index + 1).reshaped(to: [height, width])
        for wave in waves { subtraction.subtract(wave, from: &plane) }
        plane.withUnsafeElements {
          (target.baseAddress! + index * height * width).update(from: $0.baseAddress!, count: height * width)
        }
      }
    }
    return (result, waves)
  }
}
