import SpectralKit

extension Recipe {
  /// A window that slides over numbers.
  init(_ task: SlideTask) {
    let output = "output.npy"
    let (pixels, kernel) = (task.pixels, task.kernel)
    let words =
      ["spectral", "conv2d"] + shellFlag("--input", rowsText(pixels)) + shellFlag("--weight", rowsText(kernel)) + [
        "--stride", "\(task.stride)", "--padding", "\(task.padding)", "--dilation", "\(task.dilation)", "--boundary",
        task.boundary.rawValue, "--method", "direct", "--output", output,
      ]
    let swift = """
      import SpectralKit

      let pixels: [[Double]] = \(rowsLiteral(pixels))
      let kernel: [[Double]] = \(rowsLiteral(kernel))
      let geometry = ConvolutionGeometry(stride: \(task.stride),
        dilation: \(task.dilation), padding: .pixels(\(task.padding)), boundary: .\(task.boundary.rawValue))
      let output = try SpatialConvolution<Double>()(
        Tensor([1, 1, \(pixels.count), \(pixels[0].count)], pixels.flatMap { $0 }),
        Tensor([1, 1, \(kernel.count), \(kernel[0].count)], kernel.flatMap { $0 }), geometry)
      print(output)
      try output.writeNPY(to: "\(output)")

      """
    self.init(command: shellLine(words), swift: swift)
  }
}
