extension BenchmarkCase {
  /// Shapes that people use: layers of LeNet, AlexNet, VGG and ConvNeXt-like networks, long convolutions, layers over
  /// volumes, and single images, signals and volumes.
  public static let builtIn: [BenchmarkCase] =
    [3, 5, 7, 9, 11, 15, 31].map { layer("dense-k\($0)", 8, 64, 64, 56, $0) }
    + [
      layer("vgg-256-k3", 1, 256, 256, 28, 3), layer("stem-224-k7", 8, 3, 64, 224, 7),
      layer("alexnet2-k5", 8, 64, 192, 27, 5), layer("lenet1-k5", 64, 1, 6, 28, 5),
      layer("lenet2-k5", 64, 6, 16, 14, 5),
    ]
    + [7, 13, 31, 51].map { layer("depthwise-k\($0)", 4, 256, 256, 56, $0, groups: 256) }
    + [7, 15, 31, 63, 127, 255].map { image("image-2048-k\($0)", 2048, $0) }
    + [63, 1025, 16_385].map { array("signal-1m-k\($0)", [1 << 20], [$0]) }
    + [9, 65, 1023].map { layer("conv1d-k\($0)", 8, 64, 64, [4096], [$0]) }
    + [layer("longconv-depthwise", 4, 256, 256, [4096], [4095], groups: 256)]
    + [7, 15, 31].map { array("volume-k\($0)", [128, 256, 256], [$0, $0, $0]) }
    + [3, 5, 9].map { layer("conv3d-k\($0)", 2, 16, 16, [48, 48, 48], [$0, $0, $0]) }
    + [layer("conv3d-depthwise-k7", 2, 48, 48, [32, 32, 32], [7, 7, 7], groups: 48)]

  /// Shapes of every other kind, to see whether what is tuned on the usual ones holds elsewhere: few and many channels,
  /// odd and even kernels, strides, groups, tiny and long, in one to three dimensions and both precisions.
  public static let varied: [BenchmarkCase] = [
    // Dense layers.
    layer("tiny-7-k3", 1, 1, 1, 7, 3), layer("rgb-32-k5", 32, 3, 32, 32, 5), layer("cifar-32-k3", 32, 64, 64, 32, 3),
    layer("late-14-k3", 4, 256, 256, 14, 3), layer("last-7-k3", 8, 512, 512, 7, 3),
    layer("mixing-28-k1", 8, 64, 256, 28, 1), layer("even-64-k4", 8, 32, 32, 64, 4),
    layer("even-100-k6", 2, 16, 16, 100, 6), layer("even-256-k8", 1, 8, 8, 256, 8),
    layer("even-80-k12", 2, 24, 48, 80, 12), layer("wide-128-k17", 1, 16, 32, 128, 17),
    layer("large-512-k25", 1, 4, 4, 512, 25), layer("rgb-256-k41", 1, 3, 8, 256, 41),
    layer("pair-512-k63", 1, 2, 2, 512, 63), layer("fan-out-480-k9", 1, 1, 16, 480, 9),
    layer("fan-in-200-k15", 1, 32, 1, 200, 15), layer("long-batch-16-k7", 128, 16, 16, 16, 7),
    // Strides.
    layer("down-56-k3", 8, 64, 128, 56, 3, stride: 2), layer("patch-28-k2", 16, 64, 128, 28, 2, stride: 2),
    layer("stem-224-k11", 8, 3, 64, 224, 11, stride: 4), layer("down-96-k9", 2, 16, 32, 96, 9, stride: 2),
    // Groups, depthwise among them.
    layer("grouped-28-k3", 4, 128, 128, 28, 3, groups: 32), layer("grouped-28-k5", 4, 64, 64, 28, 5, groups: 4),
    layer("depthwise-112-k3", 2, 96, 96, 112, 3, groups: 96), layer("depthwise-14-k9", 8, 384, 384, 14, 9, groups: 384),
    layer("depthwise-28-k5", 4, 192, 192, 28, 5, groups: 192, stride: 2),
    layer("depthwise-64-k21", 1, 128, 128, 64, 21, groups: 128),
    // Images.
    image("image-512-k3", 512, 3), image("image-512-k11", 512, 11), image("image-1000-k64", 1000, 64),
    // Double precision.
    layer("double-48-k5", 4, 16, 16, 48, 5, precision: .double),
    layer("double-depthwise-32-k11", 2, 64, 64, 32, 11, groups: 64, precision: .double),
    image("double-image-300-k33", 300, 33, precision: .double),
    // Signals.
    layer("text-128-k3", 8, 256, 256, [128], [3]), layer("speech-16k-k400", 4, 1, 64, [16_000], [400], stride: 160),
    layer("eeg-1000-k25", 16, 22, 40, [1000], [25]), layer("wavenet-8k-k3", 1, 64, 64, [8000], [3], dilation: 16),
    layer("ssm-2048-k2047", 4, 64, 64, [2048], [2047], groups: 64),
    layer("audio-44k-k31", 2, 32, 32, [44_100], [31]), array("signal-100k-k31", [100_000], [31]),
    array("signal-5m-k501", [5_000_000], [501]), array("signal-60k-k30k", [60_000], [30_001]),
    array("double-signal-300k-k255", [300_000], [255], precision: .double),
    // Volumes.
    layer("unet3d-32-k3", 1, 16, 16, [32, 32, 32], [3, 3, 3]), layer("mri-64-k3", 1, 1, 8, [64, 64, 64], [3, 3, 3]),
    layer("video-16-k3x7x7", 1, 3, 32, [16, 56, 56], [3, 7, 7], stride: 2),
    layer("voxels-16-k5", 8, 8, 16, [16, 16, 16], [5, 5, 5]),
    layer("depthwise3d-24-k5", 2, 48, 48, [24, 24, 24], [5, 5, 5], groups: 48),
    layer("grouped3d-24-k3", 2, 32, 32, [24, 24, 24], [3, 3, 3], groups: 4),
    array("volume-150-k9", [150, 150, 150], [9, 9, 9]), array("stack-512-k3x15x15", [8, 512, 512], [3, 15, 15]),
    array("volume-96-k41", [96, 96, 96], [41, 41, 41]),
    array("double-volume-80-k11", [80, 80, 80], [11, 11, 11], precision: .double),
  ]

