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

  /// Says which files of a data set are not in order, at most five of them.
  ///
  /// - Throws: `FileError` for the first of them, if that was asked for.
  func tell(_ data: DatasetPair) throws(FileError) {
    let most = 5
    for fault in data.faults.prefix(most) { try tell([ImageWarning(.fault, fault.message)], of: fault.path) }
    if data.faults.count > most { Console.say("\(data.faults.count - most) more images are not in order") }
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
