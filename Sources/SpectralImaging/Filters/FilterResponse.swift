import SpectralTransforms
import SpectralCore

/// The response of a filter at the frequencies of a transform of H x W pixels.
///
/// Nyquist's row and column, which even sizes have, stand for +0.5 and -0.5 cycles per pixel at once and get the mean.
public struct FrequencyResponse: Sendable {
  /// The rows of the image.
  public let height: Int
  /// The columns of the image.
  public let width: Int
  /// The responses, `[H, W / 2 + 1]`, in the order of ``Spectrum``: row u stands for u / H cycles per pixel, or u / H - 1
  /// beyond Nyquist, column v for v / W.
  public let values: Tensor<Double>

  /// The response at all frequencies with frequency 0 in the middle, `[H, W]`, as spectra are shown: row y stands for
  /// (y - H/2) / H cycles per pixel.
  public var centred: Tensor<Double> {
    let half = width / 2 + 1
    return values.withUnsafeElements { source in
      Tensor([height, width]) { target in
        for y in 0..<height {
          for x in 0..<width {
            let (u, v) = ((y + height - height / 2) % height, (x + width - width / 2) % width)
            target[y * width + x] = v < half ? source[u * half + v] : source[(height - u) % height * half + width - v]
          }
        }
      }
    }
  }

  /// The impulse response, `[H, W]`: what an image gets that is 1 at (0, 0), 0 elsewhere, and circular.
  public var impulseResponse: Tensor<Double> {
    let spectrum = Tensor<Double>(TensorShape(values.shape.extents + [2])) { target in
      values.withUnsafeElements { source in
        for i in source.indices { (target[2 * i], target[2 * i + 1]) = (source[i], 0) }
      }
    }
    return RealTransform2D<Double>(height: height, width: width).inverse(
      Spectrum(height: height, width: width, values: spectrum))
  }
}

extension FrequencyFilter {
  /// The response at the frequencies of a transform of `height` x `width` pixels.
  ///
  /// - Precondition: both are positive.
  public func response(height: Int, width: Int) -> FrequencyResponse {
    precondition(height > 0 && width > 0, "there are no frequencies of \(height) x \(width) pixels")
    let half = width / 2 + 1
    let columns = ResponseTile.columns
    let blocks = (half + columns - 1) / columns
    let tile = ResponseTile(expression, FrequencyGrid(height: height, width: width, pitch: blocks * columns))
    let bands = (height + ResponseTile.rows - 1) / ResponseTile.rows
    let values = Tensor<Double>([height, half]) { target in
      let target = target.baseAddress!
      Parallel.forEach(bands * blocks, workspace: { Scratch<Double>(count: tile.scratchCount) }) { index, scratch in
        let (band, column) = (index / blocks, index % blocks * columns)
        let rows = band * ResponseTile.rows..<min((band + 1) * ResponseTile.rows, height)
        tile.compute(rows: rows, column: column, scratch.base)
        let count = min(columns, half - column)
        for (place, row) in rows.enumerated() {
          (target + row * half + column).update(from: scratch.base + place * columns, count: count)
        }
      }
    }
    return FrequencyResponse(height: height, width: width, values: values)
  }
}
