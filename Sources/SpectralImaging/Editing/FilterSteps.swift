import Foundation
import SpectralTransforms
import SpectralCore

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
  /// - Parameters:
  ///   - say: Hears about masks that are changed because the output must be real.
  ///   - onWarnings: Hears what was wrong with the picture of a mask that was read all the same, and its path.
  /// - Throws: `FileError` for a mask that cannot be read, and what `onWarnings` throws.
  package init(
    _ given: [FilterStep], sizeLimit: Int = RasterImage.defaultSizeLimit, say: (String) -> Void = { _ in },
    onWarnings: ([ImageWarning], _ path: String) throws -> Void = { _, _ in }
  ) throws {
    for step in given {
      var step = step
      if case .mask(let path) = step { step = .linear(try Self.mask(path, sizeLimit: sizeLimit, say, onWarnings)) }
      if case .linear(let next) = step, case .linear(let last) = steps.last {
        steps[steps.count - 1] = .linear(last * next)
      } else {
        steps.append(step)
      }
    }
  }

  private static func mask(
    _ path: String, sizeLimit: Int, _ say: (String) -> Void, _ onWarnings: ([ImageWarning], String) throws -> Void
  ) throws -> FrequencyFilter {
    let picture = try ImagePlanes<Double>(path: path, sizeLimit: sizeLimit)
    try onWarnings(picture.warnings, path)
    let mask = try mask(of: picture, named: path)
    // Less than half a step of 8 bits is the rounding of whoever drew it.
    if mask.asymmetry > 0.5 / 255 {
      say(
        "\(path): the mask and its mirror image through the middle differ by up to "
          + String(numbers: "%.4g", mask.asymmetry)
          + "; a real image has the same waves at both, so each gets the mean")
    }
    return .mask(mask)
  }

  /// The mask that a picture shows by its brightness times its opacity; by its opacity alone if it is black.
  ///
  /// - Throws: `FileError` for one that shows none.
  package static func mask(of picture: ImagePlanes<Double>, named name: String) throws -> FilterMask {
    guard picture.channels == 1 || picture.channels == 3 else {
      throw FileError(name, "a mask is one plane of numbers, or a picture, not \(picture.channels) channels")
    }
    // Transparent is 0, as black is. A shape that is black itself, or drawn in one colour that is, is in alpha alone.
    var values = picture.premultiplied.luminance
    if let alpha = picture.alpha, picture.isTransparent, values.maximumMagnitude == 0 {
      values = alpha.converted(to: Double.self)
    }
    do { return try FilterMask(values) } catch { throw FileError(name, "\(error)") }
  }

  /// Whether the mean brightness is taken away, so that results are differences around zero.
  package var isSigned: Bool {
    steps.reduce(false) { isSigned, step in
      switch step {
      case .linear(let filter): isSigned || filter.meanGain == 0
      // What comes from logarithms is above 0.
      case .homomorphic: false
      // A wave has no mean.
      case .periodicNoise: isSigned
      case .mask: preconditionFailure("a mask that was not read")
      }
    }
  }

  /// The image after all steps.
  ///
  /// - Parameters:
  ///   - image: Its planes are `[C, H, W]`.
  ///   - stage: Does what is between the transforms, and may note how long that took.
  ///   - removingWaves: Finds waves in planes and takes them away; pixels count as much as they are opaque, nil for all
  ///     alike.
  ///   - filter: Applies a linear filter to planes; `isFirst` says that they are those of the image that was given, or
  ///     follow from it alone.
  /// - Throws: What `filter` throws, and ``FrequencyFilterError`` for a logarithm of values below 0.
  package func apply<Scalar: FourierScalar>(
    to image: ImagePlanes<Scalar>,
    stage: (_ name: String, () throws -> Tensor<Scalar>) throws -> Tensor<Scalar> = { try $1() },
    removingWaves: (Tensor<Scalar>, _ opacity: Tensor<Float>?) throws -> Tensor<Scalar> = {
      try PeriodicNoise().removed(from: $0, weights: $1).images
    },
    by filter: (FrequencyFilter, Tensor<Scalar>, _ isFirst: Bool) throws -> Tensor<Scalar>
  ) throws -> ImagePlanes<Scalar> {
    var image = image
    for (place, step) in steps.enumerated() {
      switch step {
      case .linear(let linear):
        image = try image.filtered(gain: linear.meanGain) { try filter(linear, $0, place == 0) }
      case .homomorphic(let homomorphic):
        image = try image.adjusted { planes in
          let scaled = homomorphic.scaled(to: planes)
          let sums = try stage("logarithms") { try scaled.logarithms(planes) }
          let filtered = try filter(scaled.filter, sums, false)
          return try stage("exponentials") { scaled.exponentials(filtered) }
        }
      case .periodicNoise:
        let opacity = image.isTransparent ? image.alpha : nil
        image = try image.adjusted { try removingWaves($0, opacity) }
      case .mask: preconditionFailure("a mask that was not read")
      }
    }
    return image
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
