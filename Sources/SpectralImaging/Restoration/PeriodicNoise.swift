import Foundation
import SpectralTransforms
import SpectralConvolution
import SpectralCore

/// Finds waves that run through a whole image, as interference, screens of dots and uneven lamps leave them, and takes them
/// away.
///
/// Such a wave is a point in the spectrum. The rest of a picture falls off with the distance from zero, about as the second
/// power of it, and is uneven: so a point counts if the logarithm of its power, less that slope, stands out by
/// ``threshold`` robust deviations both from all frequencies at its distance from zero and from its own neighbours. The
/// first alone would take the streaks for waves that edges leave; the second alone, the noise's strongest points where
/// everything is faint.
///
/// A picture has such points too, from grass, a horizon or a wall. Those are in a part of it, or are not in step with
/// themselves: so a wave must also have about the same amplitude and phase in all of eight strips along its direction.
/// What runs evenly through the whole picture, rows of coins or bricks, cannot be told from an added wave.
///
/// Seven tenths of the threshold suffice where that is less likely by chance: for a wave whose strips agree still
/// better, and for long waves, up to ``longWave`` periods from one side to the other, of which there are some two
/// hundred and not a hundred thousand. Four tenths suffice for long waves along the rows or the columns if most pixels
/// of each row or column slope with the wave: such bands have it everywhere, and a picture's own wave has it where its
/// things have their edges.
public struct PeriodicNoise: Hashable, Sendable {
  /// One wave: amplitude cos(2π (fx x + fy y) + phase), x to the right and y down, in pixels.
  public struct Wave: Hashable, Sendable {
    /// Cycles per pixel to the right, from 0 to 0.5.
    public let fx: Double
    /// Cycles per pixel downwards, from -0.5 to 0.5.
    public let fy: Double
    /// Half the way from trough to crest, in the units of pixels; the root mean square over the planes.
    public let amplitude: Double
    /// By how many robust deviations its peak stands out.
    public let prominence: Double

    /// From crest to crest, in pixels.
    public var wavelength: Double { 1 / hypot(fx, fy) }

    /// A wave.
    public init(fx: Double, fy: Double, amplitude: Double, prominence: Double) {
      (self.fx, self.fy, self.amplitude, self.prominence) = (fx, fy, amplitude, prominence)
    }
  }

  /// By how many robust deviations a peak must stand out; seven tenths of it if the wave is long or very even. Of a
  /// picture's own points the most prominent reach some 3, and a wave of 1 % of the range of pixels 4 to 5.
  public var threshold: Double
  /// The most waves that are looked for.
  public var limit: Int

  /// A search; without arguments, one that finds nothing in ordinary photographs.
  public init(threshold: Double = 4, limit: Int = 64) { (self.threshold, self.limit) = (threshold, limit) }

  /// The most periods of a long wave from one side of the image to the other.
  public static let longWave = 12.5
  /// With fewer periods than these a wave cannot be told from the picture.
  public static let leastPeriods = 3.0
  /// The share of ``threshold`` that suffices for a long wave, and for one whose strips agree well.
  private static let leastShare = 0.7
  /// The same for bands.
  private static let leastShareOfBands = 0.4

  /// The least height and width in which waves can be told from a picture.
  public static let leastSide = 32

  /// The bytes that a search takes beside the images: the windowed plane, its spectrum, and the logarithms, twice.
  public static func estimatedBytes<Scalar: FourierScalar>(image: Extent, scalar: Scalar.Type = Scalar.self) -> Int {
    image.height * (image.width + 2) * (3 * MemoryLayout<Scalar>.stride + 3 * MemoryLayout<Float>.stride)
  }

