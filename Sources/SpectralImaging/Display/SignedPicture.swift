import SpectralCore

/// Numbers with a sign as a picture: zero is mid-grey, and the largest magnitude is at the end of the range, so that
/// nothing is clipped.
public struct SignedPicture: Sendable {
  /// The picture: one plane in the colours of ``ColorMap/signed``, three planes each in its own colour, 0.5 for zero.
  public let image: RasterImage
  /// The magnitude at the ends of the range.
  public let limit: Double

  /// A picture of an image's planes, with the bits of the file that the image came from.
  ///
  /// - Parameter limit: The magnitude at the ends of the range; the largest there is unless given.
  public init<Scalar: TensorScalar>(_ source: ImagePlanes<Scalar>, limit: Double? = nil) {
    let largest = limit ?? source.planes.maximumMagnitude
    self.limit = largest
    let shares = shares(of: source.planes.colors, limit: largest)
    image = RasterImage(
      pixels: source.channels == 1 ? ColorMap.signed.pixels(shares) : shares, alpha: source.alpha,
      bitDepth: source.origin.bitDepth, metadata: source.metadata.withoutColors)
  }
}

/// Where numbers lie between -limit, which is 0, and limit, which is 1.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func shares<Scalar: TensorScalar>(of values: Tensor<Scalar>, limit: Double) -> Tensor<Float> {
  let scale = 0.5 / max(limit, .leastNormalMagnitude)
  let (shape, width) = (values.shape, values.shape[2])
  return values.withUnsafeElements { values in
    Tensor(shape) { shares in
      nonisolated(unsafe) let (values, shares) = (values, shares)
      Parallel.forEach(shape[0] * shape[1], grain: max(1, 1 << 14 / max(1, width))) { row in
        for i in row * width..<(row + 1) * width { shares[i] = Float(0.5 + Double(values[i]) * scale) }
      }
    }
  }
}

extension ColorMap {
  /// The colours `[3, H, W]` of a plane `[1, H, W]` of numbers from 0 to 1.
  package func pixels(_ shares: Tensor<Float>) -> Tensor<Float> {
    let (height, width) = (shares.shape[-2], shares.shape[-1])
    return shares.withUnsafeElements { shares in
      Tensor([3, height, width]) { target in
        nonisolated(unsafe) let (shares, target) = (shares, target)
        Parallel.forEach(height, grain: max(1, 1 << 13 / max(1, width))) { row in
          for i in row * width..<(row + 1) * width {
            let color = self(Double(shares[i]))
            target[i] = color.red
            target[i + shares.count] = color.green
            target[i + 2 * shares.count] = color.blue
          }
        }
      }
    }
  }
}

extension Tensor {
  /// The planes that a picture can show: one or three as they are, of other numbers the first.
  var colors: Tensor { shape[0] == 3 ? self : rows(0..<1) }
}
