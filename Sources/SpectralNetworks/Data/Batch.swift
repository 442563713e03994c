import SpectralCore

/// Some images and their classes, ready for a network.
public struct Batch<Scalar: TensorScalar>: Sendable {
  /// Normalized images, `[B, C, H, W]`.
  public let images: Tensor<Scalar>
  /// The class of each.
  public let labels: [Int]
  /// The place of this batch in its epoch, from 0.
  public let index: Int
  /// Which images of the data set these are.
  public let samples: [Int]

  /// How many images there are.
  public var count: Int { labels.count }
}

/// Makes the images of a batch from stored pixels: places, converts, normalizes.
package struct BatchAssembler<Scalar: TensorScalar>: Sendable {
  private let pixels: Dataset.Pixels
  private let shape: TensorShape
  private let normalization: Normalization
  private let edge: Augmentation.Edge
  /// What each byte becomes, 256 entries per channel: correctly rounded, and no arithmetic per pixel.
  private let table: [Scalar]

  package init(_ dataset: Dataset, edge: Augmentation.Edge) {
    (pixels, shape, normalization) = (dataset.pixels, dataset.imageShape, dataset.normalization)
    self.edge = edge
    let normalization = dataset.normalization
    table = (0..<normalization.channels).flatMap { channel in
      (0..<256).map { Scalar(normalization(Double($0) / 255, channel: channel)) }
    }
  }

  /// Images `samples`, each placed by its own placement, `[B, C, H, W]`.
  package func images(_ samples: [Int], _ placements: [Augmentation.Placement]) -> Tensor<Scalar> {
    Tensor(TensorShape([samples.count] + shape.extents)) { target in
      switch pixels {
      case .bytes(let bytes):
        bytes.withUnsafeBufferPointer { bytes in
          table.withUnsafeBufferPointer { table in
            forEachRow(samples, placements, target) { row, channel, columns, out in
              let table = UnsafeBufferPointer(rebasing: table[256 * channel..<256 * (channel + 1)])
              guard let row else { return out.update(repeating: table[0]) }
              copyRow(UnsafeBufferPointer(rebasing: bytes[row]), columns, table, to: out)
            }
          }
        }
      case .floats(let images):
        images.withUnsafeElements { values in
          forEachRow(samples, placements, target) { row, channel, columns, out in
            let (mean, deviation) = (normalization.mean[channel], normalization.deviation[channel])
            guard let row else { return out.update(repeating: Scalar(-mean / deviation)) }
            copyRow(UnsafeBufferPointer(rebasing: values[row]), columns, mean, deviation, to: out)
          }
        }
      }
    }
  }

  /// Calls `body` for each row of the batch, with the range of stored pixels it comes from (nil if it is beyond the
  /// edge and black), its channel, and the column that each of its pixels comes from (nil if its own).
  private func forEachRow(
    _ samples: [Int], _ placements: [Augmentation.Placement], _ target: UnsafeMutableBufferPointer<Scalar>,
    _ body: (Range<Int>?, Int, UnsafeBufferPointer<Int>?, UnsafeMutableBufferPointer<Scalar>) -> Void
  ) {
    let (channels, height, width) = (shape[0], shape[1], shape[2])
    let size = channels * height * width
    // A piece is worth another thread from 64K pixels on.
    Parallel.forEach(samples.count, grain: max(1, (1 << 16) / size), workspace: { Scratch<Int>(count: width) }) {
      image, columns in
      let placement = placements[image]
      for x in 0..<width {
        columns.base[x] = Augmentation.source(
          x, movedBy: placement.right, isMirrored: placement.isMirrored, extent: width, edge: edge)
      }
      let moves = placement.right != 0 || placement.isMirrored
      let map = moves ? UnsafeBufferPointer(start: columns.base, count: width) : nil
      for plane in 0..<channels {
        for y in 0..<height {
          let source = Augmentation.source(y, movedBy: placement.down, isMirrored: false, extent: height, edge: edge)
          let from = samples[image] * size + (plane * height + source) * width
          let to = image * size + (plane * height + y) * width
          body(
            source < 0 ? nil : from..<from + width, plane, map,
            UnsafeMutableBufferPointer(rebasing: target[to..<to + width]))
        }
      }
    }
  }
}

/// Looks bytes up in a table; column -1 is black.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func copyRow<Scalar: TensorScalar>(
  _ row: UnsafeBufferPointer<UInt8>, _ columns: UnsafeBufferPointer<Int>?, _ table: UnsafeBufferPointer<Scalar>,
  to out: UnsafeMutableBufferPointer<Scalar>
) {
  guard let columns else {
    for x in out.indices { out[x] = table[Int(row[x])] }
    return
  }
  for x in out.indices { out[x] = columns[x] < 0 ? table[0] : table[Int(row[columns[x]])] }
}

/// Normalizes numbers; column -1 is black.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func copyRow<Scalar: TensorScalar>(
  _ row: UnsafeBufferPointer<Float>, _ columns: UnsafeBufferPointer<Int>?, _ mean: Double, _ deviation: Double,
  to out: UnsafeMutableBufferPointer<Scalar>
) {
  for x in out.indices {
    let column = columns.map { $0[x] } ?? x
    out[x] = Scalar(((column < 0 ? 0 : Double(row[column])) - mean) / deviation)
  }
}
