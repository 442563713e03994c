import SpectralConvolution
import SpectralCore

/// The kinds of work that a pass over tiles consists of.
enum TileTask: Int, CaseIterable, Sendable {
  /// To begin a pass; a step has three.
  case start
  /// Points of a group of lanes, times the logarithm of a tile's points.
  case butterflies
  /// Points of a group of lanes that does not fit the second-level cache, beside that.
  case spills
  /// Points of a group of lanes in a block that does not fit the second-level cache, beside that.
  case blockSpills
  /// The same in a block that does not fit a share of the third-level cache either.
  case farSpills
  /// Rows of a group of lanes, there or back: finding where they lie.
  case rows
  /// Multiply-adds of complex numbers, single precision.
  case products
  /// Frequencies of a block: beginning a product.
  case frequencies
  /// Groups of the filters' spectra at a frequency, read for each block.
  case filters
  /// The same, transformed there and back.
  case filterButterflies
}

/// A number for each kind of work: units to be done, or seconds that a unit takes.
struct TileWorkload: Sendable {
  var amounts = SIMD16<Double>.zero

  subscript(task: TileTask) -> Double {
    get { amounts[task.rawValue] }
    set { amounts[task.rawValue] = newValue }
  }
}

/// The kinds of problems whose rates differ.
struct TileKind: CustomStringConvertible {
  let isDepthwise: Bool
  /// Whether neighbouring channels of a tile are computed together, not neighbouring tiles of a channel.
  let isByChannels: Bool
  let isTraining: Bool

  var description: String {
    "fft.tiles \(isDepthwise ? "depthwise" : "dense") by \(isByChannels ? "channels" : "tiles") "
      + (isTraining ? "training" : "forward")
  }
}

/// How fast the steps of a pass go on one core.
///
/// Non-negative least-squares fits of relative errors to the tiles that `spectral benchmark --regret` (inference) and
/// `--regret --pass training` time on a Xeon with AVX-512; what matters is how the rates compare. Dense inference, and
/// depthwise inference by channels, were fitted last, to 800 tiles with two threads. An EPYC of the fourth Zen generation
/// reads the spectra of filters faster from its third-level cache, and has a smaller second-level one.
struct TileRates: Sendable {
  /// The seconds that a unit of each kind takes.
  var seconds: TileWorkload

  /// Rates in units a second; what is left out takes no time.
  private init(start: Double, _ rates: [TileTask: Double]) {
    seconds = TileWorkload()
    for (task, rate) in rates { seconds[task] = 1 / rate }
    seconds[.start] = start
  }

  /// The seconds that all of some work takes.
  func seconds(_ work: TileWorkload) -> Double { (seconds.amounts * work.amounts).sum() }

  /// The rates of a kind of problem.
  static func of(_ kind: TileKind, _ rates: CostRates) -> Self {
    var result = fixed(kind)
    guard rates == .machine else { return result }
    for task in TileTask.allCases { result.seconds[task] *= rates.factor("\(kind) \(task)") }
    return result
  }

  private static func fixed(_ kind: TileKind) -> Self {
    let (depthwise, byChannels, training) = (kind.isDepthwise, kind.isByChannels, kind.isTraining)
    // In training, whole blocks are held anyway, and transforms of filters take most of the time that goes with them.
    let isNear = Processor.hasNearSharedCache && !training
    let start = training ? 2.5e-5 : 8e-6
    return switch (depthwise, byChannels, training) {
    case (false, true, false):
      Self(
        start: start,
        [
          .butterflies: 1.4e9, .blockSpills: 1.1e8, .farSpills: 8e7, .rows: 7.4e6, .products: 1.9e10,
          .frequencies: 1.2e7, .filters: isNear ? 3.4e8 : 1.7e8,
        ])
    case (false, false, false):
      isNear
        ? Self(start: start, [.butterflies: 8.5e8, .spills: 1.2e8, .blockSpills: 1.2e8, .rows: 6.1e6, .filters: 6.8e8])
        : Self(
          start: start,
          [
            .butterflies: 6.3e8, .spills: 4.3e8, .blockSpills: 1.6e8, .farSpills: 2.4e7, .rows: 6.6e6,
            .frequencies: 1.3e8, .filters: 1.4e8,
          ])
    case (true, true, false): Self(start: start, [.butterflies: 8.1e8, .spills: 3e8, .rows: 5.2e6])
    case (true, false, false):
      // Of single arrays, whose kernels are mostly new on every call. All but butterflies and rows are set by hand.
      Self(
        start: start,
        [.butterflies: 5.8e8, .spills: 4e8, .farSpills: 4e7, .rows: 1.2e7, .filterButterflies: 5.8e8])
    case (false, true, true):
      Self(
        start: start,
        [
          .butterflies: 3.0e8, .spills: 2.3e7, .rows: 1.2e7, .products: 1.15e10, .frequencies: 1.35e6,
          .filterButterflies: 1.4e8,
        ])
    case (false, false, true):
      Self(
        start: start, [.butterflies: 1.35e8, .spills: 9.9e6, .rows: 4.3e6, .filters: 1.8e7, .filterButterflies: 5.9e8])
    case (true, true, true):
      Self(start: start, [.butterflies: 2e8, .spills: 3.3e8, .rows: 6.4e6, .filterButterflies: 1.1e9])
    case (true, false, true): Self(start: start, [.butterflies: 2e8, .spills: 2.4e7, .rows: 1.6e6])
    }
  }
}
