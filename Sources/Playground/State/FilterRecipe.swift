import SpectralKit

/// How to do with the command, and with the library, what the page shows.
struct FilterRecipe: Encodable {
  /// A line for a shell.
  let command: String
  /// A program.
  let swift: String
  /// The files that both read beside the picture, as the page offers them.
  let needs: [String]

  private static let output = "filtered.png"
  private static let maskName = "mask.png"

  init(_ task: FilterTask) {
    let name = task.picture.name
    needs = [name] + (task.mask == nil ? [] : [Self.maskName])
    command = Self.command(task, name)
    swift = Self.program(task, name)
  }

  private static func command(_ task: FilterTask, _ name: String) -> String {
    var words = ["spectral", "filter", name.hasPrefix("-") ? "./\(name)" : name]
    for step in task.words.steps ?? [] {
      words.append("--\(step.kind)")
      if step.kind != "laplacian" { words.append(step.arguments ?? "") }
    }
    if task.mask != nil { words += ["--mask", maskName] }
    if task.boundary != .reflect { words += ["--boundary", task.boundary.rawValue] }
    if task.onlyLuminance { words.append("--luminance") }
    if task.light == .linear { words.append("--linear-light") }
    return (words + ["-o", output]).map(quoted).joined(separator: " ")
  }

  /// A word as a shell reads it.
  private static func quoted(_ word: String) -> String {
    let isPlain =
      !word.isEmpty && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./:,+=".contains($0)) }
    return isPlain
      ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  private static func program(_ task: FilterTask, _ name: String) -> String {
    let source = literal(name)
    var lines = ["import SpectralKit", ""]
    lines.append(
      "var image = try ImagePlanes<Float>(path: \(source)\(task.light == .linear ? ", light: .linear" : ""))")
    lines.append("var planes = image.\(task.onlyLuminance ? "luminance" : "planes")")
    // Neighbours that are linear are one filter, as in the command: the product of their responses.
    var product: [String] = []
    func apply() {
      guard !product.isEmpty else { return }
      lines.append(
        "planes = try (\(product.joined(separator: "\n  * "))).apply(to: planes, boundary: .\(task.boundary.rawValue))")
      product = []
    }
    for step in task.words.steps ?? [] {
      let arguments = literal(step.arguments ?? "")
      switch step.kind {
      case "laplacian": product.append("FrequencyFilter.laplacian")
      case "homomorphic":
        apply()
        lines.append("let emphasis = try FilterKind.emphasis.filter(parsing: \(arguments))")
        lines.append("planes = try HomomorphicFilter(emphasis, offset: planes.maximumMagnitude / 255)")
        lines.append("  .apply(to: planes, boundary: .\(task.boundary.rawValue))")
      default:
        let kind = FilterKind(rawValue: step.kind).map { "\($0)" } ?? step.kind
        product.append("try FilterKind.\(kind).filter(parsing: \(arguments))")
      }
    }
    if task.mask != nil {
      product.append("FrequencyFilter.mask(try FilterMask(ImagePlanes<Double>(path: \"\(maskName)\").luminance))")
    }
    apply()
    if task.steps.isSigned {
      lines.append("image.light = .stored")
      lines.append("image.planes = planes")
      lines.append("try SignedPicture(image).image.write(to: \"\(output)\")")
    } else {
      lines.append(task.onlyLuminance ? "image = image.with(luminance: planes)" : "image.planes = planes")
      lines.append("try image.write(to: \"\(output)\")")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A text as a literal of Swift.
  private static func literal(_ text: String) -> String {
    var literal = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": literal += "\\\""
      case "\\": literal += "\\\\"
      case _ where scalar.value < 0x20 || scalar.value == 0x7f: literal += "\\u{\(String(scalar.value, radix: 16))}"
      default: literal.unicodeScalars.append(scalar)
      }
    }
    return literal + "\""
  }
}
