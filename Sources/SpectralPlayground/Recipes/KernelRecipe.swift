import SpectralImaging
import SpectralKit

extension Recipe {
  /// The longest text of numbers that is put into a line; more are read from a file.
  private static let longestNumbers = 200

  /// A picture through a kernel.
  init(_ task: KernelTask) {
    let name = task.picture.name
    // How the command and the program call the kernel.
    let (word, value): (String, String)
    var needs = [name]
    switch task.source {
    case .name(let text): (word, value) = (text, "Kernel(\(task.shape!.literal))")
    case .rows(let rows) where rowsText(rows).count <= Self.longestNumbers:
      (word, value) = (rowsText(rows), "Kernel(rows: \(rowsLiteral(rows)))")
    case .rows:
      (word, value) = (Self.kernelName, "Kernel(path: \(swiftLiteral(Self.kernelName)))")
      needs.append(Self.kernelName)
    }
    var words = ["spectral", "convolve", shellOperand(name)] + shellFlag("--kernel", word)
    if task.boundary != .reflect { words += ["--boundary", task.boundary.rawValue] }
    words += ["--method", task.method.rawValue, "-o", Self.convolvedName]
    self.init(command: shellLine(words), swift: Self.program(task, kernel: value), needs: needs)
  }

  private static func program(_ task: KernelTask, kernel: String) -> String {
    let boundary = task.boundary == .reflect ? "" : ", boundary: .\(task.boundary.rawValue)"
    let result = task.kernel.leavesDifferences ? "SignedPicture(result).image" : "result"
    return """
      import SpectralKit

      let image = try ImagePlanes<Float>(path: \(swiftLiteral(task.picture.name)))
      let result = try \(kernel).applied(to: image\(boundary), method: .\(task.method.rawValue))
      try \(result).write(to: "\(convolvedName)")

      """
  }
}

extension KernelShape {
  /// The shape as Swift has it.
  fileprivate var literal: String {
    func radius(_ radius: Int?) -> String { radius.map { ", radius: \($0)" } ?? "" }
    return switch self {
    case .box(let extent): ".box(Extent(height: \(extent.height), width: \(extent.width)))"
    case .gaussian(let deviation, let reach): ".gaussian(deviation: \(decimal(deviation))\(radius(reach)))"
    case .disk(let diameter): ".disk(diameter: \(decimal(diameter)))"
    case .motion(let length, let angle): ".motion(length: \(decimal(length)), angle: \(decimal(angle)))"
    case .sobel(let axis): ".sobel(.\(axis.rawValue))"
    case .scharr(let axis): ".scharr(.\(axis.rawValue))"
    case .prewitt(let axis): ".prewitt(.\(axis.rawValue))"
    case .laplacian(let neighbors): ".laplacian(neighbors: .\(neighbors))"
    case .laplacianOfGaussian(let deviation, let reach):
      ".laplacianOfGaussian(deviation: \(decimal(deviation))\(radius(reach)))"
    case .sharpen(let amount): ".sharpen(amount: \(decimal(amount)))"
    case .emboss(let angle): ".emboss(lightAngle: \(decimal(angle)))"
    case .gabor(let wavelength, let angle, let deviation, let phase, let aspect, let reach):
      ".gabor(wavelength: \(decimal(wavelength)), angle: \(decimal(angle))"
        + (deviation.map { ", deviation: \(decimal($0))" } ?? "")
        + ", phase: \(decimal(phase)), aspect: \(decimal(aspect))\(radius(reach)))"
    case .random(let side, let seed): ".random(side: \(side), seed: \(seed))"
    }
  }
}
