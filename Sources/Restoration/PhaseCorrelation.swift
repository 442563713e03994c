import Foundation
import Fourier
import Layers
import Tensors

/// By how much one image is shifted against another.
public struct Shift: Hashable, Sendable {
  /// Pixels downwards.
  public let dy: Double
  /// Pixels to the right.
  public let dx: Double
  /// The height of the correlation's summit: 1 for a circular shift by whole pixels, near 0 for unrelated images.
  public let peak: Double
  /// How much higher the summit is than the next one: 1 - next / summit. Near 0 the shift is a guess.
  public let confidence: Double
}

/// Finds the shift between two images from the phases of their spectra.
///
/// A shift turns the phases and leaves the magnitudes. So what is left of the product of one spectrum and the other's
/// conjugate, each frequency divided by its magnitude, is a wave, whose inverse transform is a single point (C. D. Kuglin
/// and D. C. Hines, "The phase correlation image alignment method", IEEE Conference on Cybernetics and Society, 1975). Its
/// bin is the shift in whole pixels. Fractions of pixels are searched with the transform evaluated between the bins, by
/// products of matrices (M. Guizar-Sicairos, S. T. Thurman and J. R. Fienup, "Efficient subpixel image registration
/// algorithms", Optics Letters 33, 2008), in two stages: steps of about a tenth, then of 1 / ``upsampling``.
public struct PhaseCorrelation<Scalar: FourierScalar>: Sendable {
  /// Shifts are found to 1 / this of a pixel; 1 for whole pixels.
  public let upsampling: Int
  /// Whether the images are faded out towards their borders first, which pictures need whose other side does not continue
  /// them: the border stays where it is however the picture shifts.
  public let isWindowed: Bool
  /// The most memory that the work may take beside the images, in bytes; nil for no limit.
  public let memoryLimit: Int?

  /// A search for shifts.
  ///
  /// - Throws: ``RestorationError`` if `upsampling` is not from 1 to 1000.
  public init(upsampling: Int = 100, isWindowed: Bool = true, memoryLimit: Int? = nil) throws(RestorationError) {
    guard (1...1000).contains(upsampling) else {
      throw RestorationError("shifts can be found to 1 to 1/1000 of a pixel, not to 1/\(upsampling): e.g. 100")
    }
    (self.upsampling, self.isWindowed, self.memoryLimit) = (upsampling, isWindowed, memoryLimit)
  }

  /// The bytes that the work takes beside the images: windowed images, two spectra, the surface, and a copy.
  public static func estimatedBytes(image: Extent, planes: Int) -> Int {
    image.height * (image.width + 2) * (4 * planes + 3) * MemoryLayout<Scalar>.stride
  }

  /// The shift that takes one image to another: `moved[y, x] ≈ image[y - dy, x - dx]`, up to half the image each way.
  ///
  /// - Parameters:
  ///   - image: `[H, W]`, or `[C, H, W]` for planes that share one shift.
  ///   - moved: The same shape.
  /// - Throws: ``RestorationError`` if the shapes differ, a pixel is not finite, one of them is the same everywhere, or the
  ///   memory limit cannot be kept.
  public func shift(from image: Tensor<Scalar>, to moved: Tensor<Scalar>) throws(RestorationError) -> Shift {
    try requireImage(image)
    try requireImage(moved, called: "second image")
    guard image.shape == moved.shape else {
      throw RestorationError(
        "one image has shape \(image.shape), the other \(moved.shape): a shift needs two of the same size")
    }
    let (height, width) = (image.shape[-2], image.shape[-1])
    let bytes = Self.estimatedBytes(image: Extent(height: height, width: width), planes: image.count / (height * width))
    if let memoryLimit, bytes > memoryLimit {
      throw RestorationError(
        "phase correlation of \(height) x \(width) pixels takes about \(ByteCount(bytes)) of working memory, the limit is "
          + "\(ByteCount(memoryLimit)): raise it, or take smaller images")
    }
    guard !isEvenEverywhere(image), !isEvenEverywhere(moved) else {
      throw RestorationError("an image that is the same everywhere has no shift: take one with something to see in it")
    }
    let (surface, phases) = Self.surface(from: prepared(image), to: prepared(moved))
    return locate(surface, phases)
  }

