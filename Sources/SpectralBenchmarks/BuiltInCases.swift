extension BenchmarkCase {
  /// Shapes that people use: layers of LeNet, AlexNet, VGG and ConvNeXt-like networks, and single images.
  public static let builtIn: [BenchmarkCase] =
    [3, 5, 7, 9, 11, 15, 31].map { layer("dense-k\($0)", 8, 64, 64, 56, $0) }
    + [
      layer("vgg-256-k3", 1, 256, 256, 28, 3), layer("stem-224-k7", 8, 3, 64, 224, 7),
      layer("alexnet2-k5", 8, 64, 192, 27, 5), layer("lenet1-k5", 64, 1, 6, 28, 5),
      layer("lenet2-k5", 64, 6, 16, 14, 5),
    ]
    + [7, 13, 31, 51].map { layer("depthwise-k\($0)", 4, 256, 256, 56, $0, groups: 256) }
    + [7, 15, 31, 63, 127, 255].map { image("image-2048-k\($0)", 2048, $0) }

  private static func layer(
    _ name: String, _ batch: Int, _ inputs: Int, _ outputs: Int, _ side: Int, _ kernel: Int, groups: Int = 1
  ) -> BenchmarkCase {
    BenchmarkCase(
      name: name, kind: .conv2d, batch: batch, inputChannels: inputs, outputChannels: outputs, height: side,
      width: side,
      kernel: kernel, groups: groups)
  }

  private static func image(_ name: String, _ side: Int, _ kernel: Int) -> BenchmarkCase {
    BenchmarkCase(name: name, kind: .image, height: side, width: side, kernel: kernel)
  }
}
