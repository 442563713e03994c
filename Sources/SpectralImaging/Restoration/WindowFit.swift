import SpectralCore

/// The normalised correlation of a template with single windows of an image, from the pixels, in `Double`.
struct WindowFit<Scalar: TensorScalar>: Sendable {
  /// `[C, h, w]`.
  let template: Tensor<Scalar>
  /// `[h, w]`.
  let opacity: Tensor<Float>?

  struct Score: Sendable {
    let row: Int
    let column: Int
    let score: Double
    /// By how much rounding may have lowered it.
    let error: Double
  }

  /// - Parameter image: `[C, H, W]`.
  func scores(
    at places: [PeakSearch<Scalar>.Place], in image: Tensor<Scalar>, imageOpacity: Tensor<Float>?
  ) -> [Score] {
    let (planes, h, w) = (template.shape[0], template.shape[1], template.shape[2])
    let (height, width) = (image.shape[1], image.shape[2])
    var scores = [Score?](repeating: nil, count: places.count)
    let own = opacity?.elements ?? [Float](repeating: 1, count: h * w)
    let others = imageOpacity?.elements
    scores.withUnsafeMutableBufferPointer { scores in
      nonisolated(unsafe) let scores = scores
      image.withUnsafeElements { image in
        template.withUnsafeElements { template in
          nonisolated(unsafe) let (image, template) = (image.baseAddress!, template.baseAddress!)
          Parallel.forEach(
            places.count, grain: max(1, (1 << 14) / (h * w)),
            workspace: { [Double](repeating: 0, count: h * w) }
          ) { index, weights in
            let (row, column) = (places[index].row, places[index].column)
            for y in 0..<h {
              for x in 0..<w {
                let other = others?[(row + y) * width + column + x] ?? 1
                weights[y * w + x] = Double(own[y * w + x]) * Double(other)
              }
            }
            var moments = WindowMoments()
            for plane in 0..<planes {
              addMoments(
                template + plane * h * w, image + (plane * height + row) * width + column, width, weights, h, w,
                to: &moments)
            }
            let (score, error) = judged(moments, terms: Double(planes * h * w))
            scores[index] = Score(row: row, column: column, score: score, error: error)
          }
        }
      }
    }
    return scores.map { $0! }
  }

  private func judged(_ moments: WindowMoments, terms: Double) -> (score: Double, error: Double) {
    let norm = (moments.template * moments.window).squareRoot()
    // A sum of n products, each of factors that are rounded once, is off by (n + 3) u of the sum of their magnitudes, which
    // is at most the product of the norms. The score has one such sum above and, under a root, two below.
    let error = 2 * (terms + 8) * Double.unitRoundoff
    return norm > 0 ? (min(max(moments.product / norm, -1), 1), error) : (0, error)
  }
}

/// Weighted sums over a window of the image and the template, both less their means.
private struct WindowMoments {
  /// Σ w t x.
  var product = 0.0
  /// Σ w t².
  var template = 0.0
  /// Σ w x².
  var window = 0.0
}

/// Adds the moments of a plane. What rounding leaves of the means is subtracted afterwards.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func addMoments<Scalar: TensorScalar>(
  _ template: UnsafePointer<Scalar>, _ window: UnsafePointer<Scalar>, _ stride: Int, _ weights: [Double], _ h: Int,
  _ w: Int, to moments: inout WindowMoments
) {
  weights.withUnsafeBufferPointer { weights in
    var (total, sumT, sumX) = (0.0, 0.0, 0.0)
    for y in 0..<h {
      for x in 0..<w {
        let weight = weights[y * w + x]
        total += weight
        sumT += weight * Double(template[y * w + x])
        sumX += weight * Double(window[y * stride + x])
      }
    }
    guard total > 0 else { return }
    let (meanT, meanX) = (sumT / total, sumX / total)
    var (restT, restX, tx, tt, xx) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for y in 0..<h {
      for x in 0..<w {
        let weight = weights[y * w + x]
        let (t, v) = (Double(template[y * w + x]) - meanT, Double(window[y * stride + x]) - meanX)
        restT += weight * t
        restX += weight * v
        tx += weight * t * v
        tt += weight * t * t
        xx += weight * v * v
      }
    }
    moments.product += tx - restT * restX / total
    moments.template += max(tt - restT * restT / total, 0)
    moments.window += max(xx - restX * restX / total, 0)
  }
}
