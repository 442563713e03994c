import Foundation
import Synchronization
import Tensors

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

extension Image {
  /// A picture from samples, turned upright.
  init(_ samples: UnsafeRawBufferPointer, _ layout: SampleLayout, orientation: Orientation, bitDepth: Int) {
    let turned = orientation.swapsAxes
    let (height, width) = turned ? (layout.width, layout.height) : (layout.height, layout.width)
    var alpha: Tensor<Float>?
    let pixels = Tensor<Float>([layout.colors, height, width]) { target in
      for c in 0..<layout.colors {
        fillPlane(target.baseAddress! + c * height * width, height, width, samples, c, layout, orientation)
      }
    }
    if layout.hasAlpha {
      alpha = Tensor<Float>([height, width]) { target in
        fillPlane(target.baseAddress!, height, width, samples, layout.colors, layout, orientation)
      }
    }
    self.init(pixels: pixels, alpha: alpha, bitDepth: bitDepth)
  }
}

private func fillPlane(
  _ target: UnsafeMutablePointer<Float>, _ height: Int, _ width: Int, _ samples: UnsafeRawBufferPointer,
  _ channel: Int, _ layout: SampleLayout, _ orientation: Orientation
) {
  if layout.sampleBytes == 1 {
    fillPlane(target, height, width, samples, channel, layout, orientation, UInt8.self)
  } else {
    fillPlane(target, height, width, samples, channel, layout, orientation, UInt16.self)
  }
}

private func fillPlane<Sample: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
  _ target: UnsafeMutablePointer<Float>, _ height: Int, _ width: Int, _ samples: UnsafeRawBufferPointer,
  _ channel: Int, _ layout: SampleLayout, _ orientation: Orientation, _: Sample.Type
) {
  let pixelStep = layout.channels * layout.sampleBytes
  let walk = orientation.walk(width: layout.width, height: layout.height)
  let (rowStep, columnStep) = (walk.rowStep * pixelStep, walk.columnStep * pixelStep)
  let origin = walk.origin * pixelStep + channel * layout.sampleBytes
  let maximum = Float(layout.maximum)
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
          let sample = samples.loadUnaligned(fromByteOffset: start + column * columnStep, as: Sample.self)
          line[column] = Float(isBigEndian ? sample.bigEndian : sample) / maximum
        }
      }
    }
  }
}

extension Image {
  /// The samples of a picture, rounded to the nearest of 256 or 65536 steps; values outside 0...1 are clipped.
  ///
  /// - Parameter layout: Its size and alpha must be the picture's; a grey picture may fill three colours.
  /// - Returns: nil if a value is NaN or infinite.
  func samples(_ layout: SampleLayout) -> Data? {
    layout.sampleBytes == 1 ? samples(layout, UInt8.self) : samples(layout, UInt16.self)
  }

  private func samples<Sample: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ layout: SampleLayout, _: Sample.Type
  ) -> Data? {
    let (width, height, channels) = (layout.width, layout.height, layout.channels)
    var data = Data(count: width * height * channels * layout.sampleBytes)
    let isFinite = Atomic<Bool>(true)
    data.withUnsafeMutableBytes { target in
      // Data's memory comes from malloc, so it is aligned for any sample.
      nonisolated(unsafe) let samples = target.baseAddress!.assumingMemoryBound(to: Sample.self)
      func fill(_ plane: UnsafePointer<Float>, _ channel: Int) {
        nonisolated(unsafe) let plane = plane
        Parallel.forEach(height, grain: max(1, 1 << 14 / width)) { row in
          var residue: Float = 0
          for i in row * width..<(row + 1) * width {
            let value = plane[i]
            residue += value - value
            let clipped = value > 0 ? min(value, 1) : 0
            let sample = Sample(truncatingIfNeeded: Int32(clipped * Float(layout.maximum) + 0.5))
            samples[i * channels + channel] = layout.isBigEndian ? sample.bigEndian : sample
          }
          // NaN survives the sum of what should be zeros.
          if residue != 0 { isFinite.store(false, ordering: .relaxed) }
        }
      }
      pixels.withUnsafeElements { planes in
        for c in 0..<layout.colors {
          fill(planes.baseAddress! + (colorModel == .grey ? 0 : c) * width * height, c)
        }
      }
      if layout.hasAlpha { alpha!.withUnsafeElements { fill($0.baseAddress!, layout.colors) } }
    }
    return isFinite.load(ordering: .relaxed) ? data : nil
  }
}
