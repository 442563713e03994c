import SpectralImaging
import SpectralKit

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
    Self("FILE", example: "mask.png", role: .input) { text throws(ValueError) in
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
