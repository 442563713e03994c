import SpectralKit

/// One of the filters that a command line names, in the order in which it names them.
enum FilterStep: Sendable {
  case linear(FrequencyFilter)
  case homomorphic(HomomorphicFilter)
  /// Waves that are found in the image itself.
  case periodicNoise
  /// A picture of a response, still to be read.
  case mask(String)
}

extension ValueFormat<FilterStep> {
  /// A shape and its numbers.
  static func filter(_ kind: FilterKind, example: String? = nil) -> Self {
    Self(kind.usage, example: example ?? kind.example()) { text throws(ValueError) in
      .linear(try parsed(kind, text))
    }
  }

  /// A shape, a cut-off and the gains below and above it.
  static var homomorphic: Self {
    let kind = FilterKind.emphasis
    return Self(kind.usage, example: kind.example()) { text throws(ValueError) in
      .homomorphic(HomomorphicFilter(try parsed(kind, text)))
    }
  }

  /// A picture or an array.
  static var mask: Self {
    Self("FILE", example: "mask.png") { text throws(ValueError) in
      if text.isEmpty { throw ValueError("must not be empty") }
      return .mask(text)
    }
  }
}

/// A filter, or an error with an example of the shape that was wanted.
private func parsed(_ kind: FilterKind, _ text: String) throws(ValueError) -> FrequencyFilter {
  do { return try kind.filter(parsing: text) } catch {
    let shape = String(text.prefix { $0 != ":" })
    throw ValueError(
      error.description, example: FilterShape.names.contains(shape) ? kind.example(shape) : kind.example())
  }
}

/// Filters one after the other; neighbours that are linear are one filter, the product of their responses.
struct FilterSteps: Sendable {
  private(set) var steps: [FilterStep] = []

  /// Joins neighbours, and reads masks.
  ///
  /// - Parameter say: Hears about masks that are changed because the output must be real.
  /// - Throws: `FileError` for a mask that cannot be read.
  init(_ given: [FilterStep], sizeLimit: Int, say: (String) -> Void) throws {
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
    let picture = try ImagePlanes<Double>(path: path, sizeLimit: sizeLimit)
    guard picture.channels == 1 || picture.channels == 3 else {
      throw FileError(path, "a mask is one plane of numbers, or a picture, not \(picture.channels) channels")
    }
    let mask: FilterMask
    do { mask = try FilterMask(picture.luminance) } catch { throw FileError(path, "\(error)") }
    // Less than half a step of 8 bits is the rounding of whoever drew it.
    if mask.asymmetry > 0.5 / 255 {
      say(
        "\(path): the mask and its mirror image through the middle differ by up to \(significant(mask.asymmetry)); a real "
          + "image has the same waves at both, so each gets the mean")
    }
    return .mask(mask)
  }

  /// Whether the mean brightness is taken away, so that results are differences around zero.
  var isSigned: Bool {
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
}
