import Foundation
import FourierConvolution
import SpectralConvolution
import SpectralCore
import SpectralTransforms

/// Normalised correlation in which every pixel of the template, and of the image, has a weight.
///
/// With weights m of the template and a of the image, at each place the weight of a pixel is m a, and the score is the
/// weighted correlation coefficient. All of its sums are correlations, computed by transforms: of m with a, a x and a x²,
/// of m t with a and a x, of m t² with a (D. Padfield, "Masked object registration in the Fourier domain", IEEE Transactions
/// on Image Processing 21, 2012, for weights of 0 and 1). They are subtracted from each other, so all is in `Double`.
struct MaskedScores<Scalar: FourierScalar> {
  /// `[C, h, w]`.
  let template: Tensor<Scalar>
  /// `[h, w]`.
  let opacity: Tensor<Float>?
  let memoryLimit: Int?

  /// `[H - h + 1, W - w + 1]`; see ``TemplateMatching/scores(in:imageOpacity:)``.
  ///
  /// - Parameter image: `[C, H, W]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func scores(in image: Tensor<Scalar>, imageOpacity: Tensor<Float>?) throws(RestorationError) -> Tensor<Scalar> {
    let (planes, height, width) = (image.shape[0], image.shape[1], image.shape[2])
    let (h, w) = (template.shape[1], template.shape[2])
    let (rows, columns) = (height - h + 1, width - w + 1)
    do {
      // Weights, a plane times them, its square, and for each map its numbers and those it is added to.
      try MemoryBudget(limit: memoryLimit).require(
        MemoryEstimate([14, height, width], scalarBytes: MemoryLayout<Double>.stride),
        for: "matching a template with a mask in \(height) x \(width) pixels", remedy: "take a smaller image")
    } catch { throw RestorationError(error.description) }
    let mask = opacity?.converted(to: Double.self) ?? Tensor([h, w], repeating: 1)
    let visible = imageOpacity?.converted(to: Double.self)
    func map(_ image: Tensor<Double>, _ filter: Tensor<Double>) throws(RestorationError) -> Tensor<Double> {
      do {
        return try FourierConvolution<Double>(memoryLimit: memoryLimit, rigor: .estimate)(
          image.reshaped(to: [1, 1, height, width]), filter.reshaped(to: [1, 1, h, w]),
          ConvolutionGeometry()
        ).reshaped(to: [rows, columns])
      } catch { throw RestorationError(error.description) }
    }
    // A map that is the same everywhere if the whole image is visible.
    func weight(_ filter: Tensor<Double>) throws(RestorationError) -> Tensor<Double> {
      guard let visible else { return Tensor([rows, columns], repeating: filter.sum) }
      return try map(visible, filter)
    }
    // Elsewhere too little of the template falls on what is visible.
    let least = 0.5 * mask.sum
    let bound = 2 * Double.unitRoundoff * log2(Double(height * width) + 1).squareRoot()
    let visibleNorm = visible?.norm ?? 0
    let total = try weight(mask)
    var product = Tensor<Double>.zeros([rows, columns])
    var (energyT, energyX) = (product, product)
    // By how much the three may be off.
    var (errorProduct, errorT, errorX) = (0.0, 0.0, 0.0)
    for plane in 0..<planes {
      func centred(_ planes: Tensor<Scalar>, _ weights: Tensor<Double>?) -> Tensor<Double> {
        let part = planes.rows(plane..<plane + 1).converted(to: Double.self)
          .reshaped(to: [planes.shape[1], planes.shape[2]])
        let mean = weights.map { $0.dot(part) / $0.sum } ?? part.mean
        return lessened(part, by: mean)
      }
      func times(_ a: Tensor<Double>, _ b: Tensor<Double>?) -> Tensor<Double> {
        guard let b else { return a }
        return Tensor(a.shape, zip(a.elements, b.elements).map { $0 * $1 })
      }
      let (t, x) = (centred(template, mask), centred(image, visible))
      let (mt, ax) = (times(t, mask), times(x, visible))
      let (mtt, axx) = (times(mt, t), times(ax, x))
      let sums = (
        x: try map(ax, mask), xx: try map(axx, mask), t: try weight(mt), tt: try weight(mtt), tx: try map(ax, mt)
      )
      let largest = (x: sums.x.maximumMagnitude, t: sums.t.maximumMagnitude)
      combine(sums, total, leastWeight: least, &product, &energyT, &energyX)
      let (x1, t1) = (bound * ax.norm * mask.norm, bound * visibleNorm * mt.norm)
      errorX += bound * axx.norm * mask.norm + 2 * largest.x * x1 / least
      errorT += bound * visibleNorm * mtt.norm + 2 * largest.t * t1 / least
      errorProduct += bound * ax.norm * mt.norm + (largest.x * t1 + largest.t * x1) / least
    }
    let (t, x, tx, weights) = (energyT.elements, energyX.elements, product.elements, total.elements)
    return Tensor([rows, columns]) { scores in
      for i in scores.indices {
        // Where the score could be off by more than 0.01, there is nothing to fit.
        guard weights[i] >= least, t[i] > 200 * errorT, x[i] > 200 * errorX,
          case let norm = (t[i] * x[i]).squareRoot(), norm > 200 * errorProduct
        else {
          scores[i] = 0
          continue
        }
        scores[i] = Scalar(min(max(tx[i] / norm, -1), 1))
      }
    }
  }

  /// Adds a plane's Σ w t x, Σ w t² and Σ w x², each about the weighted means.
  private func combine(
    _ sums: (x: Tensor<Double>, xx: Tensor<Double>, t: Tensor<Double>, tt: Tensor<Double>, tx: Tensor<Double>),
    _ total: Tensor<Double>, leastWeight: Double, _ product: inout Tensor<Double>, _ energyT: inout Tensor<Double>,
    _ energyX: inout Tensor<Double>
  ) {
    let (x, xx, t, tt, tx) = (
      sums.x.elements, sums.xx.elements, sums.t.elements, sums.tt.elements, sums.tx.elements
    )
    let weights = total.elements
    func add(_ target: inout Tensor<Double>, _ value: (Int) -> Double) {
      target.withUnsafeMutableElements { target in
        for i in target.indices where weights[i] >= leastWeight { target[i] += value(i) }
      }
    }
    add(&product) { tx[$0] - t[$0] * x[$0] / weights[$0] }
    add(&energyT) { tt[$0] - t[$0] * t[$0] / weights[$0] }
    add(&energyX) { xx[$0] - x[$0] * x[$0] / weights[$0] }
  }
}
