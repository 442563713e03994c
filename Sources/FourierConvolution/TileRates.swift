import SpectralCore

/// The kinds of work that a pass over tiles consists of.
enum TileTask: Int, CaseIterable {
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
  private init(_ rates: [TileTask: Double]) {
    seconds = TileWorkload()
    for (task, rate) in rates { seconds[task] = 1 / rate }
  }

  /// The seconds that all of some work takes.
  func seconds(_ work: TileWorkload) -> Double { (seconds.amounts * work.amounts).sum() }

  static func of(
    depthwise: Bool, byChannels: Bool, training: Bool, hasNearSharedCache: Bool = Processor.hasNearSharedCache
  ) -> Self {
    // In training, whole blocks are held anyway, and transforms of filters take most of the time that goes with them.
    let isNear = hasNearSharedCache && !training
    return switch (depthwise, byChannels, training) {
    case (false, true, false):
      Self([
        .butterflies: 1.4e9, .blockSpills: 1.1e8, .farSpills: 8e7, .rows: 7.4e6, .products: 1.9e10,
        .frequencies: 1.2e7, .filters: isNear ? 3.4e8 : 1.7e8,
      ])
    case (false, false, false):
      isNear
        ? Self([.butterflies: 8.5e8, .spills: 1.2e8, .blockSpills: 1.2e8, .rows: 6.1e6, .filters: 6.8e8])
        : Self([
          .butterflies: 6.3e8, .spills: 4.3e8, .blockSpills: 1.6e8, .farSpills: 2.4e7, .rows: 6.6e6,
          .frequencies: 1.3e8, .filters: 1.4e8,
        ])
    case (true, true, false): Self([.butterflies: 8.1e8, .spills: 3e8, .rows: 5.2e6])
    case (true, false, false): Self([.butterflies: 5.8e8, .spills: 1.2e8, .rows: 1.2e7])
    case (false, true, true):
      Self([
        .butterflies: 3.0e8, .spills: 2.3e7, .rows: 1.2e7, .products: 1.15e10, .frequencies: 1.35e6,
        .filterButterflies: 1.4e8,
      ])
    case (false, false, true):
      Self([.butterflies: 1.35e8, .spills: 9.9e6, .rows: 4.3e6, .filters: 1.8e7, .filterButterflies: 5.9e8])
    case (true, true, true): Self([.butterflies: 2e8, .spills: 3.3e8, .rows: 6.4e6, .filterButterflies: 1.1e9])
    case (true, false, true): Self([.butterflies: 2e8, .spills: 2.4e7, .rows: 1.6e6])
    }
  }
}
