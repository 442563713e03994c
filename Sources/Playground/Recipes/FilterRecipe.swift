import SpectralKit

extension Recipe {
  /// A picture through filters and a mask.
  init(_ task: FilterTask) {
    let name = task.picture.name
    self.init(
      command: Self.command(task, name), swift: Self.program(task, name),
      needs: [name] + (task.mask == nil ? [] : [Self.maskName]))
  }

  private static func command(_ task: FilterTask, _ name: String) -> String {
    var words = ["spectral", "filter", shellOperand(name)]
    for step in task.words.steps ?? [] {
      words.append("--\(step.kind)")
      if step.kind != "laplacian" { words.append(step.arguments ?? "") }
    }
    if task.mask != nil { words += ["--mask", maskName] }
    if task.boundary != .reflect { words += ["--boundary", task.boundary.rawValue] }
    if task.onlyLuminance { words.append("--luminance") }
    if task.light == .linear { words.append("--linear-light") }
    return shellLine(words + ["-o", filteredName])
  }

  private static func program(_ task: FilterTask, _ name: String) -> String {
    let source = swiftLiteral(name)
    var lines = ["import SpectralKit", ""]
    lines.append(
      "var image = try ImagePlanes<Float>(path: \(source)\(task.light == .linear ? ", light: .linear" : ""))")
    lines.append("var planes = image.\(task.onlyLuminance ? "luminance" : "planes")")
    // Neighbours that are linear are one filter, as in the command: the product of their responses.
    var product: [String] = []
    func apply() {
      guard !product.isEmpty else { return }
      lines.append(
        "planes = try (\(product.joined(separator: "\n  * ")))\n  .apply(to: planes, boundary: .\(task.boundary.rawValue))"
      )
      product = []
    }
    for step in task.words.steps ?? [] {
      let arguments = swiftLiteral(step.arguments ?? "")
      switch step.kind {
      case "laplacian": product.append("FrequencyFilter.laplacian")
      case "homomorphic":
        apply()
        lines.append("let emphasis = try FilterKind.emphasis.filter(parsing: \(arguments))")
        lines.append("planes = try HomomorphicFilter(emphasis, offset: planes.maximumMagnitude / 255)")
        lines.append("  .apply(to: planes, boundary: .\(task.boundary.rawValue))")
      default:
        let kind = FilterKind(rawValue: step.kind).map { "\($0)" } ?? step.kind
        product.append("FilterKind.\(kind).filter(parsing: \(arguments))")
      }
    }
    if task.mask != nil {
      product.append("FrequencyFilter.mask(FilterMask(ImagePlanes<Double>(path: \"\(maskName)\").luminance))")
    }
    apply()
    if task.steps.isSigned {
      lines.append("image.light = .stored")
      lines.append("image.planes = planes")
      lines.append("try SignedPicture(image).image.write(to: \"\(filteredName)\")")
    } else {
      lines.append(task.onlyLuminance ? "image = image.with(luminance: planes)" : "image.planes = planes")
      lines.append("try image.write(to: \"\(filteredName)\")")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