  /// The waves in an image, the strongest first; none in most.
  ///
  /// - Parameters:
  ///   - images: `[..., H, W]`; a wave may be in any of the planes.
  ///   - weights: How much each pixel counts where strips are compared, `[H, W]`, e.g. how opaque it is; nil for all
  ///     alike.
  /// - Throws: ``RestorationError`` if a pixel is not finite or the image is smaller than 32 x 32.
  public func waves<Scalar: FourierScalar>(
    in images: Tensor<Scalar>, weights: Tensor<Float>? = nil
  ) throws(RestorationError) -> [Wave] {
    try requireImage(images)
    let (height, width) = (images.shape[-2], images.shape[-1])
    guard min(height, width) >= Self.leastSide else {
      throw RestorationError(
        "in \(height) x \(width) pixels waves cannot be told from the picture: it takes at least "
          + "\(Self.leastSide) x \(Self.leastSide)")
    }
    let spectrum = PowerSpectrum(of: images)
    let coherence = WaveCoherence(images, weights)
    var bands = Bands(images, weights)
    var accepted: [Peak] = []
    for peak in candidates(spectrum) where accepted.count < limit {
      let leak = accepted.reduce(0) { $0 + $1.power(leakedTo: peak, height, width) }
      // What leaks from stronger waves through the window is no wave of its own.
      guard exp(Double(peak.logarithm)) > 4 * leak else { continue }
      let wave = peak.wave(spectrum)
      let least = peak.isFaint ? WaveCoherence<Scalar>.leastOfFaint : WaveCoherence<Scalar>.least
      let isEven =
        peak.prominence >= threshold * Self.leastShare && coherence.ratio(fx: wave.fx, fy: wave.fy) >= least
      if isEven {
        accepted.append(peak)
      } else if let band = bands.band(peak, spectrum) {
        accepted.append(band)
      }
    }
    return accepted.map { $0.wave(spectrum) }
  }

  /// Bins that stand out, and those that might be bands, the most powerful first.
  private func candidates(_ spectrum: PowerSpectrum) -> [Peak] {
    let rings = Rings(spectrum)
    var peaks: [Peak] = []
    for row in 0..<spectrum.height {
      for column in 0..<spectrum.half {
        // Of twins in the same column the lower is the same wave.
        let isOwnTwinsColumn = column == 0 || 2 * column == spectrum.width
        guard !(isOwnTwinsColumn && 2 * row > spectrum.height) else { continue }
        let bin = Bin(spectrum.signed(row), column)
        guard bin.periods >= Self.leastPeriods else { continue }
        let least = threshold * (bin.mayBeBand(spectrum) ? Self.leastShareOfBands : Self.leastShare)
        let value = spectrum.level(bin)
        guard Double(rings.background(bin, spectrum).excess(value)) >= least, isSummit(bin, spectrum) else { continue }
        let backgrounds = [rings.background(bin, spectrum), neighbourhood(bin, spectrum)]
        let prominence = backgrounds.map { Double($0.excess(value)) }.min()!
        guard prominence >= least else { continue }
        peaks.append(
          Peak(
            row: row, column: column, logarithm: spectrum.logarithms[row * spectrum.half + column],
            prominence: prominence, isFaint: prominence < threshold && bin.periods > Self.longWave, spectrum))
      }
    }
    return peaks.sorted { ($0.logarithm, $1.row, $1.column) > ($1.logarithm, $0.row, $0.column) }
  }

  private func isSummit(_ bin: Bin, _ spectrum: PowerSpectrum) -> Bool {
    let value = spectrum[bin.row, bin.column]
    for dy in -1...1 { for dx in -1...1 where spectrum[bin.row + dy, bin.column + dx] > value { return false } }
    return true
  }

  /// The 17 x 17 bins around one, but for those that its own peak fills and those of the mean.
  private func neighbourhood(_ bin: Bin, _ spectrum: PowerSpectrum) -> RobustBackground {
    var values: [Float] = []
    for dy in -8...8 {
      for dx in -8...8 {
        let other = Bin(bin.row + dy, bin.column + dx)
        if other.isAside(from: bin) { values.append(spectrum.level(other)) }
      }
    }
    return RobustBackground(&values)
  }
}

/// A frequency, in bins to the right and downwards: periods from one side of the image to the other.
private struct Bin {
  let row: Int
  let column: Int

  /// Nearer to zero than this is what the Hann window makes of the mean.
  static let meanPeriods = 2.5

  init(_ row: Int, _ column: Int) { (self.row, self.column) = (row, column) }

