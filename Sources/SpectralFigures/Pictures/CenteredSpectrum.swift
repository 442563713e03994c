import Foundation
import SpectralTransforms
import SpectralCore

extension Spectrum {
  /// The whole spectrum with frequency 0 in the middle, `[..., H, W, 2]`: row r holds u = r - H / 2, column c holds
  /// v = c - W / 2, halves rounded down, as `numpy.fft.fftshift(numpy.fft.fft2(x))` has it.
  public var centered: Tensor<Scalar> {
    values.withUnsafeElements { values in
      Tensor(TensorShape(leading + [height, width, 2])) { fillCentered($0, from: values, height: height, width: width) }
    }
  }
}

@specialized(where Scalar == Float, Target == Float)
@specialized(where Scalar == Double, Target == Float)
@specialized(where Scalar == Double, Target == Double)
private func fillCentered<Scalar: TensorScalar, Target: TensorScalar>(
  _ target: UnsafeMutableBufferPointer<Target>, from values: UnsafeBufferPointer<Scalar>, height: Int, width: Int
) {
  let half = width / 2 + 1
  nonisolated(unsafe) let (values, target) = (values, target)
  Parallel.forEach(target.count / (2 * width), grain: max(1, 1 << 13 / width)) { line in
    let (image, row) = (line / height, line % height)
    let u = (row - height / 2 + height) % height
    let spectrum = 2 * image * height * half
    // Columns from v = -W / 2 up to -1 are conjugates of kept ones in the opposite row, those from 0 on are kept.
    let opposite = spectrum + 2 * ((height - u) % height) * half
    let own = spectrum + 2 * u * half
    let to = 2 * line * width
    let negative = width / 2
    for column in 0..<negative {
      let place = opposite + 2 * (negative - column)
      target[to + 2 * column] = Target(values[place])
      target[to + 2 * column + 1] = Target(-values[place + 1])
    }
    for column in negative..<width {
      let place = own + 2 * (column - negative)
      target[to + 2 * column] = Target(values[place])
      target[to + 2 * column + 1] = Target(values[place + 1])
    }
  }
}

/// The whole spectrum of one plane, frequency 0 in the middle, as magnitudes and phases: what pictures of it are made of.
///
/// Row r stands for fy = (r - H / 2) / H cycles per pixel, growing downwards as rows of images do, and column c for
/// fx = (c - W / 2) / W, where halves are rounded down; so both run from -0.5 (Nyquist) to just below 0.5.
public struct CenteredSpectrum: Sendable {
  /// What the plane is multiplied by before it is transformed.
  public enum Window: String, CaseIterable, Hashable, Sendable {
    /// Nothing. The transform sees the image repeated, and where its borders do not fit onto each other, the jump is in
    /// the spectrum as a bright cross.
    case none
    /// A cosine bell along both axes, of the deviations from the mean, which is put back: no jump and no cross, and
    /// every wave a spot of three pixels instead of one.
    case hann
  }

  /// The rows of the plane.
  public let height: Int
  /// The columns of the plane.
  public let width: Int
  /// |X|, `[H, W]`, in the units of the unnormalised transform: a wave of amplitude 1 has H W / 2, a mean of 1 H W.
  public let magnitudes: Tensor<Float>
  /// X, `[H, W, 2]`: real and imaginary part, in single precision.
  let values: Tensor<Float>
  /// The largest magnitude.
  public let largestMagnitude: Double
  /// What decibels are relative to: the largest magnitude, unless this spectrum is to be compared with another.
  public var reference: Reference

  /// A magnitude that others are compared with.
  public struct Reference: Hashable, Sendable {
    /// In the units of ``CenteredSpectrum/magnitudes``.
    public let magnitude: Double
    /// What it is, in the words of a label: "the largest".
    public let name: String

    /// A magnitude and what it is.
    public init(_ magnitude: Double, name: String) { (self.magnitude, self.name) = (magnitude, name) }
  }

  /// The spectrum of a plane.
  ///
  /// - Parameter plane: `[H, W]` or `[1, H, W]`.
  public init<Scalar: FourierScalar>(_ plane: Tensor<Scalar>, window: Window = .none) {
    self.init(Self.halfSpectrum(of: plane, window: window))
  }

  /// The bytes that the half and the whole spectrum of a plane take, with their magnitudes, beside the plane.
  package static func memory<Scalar: FourierScalar>(height: Int, width: Int, _: Scalar.Type) -> MemoryEstimate {
    let size = MemoryLayout<Scalar>.stride
    // The plane under a window, the half spectrum, columns on their way through a transform, real and imaginary parts, and
    // magnitudes.
    return MemoryEstimate([height, width], scalarBytes: size)
      + MemoryEstimate([height, width / 2 + 1, 2], scalarBytes: size)
      + MemoryEstimate([Parallel.threads, height, 64], scalarBytes: size)
      + MemoryEstimate([height, width, 3], scalarBytes: 4)
  }

