import SpectralCore

/// Transforms real images to spectra and back, any size, primes too.
///
/// ```swift
/// let transform = RealTransform2D<Float>(height: 480, width: 640)
/// let spectrum = transform.forward(image)      // [..., 480, 321, 2]
/// let same = transform.inverse(spectrum)       // [..., 480, 640]
/// ```
/// The inverse is normalised: it undoes the forward transform. Rows are transformed first, then columns, each in parallel.
public struct RealTransform2D<Scalar: FourierScalar>: Sendable {
  /// The rows of an image, H.
  public let height: Int
  /// The columns of an image, W.
  public let width: Int
  private let rows: PlanPair
  private let columns: PlanPair
  private let columnsOfLastBlock: PlanPair

  private struct PlanPair: Sendable {
    let forward: TransformPlan<Scalar>
    let backward: TransformPlan<Scalar>
  }

  /// Columns are transformed in blocks of this many, so that a cache line that is read is also used.
  private static var block: Int { 16 }
  private var half: Int { width / 2 + 1 }
  private var blocks: Int { (half + Self.block - 1) / Self.block }

  /// The transform of images of one size; planning happens here.
  ///
  /// - Precondition: the image has at least one pixel.
  public init(height: Int, width: Int, rigor: PlanningRigor = .estimate) {
    precondition(height > 0 && width > 0, "there is no transform of \(height) x \(width) pixels")
    self.height = height
    self.width = width
    let half = width / 2 + 1
    // Rows and column blocks start anywhere, hence the unaligned plans.
    rows = PlanPair(
      forward: .shared(
        .realToComplex, TransformLayout(transformed: [.init(width, 1, 1)], repeated: []), rigor: rigor, aligned: false),
      backward: .shared(
        .complexToReal, TransformLayout(transformed: [.init(width, 1, 1)], repeated: []), rigor: rigor, aligned: false))
    func columnPlans(_ count: Int) -> PlanPair {
      let layout = TransformLayout(
        transformed: [.init(height, half, count)], repeated: [.init(count, 1, 1)])
      let back = TransformLayout(
        transformed: [.init(height, half, count)], repeated: [.init(count, 1, 1)])
      return PlanPair(
        forward: .shared(.complexForward, layout, rigor: rigor, aligned: false),
        backward: .shared(.complexBackward, back, rigor: rigor, aligned: false))
    }
    let last = half % Self.block
    columns = columnPlans(min(Self.block, half))
    columnsOfLastBlock = last == 0 ? columns : columnPlans(last)
  }

  /// The spectra of images.
  ///
  /// - Parameter images: `[..., H, W]`.
  /// - Returns: `[..., H, W/2 + 1, 2]`.
  public func forward(_ images: Tensor<Scalar>) -> Spectrum<Scalar> {
    precondition(
      images.shape.rank >= 2 && images.shape[-2] == height && images.shape[-1] == width,
      "images of shape \(images.shape) under a transform of \(height) x \(width) pixels")
    let count = images.count / (height * width)
    var values = images.withUnsafeElements { source in
      Tensor<Scalar>(TensorShape(images.shape.extents.dropLast() + [half, 2])) { target in
        guard count > 0 else { return }
        let (source, target) = (UnsafeMutablePointer(mutating: source.baseAddress!), target.baseAddress!)
        // A one-dimensional real-to-complex transform leaves its input as it is.
        Parallel.forEach(count * height, grain: grain(width)) { row in
          rows.forward.execute(source + row * width, target + 2 * row * half)
        }
      }
    }
    transformColumns(&values, count, \.forward, scale: 1)
    return Spectrum(height: height, width: width, values: values)
  }

  /// The images of spectra.
  ///
  /// - Returns: `[..., H, W]`.
  public func inverse(_ spectrum: Spectrum<Scalar>) -> Tensor<Scalar> {
    precondition(
      spectrum.height == height && spectrum.width == width,
      "spectra of \(spectrum.height) x \(spectrum.width) images under a transform of \(height) x \(width)")
    let count = spectrum.values.count / (height * half * 2)
    var values = spectrum.values
    transformColumns(&values, count, \.backward, scale: 1 / Scalar(height * width))
    return values.withUnsafeMutableElements { source in
      Tensor<Scalar>(TensorShape(spectrum.leading + [height, width])) { target in
        guard count > 0 else { return }
        let (source, target) = (source.baseAddress!, target.baseAddress!)
        Parallel.forEach(count * height, grain: grain(width)) { row in
          rows.backward.execute(source + 2 * row * half, target + row * width)
        }
      }
    }
  }

  private func transformColumns(
    _ values: inout Tensor<Scalar>, _ count: Int, _ direction: KeyPath<PlanPair, TransformPlan<Scalar>> & Sendable,
    scale: Scalar
  ) {
    guard count > 0 else { return }
    let (plan, lastPlan) = (columns[keyPath: direction], columnsOfLastBlock[keyPath: direction])
    values.withUnsafeMutableElements { values in
      let values = values.baseAddress!
      Parallel.forEach(
        count * blocks, grain: grain(height * Self.block),
        workspace: { Scratch<Scalar>(count: 2 * height * Self.block) }
      ) { index, scratch in
        let (image, block) = (index / blocks, index % blocks)
        let first = block * Self.block
        let columns = min(Self.block, half - first)
        let start = values + 2 * (image * height * half + first)
        (columns == Self.block || blocks == 1 ? plan : lastPlan).execute(start, scratch.base)
        copyScaled(from: scratch.base, to: start, rows: height, columns: 2 * columns, stride: 2 * half, scale)
      }
    }
  }

  /// Transforms of `points` points that make a piece of work worth handing to a thread.
  private func grain(_ points: Int) -> Int { max(1, (1 << 15) / points) }
}

/// Copies a packed block of rows to rows `stride` apart, times a factor.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func copyScaled<Scalar: TensorScalar>(
  from source: UnsafeMutablePointer<Scalar>, to target: UnsafeMutablePointer<Scalar>, rows: Int, columns: Int,
  stride: Int, _ factor: Scalar
) {
  for row in 0..<rows {
    let (from, to) = (source + row * columns, target + row * stride)
    for i in 0..<columns { to[i] = from[i] * factor }
  }
}
