import Imaging
import Tensors

/// Numbers with a sign as a picture: zero is mid-grey, and the largest magnitude is at the end of the range, so that
/// nothing is clipped.
public struct SignedPicture: Sendable {
  /// The picture: one plane in the colours of ``ColorMap/signed``, three planes each in its own colour, 0.5 for zero.
  public let image: Image
  /// The magnitude at the ends of the range.
  public let limit: Double

  /// A picture of an image's planes.
  ///
  /// - Parameter limit: The magnitude at the ends of the range; the largest there is unless given.
  public init<Scalar: TensorScalar>(_ source: ImagePlanes<Scalar>, limit: Double? = nil) {
    let largest = limit ?? source.planes.maximumMagnitude
    self.limit = largest
    let scale = 0.5 / max(largest, .leastNormalMagnitude)
    let planes = source.channels == 1 ? source.planes : source.planes.colors
    let shape = Shape([3, source.height, source.width])
    image = Image(
      pixels: planes.withUnsafeElements { values in
        // An image that has neither one nor three planes is shown by its first, in grey.
        Tensor(source.channels == 1 ? shape : planes.shape) { target in
          fillSigned(values, scale, source.channels == 1 ? .signed : nil, target, width: max(1, source.width))
        }
      }, alpha: source.alpha)
  }
}

/// Numbers as shares of the range, or as the colours of these.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func fillSigned<Scalar: TensorScalar>(
  _ values: UnsafeBufferPointer<Scalar>, _ scale: Double, _ map: ColorMap?,
  _ target: UnsafeMutableBufferPointer<Float>, width: Int
) {
  nonisolated(unsafe) let (values, target) = (values, target)
  let count = values.count
  Parallel.forEach(count / width, grain: max(1, 1 << 13 / width)) { row in
    for i in row * width..<(row + 1) * width {
      let share = 0.5 + Double(values[i]) * scale
      guard let map else {
        target[i] = Float(share)
        continue
      }
      let color = map(share)
      target[i] = color.red
      target[i + count] = color.green
      target[i + 2 * count] = color.blue
    }
  }
}

extension ColorMap {
  /// The colours `[3, H, W]` of a plane `[1, H, W]` or `[H, W]` of numbers from 0 to 1.
  func pixels(_ shares: Tensor<Double>) -> Tensor<Float> {
    let (height, width) = (shares.shape[-2], shares.shape[-1])
    return shares.withUnsafeElements { shares in
      Tensor([3, height, width]) { target in
        nonisolated(unsafe) let (shares, target) = (shares, target)
        Parallel.forEach(height, grain: max(1, 1 << 13 / max(1, width))) { row in
          for i in row * width..<(row + 1) * width {
            let color = self(shares[i])
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
