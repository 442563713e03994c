import Foundation
import SpectralTransforms
import SpectralCore

/// A blur of frames of one size: a circular convolution, whose spectrum is kept.
struct BlurOperator<Scalar: FourierScalar>: Sendable {
  let frame: PaddedFrame
  let transform: RealTransform2D<Scalar>
  /// The spectrum of the PSF with its centre at the origin: the frequency response H, `[H, W/2 + 1, 2]`.
  let response: Spectrum<Scalar>

  init(_ pointSpread: PointSpread<Scalar>, _ frame: PaddedFrame) {
    let transform = RealTransform2D<Scalar>(height: frame.size.height, width: frame.size.width)
    let (height, width) = (frame.size.height, frame.size.width)
    let extent = pointSpread.extent
    var kernel = Tensor<Scalar>.zeros([height, width])
    kernel.withUnsafeMutableElements { target in
      pointSpread.kernel.withUnsafeElements { taps in
        for i in 0..<extent.height {
          let row = (i - extent.height / 2 + height) % height
          for j in 0..<extent.width {
            target[row * width + (j - extent.width / 2 + width) % width] = taps[i * extent.width + j]
          }
        }
      }
    }
    (self.frame, self.transform, response) = (frame, transform, transform.forward(kernel))
  }

  /// The frame blurred: h * x.
  func callAsFunction(_ x: Tensor<Scalar>) -> Tensor<Scalar> { filtered(x, by: response, conjugate: false) }

  /// The frame correlated with the PSF: the adjoint of the blur.
  func adjoint(_ x: Tensor<Scalar>) -> Tensor<Scalar> { filtered(x, by: response, conjugate: true) }

  /// Transform, multiply, invert.
  func filtered(_ x: Tensor<Scalar>, by filter: Spectrum<Scalar>, conjugate: Bool = false) -> Tensor<Scalar> {
    var spectrum = transform.forward(x)
    multiply(&spectrum.values, by: filter.values, conjugate: conjugate)
    return transform.inverse(spectrum)
  }

  /// The same with a filter that is real, `[H, W/2 + 1]`.
  func filtered(_ x: Tensor<Scalar>, byReal filter: Tensor<Scalar>) -> Tensor<Scalar> {
    var spectrum = transform.forward(x)
    multiply(&spectrum.values, byReal: filter)
    return transform.inverse(spectrum)
  }

  /// Blends a frame into its own blur towards its ends, so that these fit onto each other: no jump, no ringing.
  ///
  /// The image keeps its pixels; the weight of the blurred frame grows as a raised cosine from 0 at the image's border
  /// to 1 at the end of the frame.
  func taper(_ x: inout Tensor<Scalar>) {
    guard frame.isPadded else { return }
    let blurred = self(x)
    let rowWeights = Self.weights(frame.size.height, frame.rows)
    let columnWeights = Self.weights(frame.size.width, frame.columns)
    let width = frame.size.width
    x.withUnsafeMutableElements { x in
      nonisolated(unsafe) let x = x.baseAddress!
      blurred.withUnsafeElements { blurred in
        nonisolated(unsafe) let blurred = blurred.baseAddress!
        columnWeights.withUnsafeBufferPointer { weights in
          nonisolated(unsafe) let weights = weights.baseAddress!
          Parallel.forEach(frame.size.height, grain: frame.grain) { row in
            blend(x + row * width, blurred + row * width, weights, times: rowWeights[row], count: width)
          }
        }
      }
    }
  }

  /// 1 over the image, falling to 0 at both ends.
  private static func weights(_ count: Int, _ image: Range<Int>) -> [Scalar] {
    (0..<count).map { place in
      let margin = place < image.lowerBound ? image.lowerBound : count - image.upperBound
      let distance = place < image.lowerBound ? place : count - 1 - place
      guard !image.contains(place) else { return 1 }
      return Scalar(0.5 - 0.5 * cos(Double.pi * (Double(distance) + 0.5) / Double(margin)))
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func blend<Scalar: TensorScalar>(
  _ x: UnsafeMutablePointer<Scalar>, _ other: UnsafePointer<Scalar>, _ weights: UnsafePointer<Scalar>,
  times factor: Scalar, count: Int
) {
  for i in 0..<count {
    let weight = factor * weights[i]
    x[i] = weight * x[i] + (1 - weight) * other[i]
  }
}
