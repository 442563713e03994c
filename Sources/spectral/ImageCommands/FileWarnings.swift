import SpectralKit

/// What is said about files that are not in order but were read all the same; with `--strict` they are refused.
struct FileWarnings {
  private let isStrict: Bool
  private let isQuiet: Bool

  init(_ arguments: Arguments) {
    isStrict = arguments[CommonFlags.strict]
    isQuiet = arguments[ImageFlags.quiet]
  }

  /// Says what a decoder had to say about a file.
  ///
  /// - Throws: `FileError` for a file with a fault, if that was asked for.
  func tell(_ warnings: [ImageWarning], of path: String) throws(FileError) {
    if isStrict, let fault = warnings.first(where: { $0.kind == .fault }) {
      throw FileError(path, "\(fault.message); \(CommonFlags.strict.name) refuses it")
    }
    for warning in warnings where warning.kind == .fault || !isQuiet {
      if Console.isInteractive { ProgressBar.clear() }
      Console.say(FileError(path, warning.message).description)
    }
  }
}

extension EncodingReport {
  /// What is said of a file that could not hold all of a picture, a line each.
  ///
  /// - Parameters:
  ///   - valueCount: How many values the picture has.
  ///   - clippingRemedy: What to do about values that were clipped, as the end of a sentence.
  func lines(_ path: String, valueCount: Int, clippingRemedy: String = "a .npy file holds them") -> [String] {
    var lines: [String] = []
    if let background {
      lines.append(
        "\(path): the format has no transparency, so the picture was put on \(background.text); "
          + "\(CommonFlags.background.name) chooses the colour, a PNG keeps the transparency")
    }
    if clippedCount > 0 {
      lines.append(
        "\(path): \(clippedCount) of \(valueCount) values lay outside 0...1 and were clipped; \(clippingRemedy)")
    }
    return lines + losses.map { "\(path): \($0)" }
  }
}