  /// Shapes whose kernels are swept.
  public static let swept: [BenchmarkCase] = [
    layer("dense", 8, 64, 64, 56, 3), layer("depthwise", 4, 256, 256, 56, 3, groups: 256), image("image", 2048, 3),
  ]

  static func layer(
    _ name: String, _ batch: Int, _ inputs: Int, _ outputs: Int, _ side: Int, _ kernel: Int, groups: Int = 1,
    stride: Int = 1, precision: Precision = .single
  ) -> BenchmarkCase {
    layer(
      name, batch, inputs, outputs, [side, side], [kernel, kernel], groups: groups, stride: stride, precision: precision
    )
  }

  private static func layer(
    _ name: String, _ batch: Int, _ inputs: Int, _ outputs: Int, _ size: [Int], _ kernel: [Int], groups: Int = 1,
    stride: Int = 1, dilation: Int = 1, precision: Precision = .single
  ) -> BenchmarkCase {
    BenchmarkCase(
      name: name, kind: .layer, batch: batch, inputChannels: inputs, outputChannels: outputs, size: size,
      kernel: kernel, groups: groups, stride: stride, dilation: dilation, precision: precision)
  }

  static func image(_ name: String, _ side: Int, _ kernel: Int, precision: Precision = .single) -> BenchmarkCase {
    array(name, [side, side], [kernel, kernel], precision: precision)
  }

  private static func array(
    _ name: String, _ size: [Int], _ kernel: [Int], precision: Precision = .single
  ) -> BenchmarkCase {
    BenchmarkCase(name: name, kind: .array, size: size, kernel: kernel, precision: precision)
  }

  /// A line about its sizes, e.g. `8 x 64 -> 64 x 56 x 56`.
  public var sizes: String {
    let extents = size.map(String.init).joined(separator: " x ")
    guard kind == .layer else { return extents }
    return "\(batch ?? 1) x \(inputChannels ?? 1) -> \(outputChannels ?? 1) x \(extents)"
      + (groups ?? 1 > 1 ? ", \(groups!) groups" : "") + (stride ?? 1 > 1 ? ", stride \(stride!)" : "")
      + (dilation ?? 1 > 1 ? ", dilation \(dilation!)" : "")
  }
}