  /// The half that is kept of the spectrum of a plane.
  ///
  /// - Parameter plane: `[H, W]` or `[1, H, W]`.
  public static func halfSpectrum<Scalar: FourierScalar>(
    of plane: Tensor<Scalar>, window: Window = .none
  ) -> Spectrum<Scalar> {
    let (height, width) = (plane.shape[-2], plane.shape[-1])
    precondition(plane.count == height * width, "a spectrum is of one plane, not of \(plane.shape)")
    let flat = plane.reshaped(to: [height, width])
    return RealTransform2D<Scalar>(height: height, width: width).forward(window == .none ? flat : bellShaped(flat))
  }

  /// A spectrum of one plane that is already there.
  public init<Scalar: FourierScalar>(_ spectrum: Spectrum<Scalar>) {
    let (height, width) = (spectrum.height, spectrum.width)
    precondition(spectrum.leading.allSatisfy { $0 == 1 }, "a picture shows one spectrum, not \(spectrum.leading)")
    (self.height, self.width) = (height, width)
    values = spectrum.values.withUnsafeElements { values in
      Tensor([height, width, 2]) { fillCentered($0, from: values, height: height, width: width) }
    }
    var largest = [Float](repeating: 0, count: height)
    magnitudes = values.withUnsafeElements { values in
      Tensor<Float>([height, width]) { magnitudes in
        nonisolated(unsafe) let (values, magnitudes) = (values, magnitudes)
        largest.withUnsafeMutableBufferPointer { largest in
          nonisolated(unsafe) let largest = largest
          Parallel.forEach(height, grain: max(1, 1 << 13 / width)) { row in
            for i in row * width..<(row + 1) * width {
              // In double precision, whose squares reach twice as far.
              let (real, imaginary) = (Double(values[2 * i]), Double(values[2 * i + 1]))
              magnitudes[i] = Float((real * real + imaginary * imaginary).squareRoot())
              largest[row] = max(largest[row], magnitudes[i])
            }
          }
        }
      }
    }
    largestMagnitude = Double(largest.max()!)
    reference = Reference(largestMagnitude, name: "the largest")
  }

  /// The deviations from the mean under a bell whose mean is 1, and the mean: so waves keep their magnitudes.
  private static func bellShaped<Scalar: TensorScalar>(_ plane: Tensor<Scalar>) -> Tensor<Scalar> {
    let (height, width) = (plane.shape[0], plane.shape[1])
    func bell(_ count: Int) -> [Scalar] {
      (0..<count).map { count > 1 ? Scalar(1 - cos(2 * .pi * (Double($0) + 0.5) / Double(count))) : 1 }
    }
    return underBell(plane, bell(height), bell(width), mean: Scalar(plane.mean))
  }

  /// The angle of X at a place, from -π to π; 0 where X is 0.
  public func phase(row: Int, column: Int) -> Double {
    values.withUnsafeElements { values in
      let place = 2 * (row * width + column)
      return atan2(Double(values[place + 1]), Double(values[place]))
    }
  }

  /// The frequency at a place, in cycles per pixel.
  public func frequency(row: Int, column: Int) -> (fx: Double, fy: Double) {
    (Double(column - width / 2) / Double(width), Double(row - height / 2) / Double(height))
  }

  /// The frequencies at the outer edges of the first and the last column, or row, of so many.
  static func edges(_ count: Int) -> ClosedRange<Double> {
    let first = (-Double(count / 2) - 0.5) / Double(count)
    return first...first + 1
  }

  /// A magnitude in decibels, relative to ``reference``.
  public func decibels(_ magnitude: Double) -> Double {
    20 * log10(magnitude / max(reference.magnitude, .leastNormalMagnitude))
  }

  /// A range of decibels that shows what there is: from 0 down to a multiple of 10 below which a hundredth of all
  /// frequencies are, at least 40 and at most 160 deep.
  public var usualRange: ClosedRange<Double> {
    let count = magnitudes.count
    let sample = magnitudes.withUnsafeElements { values in
      stride(from: 0, to: count, by: max(1, count / 20_000)).map { values[$0] }.sorted()
    }
    let low = decibels(Double(sample[sample.count / 100]))
    return min(-40, max(-160, (low / 10).rounded(.down) * 10))...0
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func underBell<Scalar: TensorScalar>(
  _ plane: Tensor<Scalar>, _ rows: [Scalar], _ columns: [Scalar], mean: Scalar
) -> Tensor<Scalar> {
  plane.withUnsafeElements { plane in
    Tensor([rows.count, columns.count]) { target in
      for row in rows.indices {
        for column in columns.indices {
          let place = row * columns.count + column
          target[place] = mean + (plane[place] - mean) * rows[row] * columns[column]
        }
      }
    }
  }
}
