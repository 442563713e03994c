import SpectralCore

extension RasterImage {
  /// Whether the picture has an alpha plane that is less than 1 somewhere.
  public var isTransparent: Bool { alpha.map(containsTransparency) ?? false }

  /// The picture without alpha, as it looks on a ground of one colour: c a + b (1 - a) of the stored values, as browsers
  /// compose. On a coloured ground a grey picture becomes a colour picture.
  public func composed(on background: RGBColor) -> RasterImage {
    var copy = self
    guard let alpha else { return copy }
    copy.alpha = nil
    if isTransparent { copy.pixels = composition(pixels, alpha, background) }
    return copy
  }
}

extension ImagePlanes {
  /// Whether the image has an alpha plane that is less than 1 somewhere.
  public var isTransparent: Bool { alpha.map(containsTransparency) ?? false }

  /// The image without alpha, as it looks on a ground of one colour. See ``RasterImage/composed(on:)``.
  ///
  /// The stored values are composed, whatever ``light`` the planes hold, so that the result does not depend on it.
  ///
  /// - Precondition: an image with alpha has one or three planes.
  public func composed(on background: RGBColor) -> ImagePlanes {
    guard let alpha else { return self }
    guard isTransparent else {
      var copy = self
      copy.alpha = nil
      return copy
    }
    var stored = converted(to: .stored)
    stored.alpha = nil
    stored.planes = composition(stored.planes, alpha, background)
    return stored.converted(to: light)
  }
}

private func containsTransparency(_ alpha: Tensor<Float>) -> Bool {
  alpha.withUnsafeElements { $0.contains { $0 < 1 } }
}

/// Planes `[1, H, W]` or `[3, H, W]` on a ground.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func composition<Scalar: TensorScalar>(
  _ planes: Tensor<Scalar>, _ alpha: Tensor<Float>, _ background: RGBColor
) -> Tensor<Scalar> {
  let (channels, height, width) = (planes.shape[0], planes.shape[1], planes.shape[2])
  precondition(channels == 1 || channels == 3, "\(channels) planes have no background colour")
  let area = height * width
  let colors = background.isGrey && channels == 1 ? 1 : 3
  let ground = [background.red, background.green, background.blue].map { Scalar($0) }
  return planes.withUnsafeElements { source in
    alpha.withUnsafeElements { alpha in
      Tensor([colors, height, width]) { target in
        nonisolated(unsafe) let (source, alpha, target) = (source, alpha, target)
        Parallel.forEach(colors * height, grain: max(1, 1 << 15 / max(1, width))) { row in
          let (color, start) = (row / height, row % height * width)
          let plane = channels == 1 ? 0 : color
          for i in start..<start + width {
            let opacity = Scalar(alpha[i])
            target[color * area + i] = source[plane * area + i] * opacity + ground[color] * (1 - opacity)
          }
        }
      }
    }
  }
}
