import SpectralCore

extension ImagePlanes {
  /// The brightness of a colour image, `[1, H, W]`: 0.2126 R + 0.7152 G + 0.0722 B (Rec. 709), the luminance of light, or
  /// video's luma of stored values. An image that has not three channels is its own.
  public var luminance: Tensor<Scalar> {
    guard channels == 3 else { return planes }
    return luminancePlane(planes)
  }

  /// The image with another brightness and its own colours.
  ///
  /// The brightness is replaced in YCbCr, where each colour is the brightness plus a sum of the two differences: so what
  /// the brightness gains, red, green and blue gain each.
  ///
  /// - Parameter luminance: As ``luminance`` gave it, then changed.
  public func with(luminance: Tensor<Scalar>) -> ImagePlanes {
    var copy = self
    guard channels == 3 else {
      copy.planes = luminance
      return copy
    }
    precondition(
      luminance.shape == [1, height, width], "a brightness of shape \(luminance.shape) for an image of \(planes.shape)")
    copy.planes = planes + (luminance - luminancePlane(planes))
    return copy
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func luminancePlane<Scalar: TensorScalar>(_ planes: Tensor<Scalar>) -> Tensor<Scalar> {
  let (height, width) = (planes.shape[1], planes.shape[2])
  let area = height * width
  return planes.withUnsafeElements { source in
    Tensor([1, height, width]) { target in
      nonisolated(unsafe) let (source, target) = (source, target)
      Parallel.forEach(height, grain: max(1, 1 << 15 / max(1, width))) { row in
        for i in row * width..<(row + 1) * width {
          target[i] = 0.2126 * source[i] + 0.7152 * source[i + area] + 0.0722 * source[i + 2 * area]
        }
      }
    }
  }
}
