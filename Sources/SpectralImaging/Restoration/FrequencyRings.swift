import Foundation
import SpectralCore

/// The frequencies of an image in rings around zero, so that powers can be averaged over those of about one length.
///
/// Ring 0 holds what no shift can be read from: the mean, and half a cycle per pixel, whose phase has no direction.
struct FrequencyRings: Sendable {
  let height: Int
  let width: Int
  /// Columns of a spectrum that are kept; the rest is Hermitian.
  var half: Int { width / 2 + 1 }
  /// The ring of each kept frequency, `[H, W/2 + 1]`.
  let ring: [UInt8]
  /// The frequencies of the whole spectrum in each ring.
  let sizes: [Double]
  /// Rings, ring 0 included.
  var count: Int { sizes.count }

  init(height: Int, width: Int) {
    (self.height, self.width) = (height, width)
    let half = width / 2 + 1
    // In bins of the longer side: 1.5 bins wide at first, an eighth of the radius further out.
    let side = Double(max(height, width))
    var edges = [2.0]
    while edges.last! < side { edges.append(edges.last! + max(1.5, edges.last! / 8)) }
    let (outer, last) = (edges, edges.count - 1)
    var ring = [UInt8](repeating: 0, count: height * half)
    ring.withUnsafeMutableBufferPointer { ring in
      nonisolated(unsafe) let ring = ring
      Parallel.forEach(height, grain: max(1, (1 << 14) / half)) { row in
        let vertical = Self.frequency(row, height) * side
        for column in 0..<half {
          if (row == 0 && column == 0) || 2 * row == height || 2 * column == width { continue }
          let horizontal = Double(column) / Double(width) * side
          let radius = (vertical * vertical + horizontal * horizontal).squareRoot()
          var (low, high) = (0, last)
          while low < high {
            let middle = (low + high) / 2
            if radius < outer[middle] { high = middle } else { low = middle + 1 }
          }
          ring[row * half + column] = UInt8(low + 1)
        }
      }
    }
    var sizes = [Double](repeating: 0, count: edges.count + 1)
    for place in ring.indices { sizes[Int(ring[place])] += place % half == 0 ? 1 : 2 }
    sizes[0] = 0
    (self.ring, self.sizes) = (ring, sizes)
  }

  /// The signed frequency of a row, in cycles per pixel.
  static func frequency(_ row: Int, _ height: Int) -> Double {
    Double(2 * row > height ? row - height : row) / Double(height)
  }

  /// Sums over each ring, of several quantities at once.
  ///
  /// Rows are added up in blocks that do not depend on the threads, so neither do the sums.
  ///
  /// - Parameters:
  ///   - quantities: How many.
  ///   - body: Adds a row's terms to the sums, quantity by quantity.
  func sums(quantities: Int, _ body: (_ row: Int, _ sums: UnsafeMutablePointer<Double>) -> Void) -> [[Double]] {
    let blocks = min(64, height)
    var partial = [Double](repeating: 0, count: blocks * quantities * count)
    partial.withUnsafeMutableBufferPointer { partial in
      nonisolated(unsafe) let partial = partial.baseAddress!
      Parallel.forEach(blocks, grain: max(1, (1 << 14) / (half * max(1, height / blocks)))) { block in
        for row in block * height / blocks..<(block + 1) * height / blocks {
          body(row, partial + block * quantities * count)
        }
      }
    }
    return (0..<quantities).map { quantity in
      (0..<count).map { ring in
        (0..<blocks).reduce(0) { $0 + partial[($1 * quantities + quantity) * count + ring] }
      }
    }
  }
}
