import Foundation
import Synchronization
import SpectralCore

/// How the samples of a picture lie in memory: rows from the top, the channels of a pixel side by side.
struct SampleLayout {
  var width: Int
  var height: Int
  /// 1 grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha.
  var channels: Int
  /// 1 or 2.
  var sampleBytes: Int
  /// The sample that means 1.
  var maximum: Int
  var isBigEndian = false

  var hasAlpha: Bool { channels % 2 == 0 }
  var colors: Int { hasAlpha ? channels - 1 : channels }
}

/// The rows that one piece of parallel work converts, and the columns it stays in before it goes to the next row: small
/// enough that a turned picture's source lines stay in the cache.
private let tile = (rows: 16, columns: 64)

extension SampleLayout {
  /// Samples as numbers from 0 to 1, turned upright: the colours `[1, H, W]` or `[3, H, W]`, and alpha `[H, W]`.
  ///
  /// - Parameter curve: What the numbers of the colours become on the way; nil to leave them.
  func planes<Scalar: TensorScalar>(
    of samples: UnsafeRawBufferPointer, _ orientation: Orientation, _ curve: ((Scalar) -> Scalar)? = nil
  ) -> (colors: Tensor<Scalar>, alpha: Tensor<Float>?) {
    let turned = orientation.swapsAxes
    let (height, width) = turned ? (self.width, self.height) : (self.height, self.width)
    // A sample has few values, so a curve is computed once for each of them.
    let table = curve.map { curve in (0...maximum).map { curve(Scalar($0) / Scalar(maximum)) } }
    let pixels = Tensor<Scalar>([colors, height, width]) { target in
      for c in 0..<colors {
        fill(target.baseAddress! + c * height * width, height, width, samples, c, orientation, table)
      }
    }
    guard hasAlpha else { return (pixels, nil) }
    let alpha = Tensor<Float>([height, width]) { target in
      fill(target.baseAddress!, height, width, samples, colors, orientation, nil)
    }
    return (pixels, alpha)
  }

  private func fill<Scalar: TensorScalar>(
    _ target: UnsafeMutablePointer<Scalar>, _ height: Int, _ width: Int, _ samples: UnsafeRawBufferPointer,
    _ channel: Int, _ orientation: Orientation, _ table: [Scalar]?
  ) {
    if sampleBytes == 1 {
      fillPlane(target, height, width, samples, channel, self, orientation, table, UInt8.self)
    } else {
      fillPlane(target, height, width, samples, channel, self, orientation, table, UInt16.self)
    }
  }
}

@specialized(where Sample == UInt8, Scalar == Float)
@specialized(where Sample == UInt16, Scalar == Float)
@specialized(where Sample == UInt8, Scalar == Double)
@specialized(where Sample == UInt16, Scalar == Double)
private func fillPlane<Sample: FixedWidthInteger & UnsignedInteger & BitwiseCopyable, Scalar: TensorScalar>(
  _ target: UnsafeMutablePointer<Scalar>, _ height: Int, _ width: Int, _ samples: UnsafeRawBufferPointer,
  _ channel: Int, _ layout: SampleLayout, _ orientation: Orientation, _ table: [Scalar]?, _: Sample.Type
) {
  let pixelStep = layout.channels * layout.sampleBytes
  let walk = orientation.walk(width: layout.width, height: layout.height)
  let (rowStep, columnStep) = (walk.rowStep * pixelStep, walk.columnStep * pixelStep)
  let origin = walk.origin * pixelStep + channel * layout.sampleBytes
  let maximum = Scalar(layout.maximum)
  let isBigEndian = layout.isBigEndian
  nonisolated(unsafe) let (target, samples) = (target, samples)
  Parallel.forEach((height + tile.rows - 1) / tile.rows, grain: max(1, 1 << 14 / (tile.rows * width))) { block in
    let rows = block * tile.rows..<min(height, (block + 1) * tile.rows)
    for left in stride(from: 0, to: width, by: tile.columns) {
      let columns = left..<min(width, left + tile.columns)
      for row in rows {
        let line = target + row * width
        let start = origin + row * rowStep
        for column in columns {
          let stored = samples.loadUnaligned(fromByteOffset: start + column * columnStep, as: Sample.self)
          let sample = isBigEndian ? stored.bigEndian : stored
          line[column] = table.map { $0[Int(sample)] } ?? Scalar(sample) / maximum
        }
      }
    }
  }
}

