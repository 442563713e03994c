import Foundation
import SpectralKit

/// What the demo shows of its data, its network and its results.
enum DemoPictures {
  /// Test images in rows of twenty, framed in red where the network was wrong.
  static func contactSheet(_ dataset: Dataset, predictions: [Int]) -> RasterImage {
    let (columns, scale, gap) = (20, 2, 6)
    let side = dataset.imageShape[1] * scale
    let rows = (predictions.count + columns - 1) / columns
    var canvas = DrawingCanvas(
      height: rows * (side + gap) + gap, width: columns * (side + gap) + gap, background: .grey(0.25))
    for (i, prediction) in predictions.enumerated() {
      let (top, left) = (gap + i / columns * (side + gap), gap + i % columns * (side + gap))
      let image = dataset.image(at: i)
      canvas.draw(image.reshaped(to: [image.shape[1], image.shape[2]]), top: top, left: left, scale: scale)
      if prediction != dataset.labels[i] {
        canvas.frame(RGBColor(1, 0.15, 0.1), top: top, left: left, height: side, width: side, thickness: 2)
      }
    }
    return canvas.image
  }

  /// Filters (orange positive, blue negative) above the magnitudes of their spectra, the frequency 0 in the middle.
  ///
  /// - Parameter filters: `[O, 1, kH, kW]`.
  static func filters(_ filters: Tensor<Float>) -> RasterImage {
    let (count, height, width) = (filters.shape[0], filters.shape[2], filters.shape[3])
    let (points, gap) = (128, 12)
    let scale = points / max(height, width)
    let largest = Float(filters.maximumMagnitude)
    var canvas = DrawingCanvas(height: 2 * points + 3 * gap, width: count * (points + gap) + gap)
    let transform = RealTransform2D<Float>(height: points, width: points)
    for o in 0..<count {
      let left = gap + o * (points + gap)
      let filter = Tensor<Float>(
        [height, width],
        filters.elements[o * height * width * filters.shape[1]..<(o * filters.shape[1] + 1) * height * width])
      canvas.draw(
        filter / max(largest, .leastNormalMagnitude), top: gap + (points - scale * height) / 2,
        left: left + (points - scale * width) / 2, scale: scale, color: { ColorMap.signed(Double(0.5 + 0.5 * $0)) })
      canvas.draw(
        spectrum(filter, transform), top: points + 2 * gap, left: left, color: { ColorMap.magnitude(Double($0)) })
    }
    return canvas.image
  }

  /// The magnitude of a filter's spectrum, divided by the largest, the frequency 0 in the middle.
  private static func spectrum(_ filter: Tensor<Float>, _ transform: RealTransform2D<Float>) -> Tensor<Float> {
    let points = transform.height
    var padded = Tensor<Float>.zeros([points, points])
    let width = filter.shape[1]
    padded.withUnsafeMutableElements { padded in
      for (i, value) in filter.elements.enumerated() { padded[i / width * points + i % width] = value }
    }
    let spectrum = transform.forward(padded)
    let magnitudes = Tensor<Float>([points, points]) { (target: UnsafeMutableBufferPointer<Float>) in
      for i in target.indices {
        let (row, column) = ((i / points + points / 2) % points, (i % points + points / 2) % points)
        target[i] = spectrum[row, column].magnitude
      }
    }
    return magnitudes / max(Float(magnitudes.maximumMagnitude), .leastNormalMagnitude)
  }

  /// A square for each pair of classes, brighter the more often the row's was taken for the column's; the classes are
  /// named by drawn digits.
  static func confusion(_ matrix: [[Int]], _ dataset: Dataset) -> RasterImage {
    let (cell, gap) = (42, 2)
    let step = cell + gap
    let count = matrix.count
    var canvas = DrawingCanvas(
      height: (count + 1) * step + gap, width: (count + 1) * step + gap, background: .grey(0.15))
    for (name, row) in matrix.enumerated() {
      if let example = dataset.labels.firstIndex(of: name) {
        let image = dataset.image(at: example)
        let digit = image.reshaped(to: [image.shape[1], image.shape[2]])
        let inset = gap + (cell - digit.shape[0]) / 2
        canvas.draw(digit, top: inset, left: (name + 1) * step + inset)
        canvas.draw(digit, top: (name + 1) * step + inset, left: inset)
      }
      let total = max(row.reduce(0, +), 1)
      for (column, number) in row.enumerated() {
        // The root makes a single mistake visible beside hundreds of hits.
        let share = (Float(number) / Float(total)).squareRoot()
        canvas.fill(
          ColorMap.magnitude(Double(share)), top: (name + 1) * step + gap, left: (column + 1) * step + gap,
          height: cell, width: cell)
      }
    }
    return canvas.image
  }

  /// A plane of values, `[1, 1, H, W]`, between the smallest (black) and the largest (white).
  static func stretched(_ plane: Tensor<Double>) -> RasterImage {
    let values = plane.elements
    let (low, high) = (values.min() ?? 0, values.max() ?? 1)
    let scaled = values.map { Float(($0 - low) / max(high - low, .leastNormalMagnitude)) }
    return RasterImage(pixels: Tensor([1, plane.shape[-2], plane.shape[-1]], scaled))
  }
}
