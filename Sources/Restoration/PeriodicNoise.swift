import Foundation
import Fourier
import Layers
import Tensors

/// Finds waves that run through a whole image, as interference and screens of dots leave them, and takes them away.
///
/// Such a wave is a point in the spectrum. The rest of a picture falls off with the distance from zero, and is uneven: so a
/// point counts if the logarithm of its power stands out, by ``threshold`` robust deviations, both from all frequencies at
/// its distance from zero and from its own neighbours. The first alone would take the streaks for waves that edges leave;
/// the second alone, the noise's strongest points where everything is faint.
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

  /// By how many robust deviations a peak must stand out. Of a picture's own points the most prominent reach some 3, and a
  /// wave of 1 % of the range of pixels 4 to 5.
  public var threshold: Double
  /// Waves longer than 1 / this, in cycles per pixel, belong to the picture.
  public var lowestFrequency: Double
  /// The most waves that are looked for.
  public var limit: Int

  /// A search; without arguments, one that finds nothing in ordinary photographs.
  public init(threshold: Double = 4, lowestFrequency: Double = 0.02, limit: Int = 64) {
    (self.threshold, self.lowestFrequency, self.limit) = (threshold, lowestFrequency, limit)
  }

  /// The least height and width in which waves can be told from a picture.
  public static let leastSide = 32

  /// The bytes that a search takes beside the images: the windowed plane, its spectrum, and the logarithms, twice.
  public static func estimatedBytes<Scalar: FourierScalar>(image: Extent, scalar: Scalar.Type = Scalar.self) -> Int {
    image.height * (image.width + 2) * (3 * MemoryLayout<Scalar>.stride + 3 * MemoryLayout<Float>.stride)
  }

  /// The waves in an image, the strongest first; none in most.
  ///
  /// - Parameter images: `[..., H, W]`; a wave may be in any of the planes.
  /// - Throws: ``RestorationError`` if a pixel is not finite or the image is smaller than 32 x 32.
  public func waves<Scalar: FourierScalar>(in images: Tensor<Scalar>) throws(RestorationError) -> [Wave] {
    try requireImage(images)
    let (height, width) = (images.shape[-2], images.shape[-1])
    guard min(height, width) >= Self.leastSide else {
      throw RestorationError(
        "in \(height) x \(width) pixels waves cannot be told from the picture: it takes at least "
          + "\(Self.leastSide) x \(Self.leastSide)")
    }
    let spectrum = PowerSpectrum(of: images)
    var accepted: [Peak] = []
    for peak in candidates(spectrum) where accepted.count < limit {
      let leak = accepted.reduce(0) { $0 + $1.power(leakedTo: peak, height, width) }
      // What leaks from stronger waves through the window is no wave of its own.
      guard exp(Double(peak.logarithm)) > 4 * leak else { continue }
      accepted.append(peak)
    }
    return accepted.map { $0.wave(spectrum) }
  }

  /// Bins that stand out, the most powerful first.
  private func candidates(_ spectrum: PowerSpectrum) -> [Peak] {
    let rings = backgrounds(spectrum)
    var peaks: [Peak] = []
    for row in 0..<spectrum.height {
      for column in 0..<spectrum.half {
        // Of twins in the same column the lower is the same wave.
        let isOwnTwinsColumn = column == 0 || 2 * column == spectrum.width
        guard !(isOwnTwinsColumn && 2 * row > spectrum.height) else { continue }
        let distance = spectrum.distance(row, column)
        guard distance >= lowestFrequency else { continue }
        let value = spectrum.logarithms[row * spectrum.half + column]
        let overRing = rings[ring(distance, spectrum)].excess(value)
        guard Double(overRing) >= threshold, isSummit(row, column, value, spectrum) else { continue }
        let prominence = min(overRing, neighbourhood(row, column, spectrum).excess(value))
        guard Double(prominence) >= threshold else { continue }
        peaks.append(Peak(row: row, column: column, logarithm: value, prominence: Double(prominence), spectrum))
      }
    }
    return peaks.sorted { ($0.logarithm, $1.row, $1.column) > ($1.logarithm, $0.row, $0.column) }
  }

  /// The ring of a frequency: rings are four bins of the longer side wide.
  private func ring(_ distance: Double, _ spectrum: PowerSpectrum) -> Int {
    Int(distance * Double(max(spectrum.height, spectrum.width)) / 4)
  }

  private func backgrounds(_ spectrum: PowerSpectrum) -> [RobustBackground] {
    let count = ring(0.5.squareRoot(), spectrum) + 1
    var members = [[Float]](repeating: [], count: count)
    for row in 0..<spectrum.height {
      for column in 0..<spectrum.half {
        members[ring(spectrum.distance(row, column), spectrum)].append(
          spectrum.logarithms[row * spectrum.half + column])
      }
    }
    return members.map { values in
      var values = values.isEmpty ? [0] : values
      return RobustBackground(&values)
    }
  }

  private func isSummit(_ row: Int, _ column: Int, _ value: Float, _ spectrum: PowerSpectrum) -> Bool {
    for dy in -1...1 { for dx in -1...1 where spectrum[row + dy, column + dx] > value { return false } }
    return true
  }

  /// The 17 x 17 bins around one, but for the 7 x 7 in the middle, which its own peak fills.
  private func neighbourhood(_ row: Int, _ column: Int, _ spectrum: PowerSpectrum) -> RobustBackground {
    var values: [Float] = []
    for dy in -8...8 {
      for dx in -8...8 where max(abs(dy), abs(dx)) > 3 { values.append(spectrum[row + dy, column + dx]) }
    }
    return RobustBackground(&values)
  }
}

/// A point of a spectrum that stands out.
private struct Peak {
  let row: Int
  let column: Int
  let logarithm: Float
  let prominence: Double
  /// Where between the bins it is highest.
  let exactRow: Double
  let exactColumn: Double

  init(row: Int, column: Int, logarithm: Float, prominence: Double, _ spectrum: PowerSpectrum) {
    (self.row, self.column, self.logarithm, self.prominence) = (row, column, logarithm, prominence)
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
    // At its own twin's place a wave's two halves add up.
    let isOwnTwin = (2 * row) % spectrum.height == 0 && (2 * column) % spectrum.width == 0
    let amplitude = (isOwnTwin ? 1 : 2) * exp(Double(logarithm) / 2) / scalloping
    return PeriodicNoise.Wave(fx: fx, fy: fy, amplitude: amplitude, prominence: prominence)
  }
}
