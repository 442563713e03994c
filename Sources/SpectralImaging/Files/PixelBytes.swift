import Foundation
import Synchronization
import SpectralCore

/// A picture as screens take it: red, green, blue and opacity of each pixel, a byte each, row by row.
public struct PixelBytes: Sendable {
  /// `4 H W` bytes.
  public let data: Data
  /// Rows of pixels.
  public let height: Int
  /// Pixels in a row.
  public let width: Int

  /// The bytes of a picture, rounded as those of its files are; a grey one has three equal colours.
  ///
  /// - Throws: `FileError` for values that are NaN or infinite.
  public init(_ image: RasterImage) throws {
    let (height, width) = (image.height, image.width)
    let area = height * width
    // The places of green and blue after red.
    let step = image.colorModel == .grey ? 0 : area
    let isFinite = Atomic<Bool>(true)
    var data = Data(count: 4 * area)
    data.withUnsafeMutableBytes { target in
      image.pixels.withUnsafeElements { colors in
        nonisolated(unsafe) let (target, colors) = (target.assumingMemoryBound(to: UInt32.self), colors)
        Parallel.forEach(height, grain: max(1, 1 << 14 / max(1, width))) { row in
          var residue: Float = 0
          for i in row * width..<(row + 1) * width {
            let (red, green, blue) = (colors[i], colors[i + step], colors[i + 2 * step])
            // What is no number stays none when it is subtracted from itself.
            residue += (red - red) + (green - green) + (blue - blue)
            target[i] = (byte(red) | byte(green) << 8 | byte(blue) << 16 | 0xff << 24).littleEndian
          }
          if residue != 0 { isFinite.store(false, ordering: .relaxed) }
        }
      }
      image.alpha?.withUnsafeElements { alpha in
        for i in 0..<area { target[4 * i + 3] = UInt8(byte(alpha[i])) }
      }
    }
    guard isFinite.load(ordering: .relaxed) else {
      throw FileError("picture", "values that are NaN or infinite cannot be shown: mend them first")
    }
    (self.data, self.height, self.width) = (data, height, width)
  }
}

/// The nearest of 256 steps.
@inline(__always)
private func byte(_ value: Float) -> UInt32 {
  UInt32(truncatingIfNeeded: Int32((value > 0 ? min(value, 1) : 0) * 255 + 0.5))
}

extension RasterImage {
  /// The picture, made smaller until no side is longer than `side`; as it is if none is.
  public func limited(toSide side: Int?) -> RasterImage {
    guard let side, max(height, width) > side else { return self }
    let scale = Double(side) / Double(max(height, width))
    func scaled(_ count: Int) -> Int { max(1, Int((Double(count) * scale).rounded())) }
    return resized(height: scaled(height), width: scaled(width))
  }
}
