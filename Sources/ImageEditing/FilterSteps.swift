import Foundation
import Fourier
import FrequencyFilters
import Imaging
import Kernels
import Restoration
import Tensors

/// One of the filters that are applied to an image one after the other.
package enum FilterStep: Sendable {
  case linear(FrequencyFilter)
  case homomorphic(HomomorphicFilter)
  /// Waves that are found in the image itself.
  case periodicNoise
  /// A picture of a response, still to be read.
  case mask(String)

  /// A filter by its name and a line of arguments, as `spectral filter` takes them: `lowpass` and `gaussian:0.08`.
  ///
  /// - Throws: ``FrequencyFilterError``, also for a name that is not known.
  package init(named name: String, arguments: String) throws(FrequencyFilterError) {
    switch name {
    case "laplacian": self = .linear(.laplacian)
    case "homomorphic": self = .homomorphic(HomomorphicFilter(try FilterKind.emphasis.filter(parsing: arguments)))
    default:
      guard let kind = FilterKind(rawValue: name), kind != .emphasis else {
        let names = FilterKind.allCases.filter { $0 != .emphasis }.map(\.rawValue) + ["laplacian", "homomorphic"]
        throw FrequencyFilterError("'\(name)' is no filter: there are \(names.joined(separator: ", "))")
      }
      self = .linear(try kind.filter(parsing: arguments))
    }
  }
}

/// Filters one after the other; neighbours that are linear are one filter, the product of their responses.
package struct FilterSteps: Sendable {
  package private(set) var steps: [FilterStep] = []

  /// Joins neighbours, and reads masks.
  ///
  /// - Parameter say: Hears about masks that are changed because the output must be real.
  /// - Throws: `FileError` for a mask that cannot be read.
  package init(_ given: [FilterStep], sizeLimit: Int = Image.defaultSizeLimit, say: (String) -> Void = { _ in }) throws
  {
    for step in given {
      var step = step
      if case .mask(let path) = step { step = .linear(try Self.mask(path, sizeLimit: sizeLimit, say)) }
      if case .linear(let next) = step, case .linear(let last) = steps.last {
        steps[steps.count - 1] = .linear(last * next)
      } else {
        steps.append(step)
      }
    }
  }

  private static func mask(_ path: String, sizeLimit: Int, _ say: (String) -> Void) throws -> FrequencyFilter {
    let mask = try mask(of: ImagePlanes<Double>(path: path, sizeLimit: sizeLimit), named: path)
    // Less than half a step of 8 bits is the rounding of whoever drew it.
    if mask.asymmetry > 0.5 / 255 {
      say(
        "\(path): the mask and its mirror image through the middle differ by up to "
          + String(format: "%.4g", mask.asymmetry)
          + "; a real image has the same waves at both, so each gets the mean")
    }
    return .mask(mask)
  }

  /// The mask that a picture shows by its brightness.
  ///
  /// - Throws: `FileError` for one that shows none.
  package static func mask(of picture: ImagePlanes<Double>, named name: String) throws -> FilterMask {
    guard picture.channels == 1 || picture.channels == 3 else {
      throw FileError(name, "a mask is one plane of numbers, or a picture, not \(picture.channels) channels")
    }
    do { return try FilterMask(picture.luminance) } catch { throw FileError(name, "\(error)") }
  }

  /// Whether the mean brightness is taken away, so that results are differences around zero.
  package var isSigned: Bool {
    steps.reduce(false) { isSigned, step in
      switch step {
      case .linear(let filter): isSigned || abs(filter(0, 0)) < 1e-12
      // What comes from logarithms is above 0.
      case .homomorphic: false
      // A wave has no mean.
      case .periodicNoise: isSigned
      case .mask: preconditionFailure("a mask that was not read")
      }
    }
  }

  /// The planes after all steps.
  ///
  /// - Parameters:
  ///   - planes: `[C, H, W]`.
  ///   - stage: Does what is between the transforms, and may note how long that took.
  ///   - removingWaves: Finds waves in planes and takes them away.
  ///   - filter: Applies a linear filter; `isFirst` says that its planes are those that were given, untouched.
  /// - Throws: What `filter` throws, and ``FrequencyFilterError`` for a logarithm of values below 0.
  package func apply<Scalar: FourierScalar>(
    to planes: Tensor<Scalar>,
    stage: (_ name: String, () throws -> Tensor<Scalar>) throws -> Tensor<Scalar> = { try $1() },
    removingWaves: (Tensor<Scalar>) throws -> Tensor<Scalar> = { try PeriodicNoise().removed(from: $0).images },
    by filter: (FrequencyFilter, Tensor<Scalar>, _ isFirst: Bool) throws -> Tensor<Scalar>
  ) throws -> Tensor<Scalar> {
    var planes = planes
    for (place, step) in steps.enumerated() {
      switch step {
      case .linear(let linear): planes = try filter(linear, planes, place == 0)
      case .homomorphic(let homomorphic):
        var scaled = homomorphic
        // An array's numbers may be of any size: what is added to black is a step of 8 bits of the largest.
        let largest = planes.maximumMagnitude
        if largest > 0 { scaled.offset *= largest }
        let sums = try stage("logarithms") { try scaled.logarithms(planes) }
        let filtered = try filter(scaled.filter, sums, false)
        planes = try stage("exponentials") { scaled.exponentials(filtered) }
      case .periodicNoise: planes = try removingWaves(planes)
      case .mask: preconditionFailure("a mask that was not read")
      }
    }
    return planes
  }

  /// The product of the responses, a homomorphic filter's of logarithms too: what is shown of the steps as a picture. What
  /// is found in an image is not among them.
  package var combined: FrequencyFilter {
    steps.reduce(.identity) { product, step in
      switch step {
      case .linear(let filter): product * filter
      case .homomorphic(let filter): product * filter.filter
      case .periodicNoise: product
      case .mask: preconditionFailure("a mask that was not read")
      }
    }
  }
}
