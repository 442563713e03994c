import Foundation
import SpectralKit

/// Pictures that the package draws, for whoever has none at hand.
public enum Scene {
  /// Rings that get finer outwards (a zone plate) above a row of drawn digits: every frequency and sharp edges, on
  /// `side` x `side` pixels, `[1, side, side]`; a tenth of the side for each digit.
  public static func zonePlate(side: Int) -> Tensor<Float> {
    let digits = ProceduralDigits(seed: 7).dataset(.test, count: 10)
    let strip = side / 10
    let centre = Double(side) / 2
    var scene = Tensor<Float>([1, side, side]) { pixels in
      for i in pixels.indices {
        let (y, x) = (Double(i / side) - centre, Double(i % side) - centre)
        // The frequency is proportional to the radius: 0.25 cycles per pixel at the edge.
        pixels[i] = Float(0.5 + 0.5 * cos(.pi * (x * x + y * y) * 0.5 / Double(side)))
      }
    }
    scene.withUnsafeMutableElements { pixels in
      for digit in 0..<10 {
        let image = RasterImage(pixels: digits.image(at: digit)).resized(height: strip, width: strip).pixels.elements
        for (i, value) in image.enumerated() {
          pixels[(side - strip + i / strip) * side + digit * strip + i % strip] = value
        }
      }
    }
    return scene
  }

  /// A house of bricks under the sun, with a picket fence: colours, edges in all directions, smooth places, and two
  /// patterns that repeat, on `side` x `side` pixels.
  public static func street(side: Int) -> RasterImage {
    // Drawn at twice the size, so that edges are smooth.
    let fine = 2 * side
    var random = RandomGenerator(seed: 5)
    let grain = Tensor<Float>.uniform([fine * fine], in: -0.03..<0.03, using: &random)
    let pixels = Tensor<Float>([3, fine, fine]) { pixels in
      grain.withUnsafeElements { grain in
        for i in 0..<fine * fine {
          let color = color(x: (Double(i % fine) + 0.5) / Double(fine), y: (Double(i / fine) + 0.5) / Double(fine))
          for c in 0..<3 { pixels[c * fine * fine + i] = min(max(Float(color[c]) + grain[i], 0), 1) }
        }
      }
    }
    return RasterImage(pixels: pixels).resized(height: side, width: side)
  }

  /// The colour of the street at a place, both from 0 to 1, y downwards: what is in front comes first.
  private static func color(x: Double, y: Double) -> SIMD3<Double> {
    if isPicket(x, y) { return SIMD3(0.93, 0.92, 0.88) }
    if y > 0.86 { return SIMD3(0.30, 0.45, 0.20) * (0.9 + 0.2 * sin(90 * x + 7 * sin(40 * y))) }
    if (0.24...0.76).contains(x) && (0.46...0.86).contains(y) { return wall(x, y) }
    // The roof: a triangle with slanting rows of tiles.
    let slope = abs(x - 0.5) / 0.33
    if y > 0.22 && y < 0.46 && (y - 0.22) / 0.24 > slope {
      return SIMD3(0.45, 0.20, 0.16) * (0.85 + 0.15 * sin(2 * .pi * 28 * (y + 0.15 * slope)))
    }
    let hill = 0.62 + 0.05 * sin(5 * x + 1) + 0.02 * sin(17 * x)
    if y > hill { return SIMD3(0.25, 0.42, 0.28) + 0.25 * (y - hill) }
    let sun = hypot(x - 0.84, y - 0.16)
    let sky = SIMD3(0.42, 0.63, 0.88) + SIMD3(0.4, 0.28, 0.1) * y
    if sun < 0.07 { return SIMD3(1, 0.93, 0.6) }
    return sky + SIMD3(0.35, 0.28, 0.1) * exp(-pow((sun - 0.07) / 0.06, 2))
  }

  private static func isPicket(_ x: Double, _ y: Double) -> Bool {
    let along = x * 20 - (x * 20).rounded(.down)
    let point = 0.76 + 0.06 * abs(along - 0.35)
    return (y > point && y < 0.93 && along < 0.7) || (y > 0.81 && y < 0.83) || (y > 0.89 && y < 0.905)
  }

  private static func wall(_ x: Double, _ y: Double) -> SIMD3<Double> {
    let isWindow = (0.53...0.69).contains(x) && (0.52...0.68).contains(y)
    if isWindow {
      let bar = min(abs(x - 0.61), abs(y - 0.60)) < 0.006 || x < 0.54 || x > 0.68 || y < 0.53 || y > 0.67
      return bar ? SIMD3(0.95, 0.95, 0.92) : SIMD3(0.16, 0.22, 0.32) + 0.35 * max(0, 0.62 - x + 0.55 - y)
    }
    if (0.31...0.44).contains(x) && y > 0.56 {
      let isKnob = hypot(x - 0.425, y - 0.72) < 0.009
      return isKnob ? SIMD3(0.9, 0.75, 0.3) : SIMD3(0.12, 0.30, 0.26)
    }
    // Rows of bricks, every other one moved by half a brick.
    let row = (y * 40).rounded(.down)
    let along = x * 18 + (Int(row) % 2 == 0 ? 0 : 0.5)
    let (u, v) = (along - along.rounded(.down), y * 40 - row)
    if u < 0.09 || v < 0.18 { return SIMD3(0.78, 0.74, 0.68) }
    let shade = 0.9 + 0.15 * sin(37 * along.rounded(.down) + 11 * row)
    return SIMD3(0.66, 0.32, 0.24) * shade
  }
}
