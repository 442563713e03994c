import SpectralCore

// Filters of pictures with transparency. A colour counts as much as its pixel is opaque, so whatever mixes pixels works on
// premultiplied colours, and on alpha as one more plane, and divides afterwards. (T. Porter and T. Duff, "Compositing
// Digital Images", SIGGRAPH 1984; with a filter in place of a composition it is the normalized convolution of H. Knutsson
// and C.-F. Westin, CVPR 1993.)

extension ImagePlanes {
  /// The image without alpha, its colours multiplied by it: what each pixel adds to a black ground. Colours that a file
  /// stores in fully transparent pixels do not count. An opaque image is its own.
  ///
  /// The product is that of the numbers the planes hold, light or stored values.
  public var premultiplied: ImagePlanes {
    guard let alpha else { return self }
    var copy = self
    copy.alpha = nil
    if isTransparent { copy.planes = product(planes, alpha, alphaCount: 0) }
    return copy
  }

  /// The result of a linear operation that mixes pixels: a blur, a filter, a deconvolution.
  ///
  /// Filters and kernels have a shorter way: `filtered(by:boundary:)`,
  /// ``Kernel/applied(to:boundary:method:)``.
  ///
  /// Of an opaque image the operation gets the planes. Of a transparent one it gets the premultiplied colours and, as the
  /// last plane, alpha; then the colours are divided by the new alpha, and alpha by the gain, so that an even colour stays
  /// what it is wherever it can be seen. Where alpha comes out below half a step of 16 bits, alpha and colours are 0.
  ///
  /// - Parameters:
  ///   - gain: What the operation multiplies the mean by. 0 is for operations that remove the mean: their results are
  ///     differences of premultiplied colours, for which transparent is black; they have no alpha.
  ///   - operation: From planes to planes of the same shape, each by itself.
  public func filtered(
    gain: Double = 1, by operation: (Tensor<Scalar>) throws -> Tensor<Scalar>
  ) rethrows -> ImagePlanes {
    var result = self
    guard let alpha, isTransparent else {
      result.planes = try operation(planes)
      return result
    }
    if gain == 0 {
      result.alpha = nil
      result.planes = try operation(product(planes, alpha, alphaCount: 0))
    } else {
      (result.planes, result.alpha) = quotient(try operation(product(planes, alpha, alphaCount: 1)), gain: gain)
    }
    return result
  }

  /// The result of a linear operation on this image and another of the same size and channels, as ``filtered(gain:by:)``.
  ///
  /// - Parameter operation: From the planes of both to planes of the same shape, with a gain of 1.
  public func filtered(
    with other: ImagePlanes, by operation: (Tensor<Scalar>, Tensor<Scalar>) throws -> Tensor<Scalar>
  ) rethrows -> ImagePlanes {
    var result = self
    guard isTransparent || other.isTransparent else {
      result.planes = try operation(planes, other.planes)
      return result
    }
    func weighted(_ image: ImagePlanes) -> Tensor<Scalar> {
      product(image.planes, image.alpha ?? Tensor([height, width], repeating: 1), alphaCount: 1)
    }
    (result.planes, result.alpha) = quotient(try operation(weighted(self), weighted(other)), gain: 1)
    return result
  }

  /// The result of an operation that changes values but not the shape that alpha draws, e.g. of logarithms, which have no
  /// premultiplied form.
  ///
  /// Of an opaque image the operation gets the planes. Of a transparent one it gets the image on a ground of its own mean
  /// colour, so that the shape's outline is faint and no hidden colour counts. What it changes there is added to the
  /// colours; alpha stays, and where it is 0, colours are 0.
  ///
  /// - Parameter operation: From planes to planes of the same shape.
  public func adjusted(by operation: (Tensor<Scalar>) throws -> Tensor<Scalar>) rethrows -> ImagePlanes {
    var result = self
    guard let alpha, isTransparent else {
      result.planes = try operation(planes)
      return result
    }
    let ground = onMeanColor(planes, alpha)
    result.planes = adding(try operation(ground), less: ground, to: planes, where: alpha)
    return result
  }

  /// The image with the brightness of another and its own colours and alpha, as of a transparent image.
  ///
  /// - Parameter luminance: One plane, made of this image's ``luminance``; where it is transparent and this image is not,
  ///   this image's brightness stays.
  public func with(luminance: ImagePlanes) -> ImagePlanes {
    guard let alpha, isTransparent, let other = luminance.alpha else { return with(luminance: luminance.planes) }
    let old = self.luminance
    var result = with(luminance: choosing(luminance.planes, where: other, else: old))
    result.planes = choosing(result.planes, where: alpha, else: .zeros(planes.shape))
    return result
  }
}

/// Less alpha than this is none: half a step of 16 bits, the finest that a picture's file has.
private let leastAlpha = 0.5 / 65535