/// The samples of a picture, ready for a file.
struct PictureSamples {
  /// Row by row, as the layout says.
  let data: Data
  /// How many values lay outside 0...1 by more than rounding and were clipped.
  let clippedCount: Int

  /// Rounds to the nearest of 256 or 65536 steps; values outside 0...1 are clipped.
  ///
  /// - Parameters:
  ///   - colors: `[1, H, W]` or `[3, H, W]`; one plane may fill three colours.
  ///   - alpha: `[H, W]`, there if the layout has alpha.
  /// - Returns: nil if a value is NaN or infinite.
  init?<Scalar: TensorScalar>(_ colors: Tensor<Scalar>, alpha: Tensor<Float>?, _ layout: SampleLayout) {
    let isFinite = Atomic<Bool>(true)
    let clipped = Atomic<Int>(0)
    var data = Data(count: layout.width * layout.height * layout.channels * layout.sampleBytes)
    data.withUnsafeMutableBytes { target in
      let samples = target.baseAddress!
      colors.withUnsafeElements { planes in
        for c in 0..<layout.colors {
          let plane = planes.baseAddress! + (colors.shape[0] == 1 ? 0 : c) * layout.width * layout.height
          writePlane(plane, c, layout, samples, isFinite, clipped)
        }
      }
      alpha?.withUnsafeElements { writePlane($0.baseAddress!, layout.colors, layout, samples, isFinite, clipped) }
    }
    guard isFinite.load(ordering: .relaxed) else { return nil }
    self.data = data
    clippedCount = clipped.load(ordering: .relaxed)
  }
}

private func writePlane<Scalar: TensorScalar>(
  _ plane: UnsafePointer<Scalar>, _ channel: Int, _ layout: SampleLayout, _ samples: UnsafeMutableRawPointer,
  _ isFinite: borrowing Atomic<Bool>, _ clipped: borrowing Atomic<Int>
) {
  // Data's memory comes from malloc, so it is aligned for any sample.
  nonisolated(unsafe) let (plane, samples) = (plane, samples)
  Parallel.forEach(layout.height, grain: max(1, 1 << 14 / layout.width)) { row in
    let result =
      layout.sampleBytes == 1
      ? writeRow(plane + row * layout.width, row, channel, layout, samples.assumingMemoryBound(to: UInt8.self))
      : writeRow(plane + row * layout.width, row, channel, layout, samples.assumingMemoryBound(to: UInt16.self))
    if !result.isFinite { isFinite.store(false, ordering: .relaxed) }
    if result.clipped > 0 { clipped.wrappingAdd(result.clipped, ordering: .relaxed) }
  }
}

@specialized(where Scalar == Float, Sample == UInt8)
@specialized(where Scalar == Float, Sample == UInt16)
@specialized(where Scalar == Double, Sample == UInt8)
@specialized(where Scalar == Double, Sample == UInt16)
private func writeRow<Scalar: TensorScalar, Sample: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
  _ line: UnsafePointer<Scalar>, _ row: Int, _ channel: Int, _ layout: SampleLayout,
  _ samples: UnsafeMutablePointer<Sample>
) -> (isFinite: Bool, clipped: Int) {
  let (channels, isBigEndian) = (layout.channels, layout.isBigEndian)
  let target = samples + row * layout.width * channels + channel
  let scale = Scalar(layout.maximum)
  var residue: Scalar = 0
  var clipped: Int32 = 0
  for i in 0..<layout.width {
    let value = line[i]
    residue += value - value
    // Within half a step the nearest sample is still within the step that rounding may move it.
    let scaled = value * scale
    clipped &+= scaled < -0.5 || scaled > scale + 0.5 ? 1 : 0
    let bounded = value > 0 ? min(value, 1) : 0
    let sample = Sample(truncatingIfNeeded: Int32(bounded * scale + 0.5))
    target[i * channels] = isBigEndian ? sample.bigEndian : sample
  }
  // NaN survives the sum of what should be zeros.
  return (residue == 0, Int(clipped))
}