  var periods: Double { (Double(row) * Double(row) + Double(column) * Double(column)).squareRoot() }

  /// Whether it may be a wave of bands: a long one along an axis, in a picture that is large enough to tell.
  func mayBeBand(_ spectrum: PowerSpectrum) -> Bool {
    (row == 0 || column == 0) && periods <= PeriodicNoise.longWave
      && min(spectrum.height, spectrum.width) >= BandProfile.leastSide
  }

  /// Whether neither the peak of another bin nor that of its twin reaches this one, nor the mean.
  func isAside(from other: Bin) -> Bool {
    max(abs(row - other.row), abs(column - other.column)) > 3
      && max(abs(row + other.row), abs(column + other.column)) > 3 && periods >= Self.meanPeriods
  }
}

extension PowerSpectrum {
  /// The logarithm of the power, less the slope that pictures have: the power falls with the square of the frequency.
  fileprivate func level(_ bin: Bin) -> Float {
    let (fy, fx) = (Double(bin.row) / Double(height), Double(bin.column) / Double(width))
    return self[bin.row, bin.column] + Float(log(max(fy * fy + fx * fx, .leastNormalMagnitude)))
  }

  /// The row of a frequency as a signed number.
  fileprivate func signed(_ row: Int) -> Int { 2 * row > height ? row - height : row }
}

/// The levels of all frequencies at one distance from zero. Rings are four bins of the longer side wide, or so wide that
/// there are 256 frequencies in each: at zero and in the corners a peak would otherwise be its own background.
private struct Rings {
  /// The background of each ring of four bins.
  private let backgrounds: [RobustBackground]

  private static let leastCount = 256

  init(_ spectrum: PowerSpectrum) {
    let count = Self.ring(0.5.squareRoot(), spectrum) + 1
    var members = [[Float]](repeating: [], count: count)
    for row in 0..<spectrum.height {
      for column in 0..<spectrum.half {
        let bin = Bin(spectrum.signed(row), column)
        guard bin.periods >= Bin.meanPeriods else { continue }
        members[Self.ring(spectrum.distance(row, column), spectrum)].append(spectrum.level(bin))
      }
    }
    backgrounds = members.indices.map { ring in
      var (values, width) = (members[ring], 1)
      while values.count < Self.leastCount && width < count {
        for other in [ring - width, ring + width] where members.indices.contains(other) { values += members[other] }
        width += 1
      }
      return RobustBackground(&values)
    }
  }

  func background(_ bin: Bin, _ spectrum: PowerSpectrum) -> RobustBackground {
    let (fy, fx) = (Double(bin.row) / Double(spectrum.height), Double(bin.column) / Double(spectrum.width))
    return backgrounds[Self.ring((fy * fy + fx * fx).squareRoot(), spectrum)]
  }

  private static func ring(_ distance: Double, _ spectrum: PowerSpectrum) -> Int {
    Int(distance * Double(max(spectrum.height, spectrum.width)) / 4)
  }
}

/// The profiles of an image along both axes, made when they are asked for.
private struct Bands<Scalar: FourierScalar> {
  private let planes: Tensor<Scalar>
  private let weights: Tensor<Float>?
  private lazy var rows = BandProfile(planes, weights, isVertical: true)
  private lazy var columns = BandProfile(planes, weights, isVertical: false)

  init(_ images: Tensor<Scalar>, _ weights: Tensor<Float>?) {
    let (height, width) = (images.shape[-2], images.shape[-1])
    (planes, self.weights) = (images.reshaped(to: [images.count / (height * width), height, width]), weights)
  }

  /// A peak as the wave of bands along an axis; nil if it is none.
  mutating func band(_ peak: Peak, _ spectrum: PowerSpectrum) -> Peak? {
    let bin = Bin(spectrum.signed(peak.row), peak.column)
    guard bin.mayBeBand(spectrum) else { return nil }
    let isVertical = bin.column == 0
    let (periods, prominence) = (isVertical ? rows : columns).strongest(near: bin.periods)
    guard prominence >= BandProfile.least else { return nil }
    return isVertical ? peak.moved(toRow: periods, column: 0) : peak.moved(toRow: 0, column: periods)
  }
}

