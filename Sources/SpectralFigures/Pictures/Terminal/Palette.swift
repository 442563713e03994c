import Foundation
import SpectralImaging
import SpectralCore

/// At most 256 colours that stand for those of a picture, and which of them each pixel has.
///
/// Median cut (Heckbert, 1982): the colours that are there are divided, again and again the group that differs most
/// along one of red, green and blue, at its middle. Then the pixels go row by row to the nearest colour, and hand on what
/// is amiss to their neighbours (Floyd and Steinberg, 1976), so that a sky has no steps.
struct Palette {
  private(set) var colors: [RGBColor]
  private(set) var indices: [UInt8]

  init(_ image: RasterImage) {
    var counts: [UInt32: Int] = [:]
    let (height, width) = (image.height, image.width)
    var packed = [UInt32](repeating: 0, count: height * width)
    for i in packed.indices {
      let (red, green, blue) = image.bytes(i / width, i % width)
      packed[i] = UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue)
      counts[packed[i], default: 0] += 1
    }
    let distinct = counts.keys.sorted()
    if distinct.count <= 256 {
      let places = Dictionary(uniqueKeysWithValues: distinct.enumerated().map { ($1, UInt8($0)) })
      colors = distinct.map(Self.color)
      indices = packed.map { places[$0]! }
      return
    }
    colors = Self.medianCut(distinct.map { ($0, counts[$0]!) })
    indices = []
    indices = dithered(image)
  }

  private static func color(_ packed: UInt32) -> RGBColor {
    RGBColor(Float(packed >> 16) / 255, Float(packed >> 8 & 255) / 255, Float(packed & 255) / 255)
  }

  private static func medianCut(_ entries: [(color: UInt32, count: Int)]) -> [RGBColor] {
    func part(_ color: UInt32, _ shift: UInt32) -> UInt32 { color >> shift & 255 }
    /// The widest axis of a group, and how many pixels times how wide it is.
    func spread(_ group: [(color: UInt32, count: Int)]) -> (shift: UInt32, weight: Double) {
      let widths = [16, 8, 0].map { (shift: UInt32) -> (shift: UInt32, width: UInt32) in
        let values = group.map { part($0.color, shift) }
        return (shift, values.max()! - values.min()!)
      }
      let widest = widths.max { $0.width < $1.width }!
      return (widest.shift, Double(widest.width) * Double(group.reduce(0) { $0 + $1.count }).squareRoot())
    }
    var groups = [(entries: entries, spread: spread(entries))]
    while groups.count < 256 {
      let index = groups.indices.max { groups[$0].spread.weight < groups[$1].spread.weight }!
      guard groups[index].spread.weight > 0 else { break }
      let shift = groups[index].spread.shift
      let sorted = groups[index].entries.sorted {
        (part($0.color, shift), $0.color) < (part($1.color, shift), $1.color)
      }
      let half = sorted.reduce(0) { $0 + $1.count } / 2
      var (end, sum) = (0, 0)
      repeat {
        sum += sorted[end].count
        end += 1
      } while sum < half && end < sorted.count - 1
      let parts = [Array(sorted[..<end]), Array(sorted[end...])]
      groups[index] = (parts[0], spread(parts[0]))
      groups.append((parts[1], spread(parts[1])))
    }
    return groups.map { group in
      var (red, green, blue, total) = (0, 0, 0, 0)
      for (color, count) in group.entries {
        red += Int(part(color, 16)) * count
        green += Int(part(color, 8)) * count
        blue += Int(part(color, 0)) * count
        total += count
      }
      let scale = 1 / (255 * Float(total))
      return RGBColor(Float(red) * scale, Float(green) * scale, Float(blue) * scale)
    }
  }

  private func dithered(_ image: RasterImage) -> [UInt8] {
    let (height, width) = (image.height, image.width)
    var indices = [UInt8](repeating: 0, count: height * width)
    // What the pixels of this row and of the next are to make up for, with one more at either end.
    var here = [SIMD3<Float>](repeating: .zero, count: width + 2)
    var nearestKnown: [SIMD3<Int32>: UInt8] = [:]
    for row in 0..<height {
      var below = [SIMD3<Float>](repeating: .zero, count: width + 2)
      for column in 0..<width {
        let (red, green, blue) = image.bytes(row, column)
        let own = SIMD3(Float(red), Float(green), Float(blue)) / 255
        let wanted = (own + here[column + 1]).clamped(lowerBound: .zero, upperBound: .one)
        // Searched for once for each of 64 steps of each colour.
        let key = SIMD3<Int32>(wanted * 63.99)
        let index = nearestKnown[key] ?? nearest((SIMD3<Float>(key) + 0.5) / 64)
        nearestKnown[key] = index
        indices[row * width + column] = index
        let error = wanted - SIMD3(colors[Int(index)].red, colors[Int(index)].green, colors[Int(index)].blue)
        here[column + 2] += error * (7 / 16)
        below[column] += error * (3 / 16)
        below[column + 1] += error * (5 / 16)
        below[column + 2] += error * (1 / 16)
      }
      here = below
    }
    return indices
  }

  private func nearest(_ wanted: SIMD3<Float>) -> UInt8 {
    var best = (index: 0, distance: Float.infinity)
    for (index, color) in colors.enumerated() {
      let difference = wanted - SIMD3(color.red, color.green, color.blue)
      let distance = (difference * difference).sum()
      if distance < best.distance { best = (index, distance) }
    }
    return UInt8(best.index)
  }
}