  /// Less the mean of each plane, and faded out if wanted.
  private func prepared(_ image: Tensor<Scalar>) -> Tensor<Scalar> {
    let (height, width) = (image.shape[-2], image.shape[-1])
    let planes = image.reshaped(to: [image.count / (height * width), height, width])
    let window = HannWindow(height: height, width: width)
    return Tensor(planes.shape) { target in
      for index in 0..<planes.shape[0] {
        let plane = planes.rows(index..<index + 1).reshaped(to: [height, width])
        let result = isWindowed ? window.applied(to: plane).plane : lessened(plane, by: Scalar(plane.mean))
        result.withUnsafeElements {
          (target.baseAddress! + index * height * width).update(from: $0.baseAddress!, count: height * width)
        }
      }
    }
  }

  /// The correlation at every shift, `[H, W]`, and its spectrum: magnitudes 1, or 0 where there is nothing but rounding.
  static func surface(from a: Tensor<Scalar>, to b: Tensor<Scalar>) -> (
    surface: Tensor<Scalar>, phases: Spectrum<Scalar>
  ) {
    let (height, width) = (a.shape[1], a.shape[2])
    let transform = RealTransform2D<Scalar>(height: height, width: width)
    let (fa, fb) = (transform.forward(a), transform.forward(b))
    let planes = a.shape[0]
    let values = fa.values.withUnsafeElements { x in
      fb.values.withUnsafeElements { y in
        Tensor<Scalar>([height, width / 2 + 1, 2]) { target in
          normalizedProduct(x, y, planes, target, unit: Scalar(Scalar.unitRoundoff))
        }
      }
    }
    let phases = Spectrum(height: height, width: width, values: values)
    return (transform.inverse(phases), phases)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func locate(_ surface: Tensor<Scalar>, _ phases: Spectrum<Scalar>) -> Shift {
    let (height, width) = (phases.height, phases.width)
    func wrapped(_ place: Int, _ count: Int) -> Int { 2 * place > count ? place - count : place }
    let (best, next) = surface.withUnsafeElements { s -> (Int, Double) in
      let best = s.indices.reduce(0) { s[$1] > s[$0] ? $1 : $0 }
      var next = 0.0
      for i in s.indices {
        let dy = wrapped((i / width - best / width + height) % height, height)
        let dx = wrapped((i % width - best % width + width) % width, width)
        // The summit of a shift between the pixels spreads over its neighbours.
        if max(abs(dy), abs(dx)) > 2 { next = max(next, Double(s[i])) }
      }
      return (best, next)
    }
    var (dy, dx) = (Double(wrapped(best / width, height)), Double(wrapped(best % width, width)))
    var peak = Double(surface.elements[best])
    if upsampling > 1 {
      let finer = UpsampledTransform(phases)
      // A summit is a pixel wide to each side; its bin is the nearest, so it is at most half a pixel off.
      let coarse = max(1, Int(Double(upsampling).squareRoot().rounded(.up)))
      for (step, reach) in [(coarse, upsampling / 2 + coarse), (1, coarse)] {
        let offsets = Array(stride(from: -(reach / step) * step, through: reach, by: step)).map {
          Double($0) / Double(upsampling)
        }
        (dy, dx, peak) = finer.highest(rows: offsets.map { dy + $0 }, columns: offsets.map { dx + $0 })
      }
    }
    // Half an image to the left is half an image to the right.
    func rounded(_ value: Double) -> Double { (value * Double(upsampling)).rounded() / Double(upsampling) }
    return Shift(
      dy: rounded(dy), dx: rounded(dx), peak: min(peak, 1), confidence: peak > 0 ? max(0, 1 - next / peak) : 0)
  }
}

/// Σ conj(x) y over the planes, each frequency divided by its magnitude.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func normalizedProduct<Scalar: TensorScalar>(
  _ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeBufferPointer<Scalar>, _ planes: Int,
  _ target: UnsafeMutableBufferPointer<Scalar>, unit: Scalar
) {
  let count = target.count
  var largest: Scalar = 0
  for i in stride(from: 0, to: count, by: 2) {
    var (real, imaginary): (Scalar, Scalar) = (0, 0)
    for plane in 0..<planes {
      let j = plane * count + i
      real += x[j] * y[j] + x[j + 1] * y[j + 1]
      imaginary += x[j] * y[j + 1] - x[j + 1] * y[j]
    }
    (target[i], target[i + 1]) = (real, imaginary)
    largest = max(largest, real.magnitude, imaginary.magnitude)
  }
  // Each spectrum is rounded relative to its largest value: a product below this has a phase by chance.
  let least = 100 * unit * unit * largest
  for i in stride(from: 0, to: count, by: 2) {
    let magnitude = (target[i] * target[i] + target[i + 1] * target[i + 1]).squareRoot()
    let factor = magnitude > least ? 1 / magnitude : 0
    target[i] *= factor
    target[i + 1] *= factor
  }
}