/// A point of a spectrum that stands out.
private struct Peak {
  let row: Int
  let column: Int
  let logarithm: Float
  let prominence: Double
  /// Whether it stands out so little that its strips must agree the better.
  let isFaint: Bool
  /// Where between the bins it is highest.
  private(set) var exactRow: Double
  private(set) var exactColumn: Double

  /// The same peak with another place between the bins.
  func moved(toRow row: Double, column: Double) -> Peak {
    var copy = self
    (copy.exactRow, copy.exactColumn) = (row, column)
    return copy
  }

  init(row: Int, column: Int, logarithm: Float, prominence: Double, isFaint: Bool, _ spectrum: PowerSpectrum) {
    (self.row, self.column, self.logarithm, self.prominence) = (row, column, logarithm, prominence)
    self.isFaint = isFaint
    exactRow = Double(row) + Self.offset(spectrum[row - 1, column], logarithm, spectrum[row + 1, column])
    exactColumn = Double(column) + Self.offset(spectrum[row, column - 1], logarithm, spectrum[row, column + 1])
  }

  /// The offset of a wave's frequency from the bin, exact for a lone wave under a Hann window: with a the larger
  /// neighbour's magnitude over the bin's, (2 a - 1) / (a + 1) towards it (T. Grandke, "Interpolation algorithms for
  /// discrete Fourier transforms of weighted signals", IEEE Transactions on Instrumentation and Measurement 32, 1983).
  private static func offset(_ before: Float, _ here: Float, _ after: Float) -> Double {
    let ratio = exp(Double(max(before, after) - here) / 2)
    let offset = min(max((2 * ratio - 1) / (ratio + 1), 0), 0.5)
    return after >= before ? offset : -offset
  }

  /// The magnitude of the Hann window's transform at a distance in bins, 1 in the middle: sinc(d) / (1 - d²).
  private static func response(_ distance: Double) -> Double {
    let d = abs(distance)
    if d < 1e-6 { return 1 }
    if abs(d - 1) < 1e-6 { return 0.5 }
    // Between its zeros the response is taken at its envelope.
    let sine = d < 2 ? abs(sin(Double.pi * d)) : 1
    return sine / (Double.pi * d * abs(1 - d * d))
  }

  /// The most power that this wave and its twin have at the bin of another.
  func power(leakedTo other: Peak, _ height: Int, _ width: Int) -> Double {
    func wrapped(_ distance: Double, _ count: Int) -> Double {
      distance - (distance / Double(count)).rounded() * Double(count)
    }
    func leak(_ row: Double, _ column: Double) -> Double {
      let response =
        Self.response(wrapped(Double(other.row) - row, height))
        * Self.response(wrapped(Double(other.column) - column, width))
      return response * response
    }
    let peak = Double(logarithm) - 2 * log(scalloping)
    return exp(peak) * (leak(exactRow, exactColumn) + leak(-exactRow, -exactColumn))
  }

  /// What the bin shows of the peak between the bins.
  private var scalloping: Double {
    Self.response(exactRow - Double(row)) * Self.response(exactColumn - Double(column))
  }

  func wave(_ spectrum: PowerSpectrum) -> PeriodicNoise.Wave {
    var fy = spectrum.verticalFrequency(exactRow)
    var fx = exactColumn / Double(spectrum.width)
    if fx < 0 || (fx == 0 && fy < 0) { (fx, fy) = (-fx, -fy) }
    // At its own twin's place a wave's two halves add up; the place may be between two bins.
    func isTwin(_ place: Double, _ count: Int) -> Bool {
      let turns = 2 * place / Double(count)
      return abs(turns - turns.rounded()) * Double(count) < 0.2
    }
    let isOwnTwin = isTwin(exactRow, spectrum.height) && isTwin(exactColumn, spectrum.width)
    let amplitude = (isOwnTwin ? 1 : 2) * exp(Double(logarithm) / 2) / scalloping
    return PeriodicNoise.Wave(fx: fx, fy: fy, amplitude: amplitude, prominence: prominence)
  }
}