/// Colours times alpha, `[C, H, W]`, and `alphaCount` planes of alpha behind them.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func product<Scalar: TensorScalar>(_ planes: Tensor<Scalar>, _ alpha: Tensor<Float>, alphaCount: Int) -> Tensor<Scalar>
{
  let (channels, height, width) = (planes.shape[0], planes.shape[1], planes.shape[2])
  let area = height * width
  return planes.withUnsafeElements { source in
    alpha.withUnsafeElements { alpha in
      Tensor([channels + alphaCount, height, width]) { target in
        nonisolated(unsafe) let (source, alpha, target) = (source, alpha, target)
        forEachRow(channels + alphaCount, height, width) { plane, pixels in
          let offset = plane * area
          if plane < channels {
            for i in pixels { target[offset + i] = source[offset + i] * Scalar(alpha[i]) }
          } else {
            for i in pixels { target[offset + i] = Scalar(alpha[i]) }
          }
        }
      }
    }
  }
}

/// Colours `[C, H, W]` and alpha of planes `[C + 1, H, W]` of which the last is alpha times the gain.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func quotient<Scalar: TensorScalar>(
  _ weighted: Tensor<Scalar>, gain: Double
) -> (planes: Tensor<Scalar>, alpha: Tensor<Float>) {
  let (channels, height, width) = (weighted.shape[0] - 1, weighted.shape[1], weighted.shape[2])
  let area = height * width
  let (scale, least) = (Scalar(1 / gain), Scalar(leastAlpha))
  return weighted.withUnsafeElements { source in
    nonisolated(unsafe) let (source, weights) = (source, source.baseAddress! + channels * area)
    let planes = Tensor<Scalar>([channels, height, width]) { target in
      nonisolated(unsafe) let target = target
      forEachRow(channels, height, width) { plane, pixels in
        let offset = plane * area
        for i in pixels {
          let alpha = weights[i] * scale
          target[offset + i] = alpha < least ? 0 : source[offset + i] / alpha
        }
      }
    }
    let alpha = Tensor<Float>([height, width]) { target in
      nonisolated(unsafe) let target = target
      forEachRow(1, height, width) { _, pixels in
        for i in pixels {
          let alpha = weights[i] * scale
          target[i] = alpha < least ? 0 : Float(min(alpha, 1))
        }
      }
    }
    return (planes, alpha)
  }
}

/// Planes on a ground of their mean colour, in which each pixel counts as much as it is opaque.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func onMeanColor<Scalar: TensorScalar>(_ planes: Tensor<Scalar>, _ alpha: Tensor<Float>) -> Tensor<Scalar> {
  let (channels, height, width) = (planes.shape[0], planes.shape[1], planes.shape[2])
  let area = height * width
  return planes.withUnsafeElements { source in
    alpha.withUnsafeElements { alpha in
      let weight = alpha.reduce(0) { $0 + Double($1) }
      let means = (0..<channels).map { plane in
        var sum = 0.0
        for i in 0..<area { sum += Double(source[plane * area + i]) * Double(alpha[i]) }
        return Scalar(weight > 0 ? sum / weight : 0)
      }
      return Tensor(planes.shape) { target in
        nonisolated(unsafe) let (source, alpha, target) = (source, alpha, target)
        forEachRow(channels, height, width) { plane, pixels in
          let offset = plane * area
          for i in pixels {
            target[offset + i] = means[plane] + (source[offset + i] - means[plane]) * Scalar(alpha[i])
          }
        }
      }
    }
  }
}

/// `planes + (new - old)` where alpha is above 0, else 0.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func adding<Scalar: TensorScalar>(
  _ new: Tensor<Scalar>, less old: Tensor<Scalar>, to planes: Tensor<Scalar>, where alpha: Tensor<Float>
) -> Tensor<Scalar> {
  choosing(planes + (new - old), where: alpha, else: .zeros(planes.shape))
}

/// The numbers of one image where alpha is above 0, of another where it is not.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func choosing<Scalar: TensorScalar>(
  _ planes: Tensor<Scalar>, where alpha: Tensor<Float>, else others: Tensor<Scalar>
) -> Tensor<Scalar> {
  let (channels, height, width) = (planes.shape[0], planes.shape[1], planes.shape[2])
  return planes.withUnsafeElements { source in
    others.withUnsafeElements { others in
      alpha.withUnsafeElements { alpha in
        Tensor(planes.shape) { target in
          nonisolated(unsafe) let (source, others, alpha, target) = (source, others, alpha, target)
          forEachRow(channels, height, width) { plane, pixels in
            let offset = plane * height * width
            for i in pixels { target[offset + i] = alpha[i] > 0 ? source[offset + i] : others[offset + i] }
          }
        }
      }
    }
  }
}

/// Calls `body` for each row of each plane with the places of the row's pixels in a plane, on all threads.
private func forEachRow(_ planes: Int, _ height: Int, _ width: Int, _ body: (_ plane: Int, Range<Int>) -> Void) {
  Parallel.forEach(planes * height, grain: max(1, 1 << 14 / max(1, width))) { row in
    let start = row % height * width
    body(row / height, start..<start + width)
  }
}
