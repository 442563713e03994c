import Foundation
import SpectralTransforms
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

/// Pictures to restore and search, and how good the result is.
enum Scenes {
  /// Overlapping disks and bars at random places in random greys, over a slope: edges of all directions, flat parts, and a
  /// spectrum that falls as that of photographs does. `[H, W]`, from 0.05 to 0.95.
  static func drawn(_ height: Int, _ width: Int, seed: UInt64 = 1) -> Tensor<Double> {
    var random = RandomGenerator(seed: seed)
    var scene = Tensor<Double>([height, width]) { x in
      for i in x.indices { x[i] = 0.3 + 0.3 * Double(i % width) / Double(width) }
    }
    let side = Double(min(height, width))
    for index in 0..<160 {
      let (y, x) = (random.uniform() * Double(height), random.uniform() * Double(width))
      let size = side * 0.25 * pow(random.uniform(), 2) + 2
      let (angle, grey) = (random.uniform() * Double.pi, random.uniform(in: 0.05..<0.95))
      let (c, s) = (cos(angle), sin(angle))
      scene.withUnsafeMutableElements { pixels in
        for row in max(0, Int(y - 2 * size))..<min(height, Int(y + 2 * size) + 1) {
          for column in max(0, Int(x - 2 * size))..<min(width, Int(x + 2 * size) + 1) {
            let (dy, dx) = (Double(row) - y, Double(column) - x)
            let isInside =
              index % 2 == 0
              ? dy * dy + dx * dx < size * size
              : abs(c * dx + s * dy) < size && abs(c * dy - s * dx) < size / 6 + 1
            if isInside { pixels[row * width + column] = grey }
          }
        }
      }
    }
    return scene
  }

  /// A photograph of ../shared/data/images, `[C, H, W]`.
  static func photograph(_ name: String) throws -> Tensor<Double> {
    let folder = try #require(sharedData("images"))
    return try RasterImage(path: folder.appendingPathComponent(name + ".png").path).pixels.converted(to: Double.self)
  }

  /// A part of a picture, `[..., H, W]`.
  static func part(_ picture: Tensor<Double>, _ rows: Range<Int>, _ columns: Range<Int>) -> Tensor<Double> {
    let (height, width) = (picture.shape[-2], picture.shape[-1])
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= height && columns.lowerBound >= 0 && columns.upperBound <= width,
      "rows \(rows) and columns \(columns) are not all in \(height) x \(width) pixels")
    let planes = picture.count / (height * width)
    return Tensor(TensorShape(picture.shape.extents.dropLast(2) + [rows.count, columns.count])) { target in
      picture.withUnsafeElements { source in
        var place = 0
        for plane in 0..<planes {
          for row in rows {
            for column in columns {
              target[place] = source[(plane * height + row) * width + column]
              place += 1
            }
          }
        }
      }
    }
  }

  /// What a camera sees: the blur of a scene where the whole kernel lies within it, noise, and 8 bits or other levels.
  ///
  /// - Returns: The picture and the part of the scene that it should show.
  static func blurred(
    _ scene: Tensor<Double>, _ kernel: Tensor<Double>, noise: Double, levels: Double = 255, seed: UInt64 = 2
  ) -> (picture: Tensor<Double>, scene: Tensor<Double>) {
    let (height, width) = (scene.shape[-2], scene.shape[-1])
    let (h, w) = (kernel.shape[0], kernel.shape[1])
    // Beyond the kernel's reach it does not matter that this wraps around.
    let circular = circularlyBlurred(scene, kernel)
    let (rows, columns) = (h - 1 - h / 2..<height - h / 2, w - 1 - w / 2..<width - w / 2)
    var random = RandomGenerator(seed: seed)
    let picture = part(circular, rows, columns).map { value in
      (min(max(value + noise * random.normal(), 0), 1) * levels).rounded() / levels
    }
    return (picture, part(scene, rows, columns))
  }

  /// The circular convolution with a kernel centred on `[kH / 2, kW / 2]`, by its definition.
  static func circularlyBlurred(_ scene: Tensor<Double>, _ kernel: Tensor<Double>) -> Tensor<Double> {
    let (height, width) = (scene.shape[-2], scene.shape[-1])
    let (h, w) = (kernel.shape[0], kernel.shape[1])
    let planes = scene.count / (height * width)
    let taps = kernel.elements.enumerated().filter { $0.element != 0 }
    return scene.withUnsafeElements { x in
      Tensor(scene.shape) { y in
        nonisolated(unsafe) let (x, y) = (x, y)
        Parallel.forEach(planes * height) { line in
          let (plane, row) = (line / height, line % height)
          for column in 0..<width {
            var sum = 0.0
            for (place, tap) in taps {
              let source = (row - (place / w - h / 2) + height) % height
              sum += tap * x[(plane * height + source) * width + (column - (place % w - w / 2) + width) % width]
            }
            y[line * width + column] = sum
          }
        }
      }
    }
  }

  /// A periodic random picture of a given density of power at each frequency but zero, `[H, W]`.
  static func withSpectrum(
    _ height: Int, _ width: Int, using random: inout RandomGenerator, _ power: (Double, Double) -> Double
  ) -> Tensor<Double> {
    let transform = RealTransform2D<Double>(height: height, width: width)
    var spectrum = transform.forward(Tensor<Double>.normal([height, width], using: &random))
    spectrum.values.withUnsafeMutableElements { values in
      for i in 0..<values.count / 2 {
        let (row, column) = (i / (width / 2 + 1), i % (width / 2 + 1))
        let fy = Double(2 * row > height ? row - height : row) / Double(height)
        let factor = i == 0 ? 0 : power(Double(column) / Double(width), fy).squareRoot()
        values[2 * i] *= factor
        values[2 * i + 1] *= factor
      }
    }
    return transform.inverse(spectrum)
  }

  /// The peak signal-to-noise ratio of a result, clipped to 0...1, in decibels.
  static func decibels<Scalar: TensorScalar>(_ result: Tensor<Scalar>, _ truth: Tensor<Double>) -> Double {
    let error = result.converted(to: Double.self).map { min(max($0, 0), 1) } - truth
    return -10 * log10(error.dot(error) / Double(error.count))
  }
}
