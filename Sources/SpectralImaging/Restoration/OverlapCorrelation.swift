import Foundation
import SpectralTransforms
import SpectralCore

/// The normalised correlation of two images over what they share, at every shift by whole pixels.
///
/// Only the sum of products takes transforms, padded so that nothing wraps around. Sums and sums of squares over the shared
/// rectangle come from sums over all rectangles that begin in the first corner.
enum OverlapCorrelation {
  /// Shifts at which the images explain each other best, the best first.
  ///
  /// The measure is n / 2 · -ln(1 - r²): the logarithm by which the n shared pixels are likelier as two versions of one
  /// picture than as two pictures, under white noise. So a small overlap must correlate better than a large one.
  ///
  /// - Parameters:
  ///   - images: Planes `[C, H, W]` each.
  ///   - leastOverlap: The part of an image that must be shared.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func bestShifts<Scalar: FourierScalar>(
    _ images: (first: Tensor<Scalar>, second: Tensor<Scalar>), count: Int, leastOverlap: Double
  ) -> [(dy: Int, dx: Int)] {
    let (planes, height, width) = (images.first.shape[0], images.first.shape[1], images.first.shape[2])
    let (paddedHeight, paddedWidth) = (FastSize.next(2 * height - 1), FastSize.next(2 * width - 1))
    let transform = RealTransform2D<Scalar>(height: paddedHeight, width: paddedWidth)
    var cross = Tensor<Scalar>.zeros([paddedHeight, paddedWidth / 2 + 1, 2])
    var sums: [(first: RectangleSums, second: RectangleSums)] = []
    var squares = (first: RectangleSums(height, width), second: RectangleSums(height, width))
    var energies = (first: 0.0, second: 0.0)
    for plane in 0..<planes {
      func centred(_ images: Tensor<Scalar>) -> Tensor<Scalar> {
        let part = images.rows(plane..<plane + 1).reshaped(to: [height, width])
        return lessened(part, by: Scalar(part.mean))
      }
      let (a, b) = (centred(images.first), centred(images.second))
      addCrossSpectrum(
        transform.forward(padded(a, paddedHeight, paddedWidth)).values,
        transform.forward(padded(b, paddedHeight, paddedWidth)).values, to: &cross)
      sums.append((RectangleSums(height, width), RectangleSums(height, width)))
      sums[plane].first.add(a, squared: false)
      sums[plane].second.add(b, squared: false)
      squares.first.add(a, squared: true)
      squares.second.add(b, squared: true)
      energies.first += a.dot(a)
      energies.second += b.dot(b)
    }
    var surface = transform.inverse(
      Spectrum(height: paddedHeight, width: paddedWidth, values: cross))
    // The sum of products has an error of up to 2 u sqrt(log2 N) ‖a‖ ‖b‖: an overlap whose own norms do not exceed a hundred
    // times that says nothing.
    let points = Double(paddedHeight * paddedWidth)
    let flat =
      200 * Scalar.unitRoundoff * log2(points + 1).squareRoot() * (energies.first * energies.second).squareRoot()
    let least = leastOverlap * Double(height * width)
    surface.withUnsafeMutableElements { surface in
      nonisolated(unsafe) let surface = surface
      Parallel.forEach(paddedHeight, grain: max(1, (1 << 12) / paddedWidth)) { row in
        let dy = 2 * row > paddedHeight ? row - paddedHeight : row
        for column in 0..<paddedWidth {
          let dx = 2 * column > paddedWidth ? column - paddedWidth : column
          let place = row * paddedWidth + column
          let pixels = Double(max(0, height - abs(dy)) * max(0, width - abs(dx)))
          guard pixels >= max(least, 2) else {
            surface[place] = 0
            continue
          }
          let (top, left) = (max(0, -dy), max(0, -dx))
          let (bottom, right) = (min(height, height - dy), min(width, width - dx))
          var product = Double(surface[place])
          var first = squares.first.sum(top, left, bottom, right)
          var second = squares.second.sum(top + dy, left + dx, bottom + dy, right + dx)
          for plane in sums {
            let a = plane.first.sum(top, left, bottom, right)
            let b = plane.second.sum(top + dy, left + dx, bottom + dy, right + dx)
            product -= a * b / pixels
            first -= a * a / pixels
            second -= b * b / pixels
          }
          let norm = (max(first, 0) * max(second, 0)).squareRoot()
          guard norm > flat, product > 0 else {
            surface[place] = 0
            continue
          }
          let correlation = min(product / norm, 1)
          surface[place] = Scalar(-0.5 * pixels * log1p(-min(correlation * correlation, 1 - 1e-9)))
        }
      }
    }
    return highestPeaks(surface, count: count).map {
      (
        2 * $0.row > paddedHeight ? $0.row - paddedHeight : $0.row,
        2 * $0.column > paddedWidth ? $0.column - paddedWidth : $0.column
      )
    }
  }

  private static func padded<Scalar: TensorScalar>(_ image: Tensor<Scalar>, _ height: Int, _ width: Int) -> Tensor<
    Scalar
  > {
    var padded = Tensor<Scalar>.zeros([height, width])
    let (rows, columns) = (image.shape[0], image.shape[1])
    padded.withUnsafeMutableElements { target in
      image.withUnsafeElements { source in
        for row in 0..<rows {
          (target.baseAddress! + row * width).update(from: source.baseAddress! + row * columns, count: columns)
        }
      }
    }
    return padded
  }
}

/// Sums over any rectangle of an image by four numbers: those over the rectangles from the first corner (F. C. Crow,
/// "Summed-area tables for texture mapping", SIGGRAPH, 1984).
struct RectangleSums: Sendable {
  private let width: Int
  private let height: Int
  /// `[H + 1, W + 1]`.
  private var table: [Double]

  init(_ height: Int, _ width: Int) {
    (self.height, self.width) = (height, width)
    table = [Double](repeating: 0, count: (height + 1) * (width + 1))
  }

  /// Adds the pixels of an image `[H, W]`, or their squares.
  mutating func add<Scalar: TensorScalar>(_ image: Tensor<Scalar>, squared: Bool) {
    let (height, width) = (height, width)
    table.withUnsafeMutableBufferPointer { table in
      image.withUnsafeElements { addSums($0, height, width, squared: squared, to: table) }
    }
  }

  /// Over rows top..<bottom and columns left..<right.
  func sum(_ top: Int, _ left: Int, _ bottom: Int, _ right: Int) -> Double {
    table.withUnsafeBufferPointer {
      let (above, below) = (top * (width + 1), bottom * (width + 1))
      return $0[below + right] - $0[above + right] - $0[below + left] + $0[above + left]
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func addSums<Scalar: TensorScalar>(
  _ x: UnsafeBufferPointer<Scalar>, _ height: Int, _ width: Int, squared: Bool,
  to table: UnsafeMutableBufferPointer<Double>
) {
  // The sums of this image alone, row by row on top of those above.
  var columns = [Double](repeating: 0, count: width)
  for row in 0..<height {
    var sum = 0.0
    for column in 0..<width {
      let value = Double(x[row * width + column])
      columns[column] += squared ? value * value : value
      sum += columns[column]
      table[(row + 1) * (width + 1) + column + 1] += sum
    }
  }
}
