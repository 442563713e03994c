import Foundation
import SpectralCore

extension KernelShape {
  /// The taps. What they are is told where the cases are.
  var kernel: Kernel {
    switch self {
    case .box(let extent):
      Kernel(Tensor([extent.height, extent.width], repeating: 1 / Double(extent.height * extent.width)))
    case .gaussian(let deviation, _): sampled(sum: 1) { bell($0, deviation) * bell($1, deviation) }
    case .disk(let diameter):
      sampled(sum: 1) { DiskCoverage(radius: diameter / 2).area(ofPixel: $0, $1) }
    case .motion(let length, let angle):
      sampled(sum: 1) {
        PathCoverage(length: length, direction: Direction(degrees: angle)).length(inPixel: $0, $1)
      }
    case .sobel(let axis): Self.slope(axis, across: [1, 2, 1])
    case .scharr(let axis): Self.slope(axis, across: [3, 10, 3])
    case .prewitt(let axis): Self.slope(axis, across: [1, 1, 1])
    case .laplacian(.four): Kernel(rows: [[0, 1, 0], [1, -4, 1], [0, 1, 0]])
    case .laplacian(.eight): Kernel(rows: [[1, 1, 1], [1, -8, 1], [1, 1, 1]])
    case .laplacianOfGaussian(let deviation, _): laplacianOfGaussian(deviation)
    case .sharpen(let a): Kernel(rows: [[0, -a, 0], [-a, 1 + 4 * a, -a], [0, -a, 0]])
    case .emboss(let angle): Self.emboss(Direction(degrees: angle))
    case .gabor(let wavelength, let angle, let deviation, let phase, let aspect, _):
      gabor(wavelength, Direction(degrees: angle), deviation ?? 0.56 * wavelength, phase, aspect)
    case .random(let side, let seed): Self.random(side, seed)
    }
  }

  private var center: (row: Int, column: Int) { (extent.height / 2, extent.width / 2) }

  /// A kernel of the size this one has, from a function of the place: columns to the right and rows down from the centre.
  ///
  /// All kernels that may be large are made in place: at no time are there more taps than the kernel has.
  private func sampled(sum: Double? = nil, _ value: (Double, Double) -> Double) -> Kernel {
    Kernel(sampledTaps(sum: sum, value))
  }

  private func sampledTaps(sum: Double? = nil, _ value: (Double, Double) -> Double) -> Tensor<Double> {
    let (extent, center) = (extent, center)
    var taps = Tensor<Double>([extent.height, extent.width]) { taps in
      for i in taps.indices {
        let (row, column) = (i / extent.width, i % extent.width)
        taps[i] = value(Double(column - center.column), Double(row - center.row))
      }
    }
    if let sum { Self.divide(&taps, by: taps.sum / sum) }
    return taps
  }

  private static func divide(_ taps: inout Tensor<Double>, by divisor: Double) {
    taps.withUnsafeMutableElements { taps in for i in taps.indices { taps[i] /= divisor } }
  }

  /// The Gaussian of a distance, 1 at 0.
  private func bell(_ distance: Double, _ deviation: Double) -> Double {
    exp(-distance * distance / (2 * deviation * deviation))
  }

  /// Central differences along an axis, weights across it. Convolution turns them, hence the 1 in front.
  private static func slope(_ axis: ImageAxis, across: [Double]) -> Kernel {
    let along = [1.0, 0, -1]
    return Kernel(
      rows: axis == .x ? across.map { w in along.map { w * $0 } } : along.map { d in across.map { d * $0 } })
  }

  private func laplacianOfGaussian(_ deviation: Double) -> Kernel {
    let (variance, extent, center) = (deviation * deviation, extent, center)
    var taps = sampledTaps(sum: 1) { bell($0, deviation) * bell($1, deviation) }
    taps.withUnsafeMutableElements { taps in
      for i in taps.indices {
        let (y, x) = (Double(i / extent.width - center.row), Double(i % extent.width - center.column))
        taps[i] *= (x * x + y * y - 2 * variance) / (variance * variance)
      }
    }
    let mean = taps.mean
    taps.withUnsafeMutableElements { taps in for i in taps.indices { taps[i] -= mean } }
    return Kernel(taps)
  }

  private static func emboss(_ light: Direction) -> Kernel {
    let scale = 1 / max(abs(light.x), abs(light.y))
    let (x, y) = (slope(.x, across: [1, 1, 1]).taps, slope(.y, across: [1, 1, 1]).taps)
    var taps = x * (-light.x * scale) + y * (-light.y * scale)
    taps[1, 1] += 1
    return Kernel(taps)
  }

  private func gabor(
    _ wavelength: Double, _ direction: Direction, _ deviation: Double, _ phase: Double, _ aspect: Double
  ) -> Kernel {
    // Exact at whole quarters of a turn, so that an odd wave is odd to the last bit.
    let (cosine, sine) = (Direction(degrees: phase).x, -Direction(degrees: phase).y)
    var wave = sampledTaps { x, y in
      let (u, v) = (x * direction.x + y * direction.y, y * direction.x - x * direction.y)
      let turn = 2 * Double.pi * u / wavelength
      return bell(u, deviation) * bell(aspect * v, deviation) * (cos(turn) * cosine - sin(turn) * sine)
    }
    let gain = Kernel(wave).response(fx: direction.x / wavelength, fy: direction.y / wavelength).magnitude
    if gain > 0 { Self.divide(&wave, by: gain) }
    return Kernel(wave)
  }

  private static func random(_ side: Int, _ seed: UInt64) -> Kernel {
    var random = RandomGenerator(seed: seed)
    return Kernel(.normal([side, side], deviation: 1 / Double(side), using: &random))
  }
}
