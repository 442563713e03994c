import SpectralKit

/// The words that choose a method of convolution.
enum MethodChoice: String, CaseIterable {
  case direct, fft, automatic

  /// The method itself.
  ///
  /// - Parameter memoryLimit: The bytes of working memory that a pass may take; nil for no limit.
  func method<Scalar: AnyMethodScalar>(
    for scalar: Scalar.Type = Scalar.self, memoryLimit: Int? = nil, rigor: PlanningRigor
  ) -> any ConvolutionMethod<Scalar> {
    let direct = SpatialConvolution<Scalar>(memoryLimit: memoryLimit)
    let fourier = FourierConvolution<Scalar>(memoryLimit: memoryLimit, rigor: rigor)
    switch self {
    case .direct: return direct
    case .fft: return fourier
    case .automatic: return AutomaticConvolution(direct: direct, fourier: fourier)
    }
  }
}

/// Flags that several subcommands share.
enum CommonFlags {
  static let threads = Flag(
    "--threads", .integer(1...1024, example: 2), "threads that work at once (default: one per processor)")
  static let deterministic = Flag(
    switch: "--deterministic",
    "the same bits on every run, whatever the threads: plans are chosen by estimate, not by stop-watch")
  static let memoryLimit = Flag(
    "--memory-limit", .byteSize,
    "working memory a convolution may take beside its arrays, e.g. 512MiB or 2GB; smaller tiles keep it (default: "
      + "no limit)")

  /// Sets the number of threads for the whole process.
  static func applyThreads(_ arguments: Arguments) {
    if let count = arguments.optional(threads) { Parallel.threads = count }
  }
}
