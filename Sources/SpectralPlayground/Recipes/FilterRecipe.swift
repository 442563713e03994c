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
    let file = "try ImagePlanes<Float>(path: \(source)\(task.light == .linear ? ", light: .linear" : ""))"
    let onlyLuminance = task.onlyLuminance && task.picture.planes.channels == 3
    if onlyLuminance {
      lines += ["let picture = \(file)", "var image = picture", "image.planes = picture.luminance"]
    } else {
      lines.append("var image = \(file)")
    }
    // Neighbours that are linear are one filter, as in the command: the product of their responses.
    var product: [String] = []
    var filters = 0
    func apply() {
      guard !product.isEmpty else { return }
      filters += 1
      let filter = filters == 1 ? "filter" : "filter\(filters)"
      let canThrow = product.contains { $0 != "FrequencyFilter.laplacian" }
      lines.append("let \(filter) = \(canThrow ? "try " : "")\(product.joined(separator: "\n  * "))")
      lines.append("image = try image.filtered(gain: \(filter).meanGain) {")
      lines.append("  try \(filter).apply(to: $0, boundary: .\(task.boundary.rawValue))")
      lines.append("}")
      product = []
    }
    for step in task.words.steps ?? [] {
      let arguments = swiftLiteral(step.arguments ?? "")
      switch step.kind {
      case "laplacian": product.append("FrequencyFilter.laplacian")
      case "homomorphic":
        apply()
        lines.append("image = try image.adjusted { planes in")
        lines.append("  let emphasis = try FilterKind.emphasis.filter(parsing: \(arguments))")
        lines.append("  return try HomomorphicFilter(emphasis, offset: planes.maximumMagnitude / 255)")
        lines.append("    .apply(to: planes, boundary: .\(task.boundary.rawValue))")
        lines.append("}")
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
      lines.append("try SignedPicture(image).image.write(to: \"\(filteredName)\")")
    } else {
      if onlyLuminance { lines.append("image = picture.with(luminance: image)") }
      lines.append("try image.write(to: \"\(filteredName)\")")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
