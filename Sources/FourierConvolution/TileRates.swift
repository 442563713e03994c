import SpectralCore

/// How fast the steps of a pass go on one core, each in so many of its units a second.
///
/// Fits (non-negative least squares of relative errors) to the times of the 1,400 tiles that `spectral benchmark --regret`
/// and `--regret --pass training` try on a Xeon with AVX-512; what matters is how they compare. An EPYC of the fourth Zen
/// generation reads the spectra of filters faster from its third-level cache, and has a smaller second-level one.
struct TileRates {
  /// Points of a group of lanes, times the logarithm of a tile's points: butterflies.
  var butterflies: Double
  /// Points of a group of lanes that does not fit the second-level cache, beside that.
  var spills: Double
  /// Points of a group of lanes in a block that does not fit the second-level cache, beside that.
  var blockSpills = Double.infinity
  /// Rows of a group of lanes, there or back: finding where they lie.
  var rows: Double
  /// Multiply-adds of complex numbers, single precision.
  var products = Double.infinity
  /// Frequencies of a block: beginning a product.
  var frequencies = Double.infinity
  /// Groups of the filters' spectra at a frequency, read for each block.
  var filters = Double.infinity
  /// The same, transformed there and back.
  var filterButterflies = Double.infinity

  static func of(
    depthwise: Bool, byChannels: Bool, training: Bool, hasNearSharedCache: Bool = Processor.hasNearSharedCache
  ) -> Self {
    var rates = onXeon(depthwise: depthwise, byChannels: byChannels, training: training)
    // In training, whole blocks are held anyway, and transforms of filters take most of the time that goes with them.
    guard hasNearSharedCache && !training && !depthwise else { return rates }
    if byChannels {
      rates.filters *= 2
    } else {
      rates = Self(butterflies: 8.5e8, spills: 1.2e8, blockSpills: 1.2e8, rows: 6.1e6, filters: 6.8e8)
    }
    return rates
  }

  private static func onXeon(depthwise: Bool, byChannels: Bool, training: Bool) -> Self {
    switch (depthwise, byChannels, training) {
    case (false, true, false):
      Self(butterflies: 6.6e8, spills: 3.4e7, rows: 1.3e7, products: 1.85e10, frequencies: 2.4e7, filters: 1.4e8)
    case (false, false, false): Self(butterflies: 4.5e8, spills: 1e8, rows: 5.6e6, filters: 1.4e8)
    case (true, true, false): Self(butterflies: 6.7e8, spills: 1.4e9, rows: 1.4e7)
    case (true, false, false): Self(butterflies: 5.8e8, spills: 1.2e8, rows: 1.2e7)
    case (false, true, true):
      Self(
        butterflies: 3.0e8, spills: 2.3e7, rows: 1.2e7, products: 1.15e10, frequencies: 1.35e6, filterButterflies: 1.4e8
      )
    case (false, false, true):
      Self(butterflies: 1.35e8, spills: 9.9e6, rows: 4.3e6, filters: 1.8e7, filterButterflies: 5.9e8)
    case (true, true, true): Self(butterflies: 2e8, spills: 3.3e8, rows: 6.4e6, filterButterflies: 1.1e9)
    case (true, false, true): Self(butterflies: 2e8, spills: 2.4e7, rows: 1.6e6)
    }
  }
}
