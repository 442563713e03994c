import Foundation
import SpectralCore

/// The data set that needs no files: digits in handwriting that the package draws itself.
///
/// Each image is written with a pen of random thickness along the strokes of `DigitStrokes`, bent by a random smooth
/// field, slanted, turned, stretched and moved, then printed on noisy paper: 28 x 28, white on black, as MNIST. The
/// digits take turns: image `i` shows `i % 10`.
///
/// An image depends on the seed, its split and its index alone, so the first images are the same however many follow.
public struct ProceduralDigits: Hashable, Sendable {
  /// What all random choices come from.
  public var seed: UInt64

  /// The images to learn from, or those to be judged by; they have no random number in common.
  public enum Split: String, CaseIterable, Hashable, Sendable {
    case training, test
  }

  /// Rows and columns of an image.
  public static let side = 28

  /// Measured on the 10,000 training images of seed 0.
  public static let normalization = Normalization(mean: [0.1249], deviation: [0.2447])

  /// The digits of a seed.
  public init(seed: UInt64 = 0) { self.seed = seed }

  /// The digit that image `index` shows.
  public static func label(of index: Int) -> Int { index % 10 }

  /// The first `count` images.
  public func dataset(_ split: Split, count: Int) -> Dataset {
    precondition(count >= 0, "\(count) images")
    let area = Self.side * Self.side
    let bytes = [UInt8](unsafeUninitializedCapacity: count * area) { bytes, initialized in
      let images = bytes
      Parallel.forEach(count, grain: 32) { i in
        draw(i, split, into: UnsafeMutableBufferPointer(rebasing: images[i * area..<(i + 1) * area]))
      }
      initialized = count * area
    }
    return Dataset(
      name: "digits", bytes: bytes, imageShape: [1, Self.side, Self.side], labels: (0..<count).map(Self.label),
      classNames: (0...9).map(String.init), normalization: Self.normalization)
  }

  /// One image, row-major; 0 is black, 255 is white.
  public func image(_ index: Int, _ split: Split) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: Self.side * Self.side) { bytes, initialized in
      draw(index, split, into: UnsafeMutableBufferPointer(rebasing: bytes[..<(Self.side * Self.side)]))
      initialized = Self.side * Self.side
    }
  }

  private func draw(_ index: Int, _ split: Split, into bytes: UnsafeMutableBufferPointer<UInt8>) {
    var random = RandomGenerator(seed: seed, stream: split == .training ? .trainingDigits : .testDigits, index)
    let variants = DigitStrokes.variants[Self.label(of: index)]
    let strokes = variants[random.below(variants.count)]
    let hand = Handwriting(using: &random)
    let lines = hand.write(strokes, using: &random)
    var ink = [Float](repeating: 0, count: bytes.count)
    ink.withUnsafeMutableBufferPointer { ink in
      for line in lines {
        for i in line.indices.dropLast() {
          drawSegment(from: line[i], to: line[i + 1], radius: hand.radius, into: ink)
        }
      }
    }
    for i in bytes.indices {
      let value = ink[i] * Float(hand.brightness) + Float(hand.noise * random.normal())
      bytes[i] = UInt8(min(max(value * 255, 0), 255).rounded())
    }
  }

  /// Adds a segment to a square image, anti-aliased: a pixel is as bright as the pen covers it, judged by the distance
  /// of its centre from the segment. Where segments overlap the brighter one counts.
  private func drawSegment(
    from a: SIMD2<Double>, to b: SIMD2<Double>, radius: Double, into ink: UnsafeMutableBufferPointer<Float>
  ) {
    let (a, b, reach) = (SIMD2<Float>(a), SIMD2<Float>(b), Float(radius) + 0.5)
    let direction = b - a
    let lengthSquared = max((direction * direction).sum(), 1e-12)
    // The pixels whose centres may be within reach.
    func range(_ a: Float, _ b: Float) -> Range<Int> {
      let first = max(Int((min(a, b) - reach).rounded(.up)), 0)
      let last = min(Int((max(a, b) + reach).rounded(.down)), Self.side - 1)
      return first..<max(last + 1, first)
    }
    for y in range(a.y, b.y) {
      for x in range(a.x, b.x) {
        let fromStart = SIMD2(Float(x), Float(y)) - a
        let along = min(max((fromStart * direction).sum() / lengthSquared, 0), 1)
        let away = fromStart - along * direction
        let coverage = min(reach - (away * away).sum().squareRoot(), 1)
        let place = y * Self.side + x
        if coverage > ink[place] { ink[place] = coverage }
      }
    }
  }
}

/// How one digit is written: everything random about it but the noise.
private struct Handwriting {
  let radius: Double
  let brightness: Double
  let noise: Double
  private let columnX: SIMD2<Double>
  private let columnY: SIMD2<Double>
  /// A smooth field of displacements: waves across the box, in units of the box.
  private let waves: [(direction: SIMD2<Double>, phase: Double, push: SIMD2<Double>)]

  init(using random: inout RandomGenerator) {
    radius = random.uniform(in: 0.7..<1.7)
    brightness = random.uniform(in: 0.7..<1.0)
    noise = random.uniform(in: 0.02..<0.15)
    let height = random.uniform(in: 12..<20)
    let width = height * random.uniform(in: 0.75..<1.2)
    let slant = random.uniform(in: -0.2..<0.45)
    let turn = random.uniform(in: -0.26..<0.26)
    let (c, s) = (cos(turn), sin(turn))
    // Stretch, slant (to the right at the top), turn.
    columnX = width * SIMD2(c, s)
    columnY = height * (SIMD2(-s, c) - slant * SIMD2(c, s))
    waves = (0..<3).map { _ in
      (
        direction: Self.direction(random.uniform(in: 0..<2 * .pi)) * random.uniform(in: 1..<6),
        phase: random.uniform(in: 0..<2 * .pi), push: SIMD2(random.normal(), random.normal()) * 0.04
      )
    }
  }

  private static func direction(_ angle: Double) -> SIMD2<Double> { SIMD2(cos(angle), sin(angle)) }

  /// The strokes in the image, in pixels, at a random place where the pen stays on the paper.
  func write(_ strokes: [DigitStrokes.Stroke], using random: inout RandomGenerator) -> [[SIMD2<Double>]] {
    var lines = strokes.map { $0.polyline.map(bend) }
    var (low, high) = (lines[0][0], lines[0][0])
    for line in lines {
      for point in line {
        low = pointwiseMin(low, point)
        high = pointwiseMax(high, point)
      }
    }
    let last = Double(ProceduralDigits.side - 1)
    // The free distance on either side once the digit is in the middle; a digit too large for the paper stays there.
    let free = pointwiseMax((last - 2 * radius - (high - low)) / 2, SIMD2())
    let shift = SIMD2(random.uniform(in: -1..<1), random.uniform(in: -1..<1)) * pointwiseMin(free, SIMD2(5, 5))
    let move = last / 2 - (low + high) / 2 + shift
    for i in lines.indices { for j in lines[i].indices { lines[i][j] += move } }
    return lines
  }

  /// Where a point of the box is on the paper, in pixels from the digit's middle.
  private func bend(_ point: SIMD2<Double>) -> SIMD2<Double> {
    var point = point
    for wave in waves { point += sin((wave.direction * point).sum() + wave.phase) * wave.push }
    point -= 0.5
    return point.x * columnX + point.y * columnY
  }
}
