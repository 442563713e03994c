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
    let boundary = task.boundary == .reflect ? "" : ", boundary: .\(task.boundary.rawValue)"
    // Neighbours that are linear are one filter, as in the command: the product of their responses.
    var product: [String] = []
    func apply() {
      guard !product.isEmpty else { return }
      lines.append("image = try image.filtered(by: \(product.joined(separator: "\n  * "))\(boundary))")
      product = []
    }
    for step in task.words.steps ?? [] {
      let arguments = swiftLiteral(step.arguments ?? "")
      switch step.kind {
      case "laplacian": product.append("FrequencyFilter.laplacian")
      case "homomorphic":
        apply()
        lines.append("image = try image.filtered(")
        lines.append("  by: HomomorphicFilter(FilterKind.emphasis.filter(parsing: \(arguments)))\(boundary))")
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
      lines.append("try SignedPicture(image).image.write(to: \"\(filteredName)\")")
    } else {
      if onlyLuminance { lines.append("image = picture.with(luminance: image)") }
      lines.append("try image.write(to: \"\(filteredName)\")")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
