import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// An image with room around it, so that what wraps around does not reach it.
///
/// ```
/// ┌──────────────────────┐
/// │  the extension       │   at least the size of the PSF on every side; none
/// │    ┌──────────┐      │   with a circular boundary
/// │    │  image   │      │
/// │    └──────────┘      │
/// └──────────────────────┘
/// ```
struct PaddedFrame: Sendable {
  /// The image's size.
  let image: Extent
  /// The frame's size.
  let size: Extent
  /// Where the image's first pixel is.
  let origin: Extent
  /// What the extension begins with.
  let boundary: Boundary

  init(image: Extent, pointSpread: Extent, boundary: Boundary) {
    (self.image, self.boundary) = (image, boundary)
    guard boundary != .circular else {
      (size, origin) = (image, Extent(0))
      return
    }
    size = Extent(
      height: FastSize.next(image.height + 2 * pointSpread.height),
      width: FastSize.next(image.width + 2 * pointSpread.width))
    origin = Extent(height: (size.height - image.height) / 2, width: (size.width - image.width) / 2)
  }

  /// Whether there is room around the image.
  var isPadded: Bool { size != image }
  /// Pixels in the frame.
  var count: Int { size.height * size.width }
  /// The numbers in a half spectrum, real and imaginary parts counted apart.
  var spectrumCount: Int { size.height * (size.width / 2 + 1) * 2 }
  /// The rows of the frame in which the image is.
  var rows: Range<Int> { origin.height..<origin.height + image.height }
  /// The columns of the frame in which the image is.
  var columns: Range<Int> { origin.width..<origin.width + image.width }
  /// Rows that make a piece worth handing to a thread.
  var grain: Int { max(1, (1 << 15) / size.width) }

  /// A plane extended by the boundary, less a number.
  ///
  /// - Parameter plane: `[H, W]`.
  /// - Returns: The frame.
  func extended<Scalar: TensorScalar>(_ plane: UnsafePointer<Scalar>, minus mean: Scalar) -> Tensor<Scalar> {
    let sourceRows = sources(size.height, origin.height, image.height)
    let sourceColumns = sources(size.width, origin.width, image.width)
    return Tensor([size.height, size.width]) { target in
      nonisolated(unsafe) let target = target.baseAddress!
      Parallel.forEach(size.height, grain: grain) { row in
        gather(
          from: sourceRows[row].map { plane + $0 * image.width }, sourceColumns, minus: mean,
          to: target + row * size.width)
      }
    }
  }

  private func sources(_ count: Int, _ origin: Int, _ image: Int) -> [Int?] {
    (0..<count).map { boundary.source(of: $0 - origin, count: image) }
  }

  /// Writes the image's part of a frame, plus a number, to a plane `[H, W]`.
  func crop<Scalar: TensorScalar>(_ frame: Tensor<Scalar>, plus mean: Scalar, to plane: UnsafeMutablePointer<Scalar>) {
    frame.withUnsafeElements { source in
      let source = source.baseAddress! + origin.height * size.width + origin.width
      Parallel.forEach(image.height, grain: grain) { row in
        addConstant(source + row * size.width, mean, to: plane + row * image.width, count: image.width)
      }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func gather<Scalar: TensorScalar>(
  from row: UnsafePointer<Scalar>?, _ columns: [Int?], minus mean: Scalar, to target: UnsafeMutablePointer<Scalar>
) {
  for (column, source) in columns.enumerated() {
    // Where the boundary is zero, zero is black, not the mean.
    target[column] = (row.flatMap { row in source.map { row[$0] } } ?? 0) - mean
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func addConstant<Scalar: TensorScalar>(
  _ source: UnsafePointer<Scalar>, _ constant: Scalar, to target: UnsafeMutablePointer<Scalar>, count: Int
) {
  for i in 0..<count { target[i] = source[i] + constant }
}
