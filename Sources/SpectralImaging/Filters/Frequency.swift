import Foundation

/// How fast a wave varies from pixel to pixel, in any of three units: cycles per pixel, the wavelength in pixels, or a
/// fraction of Nyquist's frequency, which is half a cycle per pixel and the fastest that pixels can hold.
///
/// ```swift
/// let cutoff: Frequency = 0.08                  // cycles per pixel
/// let same = Frequency.wavelength(12.5)         // pixels
/// let again = Frequency.fractionOfNyquist(0.16)
/// ```
public struct Frequency: Hashable, Comparable, Sendable, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral {
  /// Cycles per pixel.
  public let cyclesPerPixel: Double

  /// A frequency in cycles per pixel.
  ///
  /// - Precondition: it is finite.
  public init(_ cyclesPerPixel: Double) {
    precondition(cyclesPerPixel.isFinite, "\(cyclesPerPixel) cycles per pixel is no frequency")
    self.cyclesPerPixel = cyclesPerPixel
  }

  /// A frequency in cycles per pixel.
  public init(floatLiteral cyclesPerPixel: Double) { self.init(cyclesPerPixel) }

  /// A frequency in cycles per pixel, which for a whole number is 0.
  public init(integerLiteral cyclesPerPixel: Int) { self.init(Double(cyclesPerPixel)) }

  /// The frequency of waves that repeat after so many pixels.
  ///
  /// - Precondition: there is such a wave: the number is not 0.
  public static func wavelength(_ pixels: Double) -> Frequency { Frequency(1 / pixels) }

  /// The frequency that is so many times Nyquist's.
  public static func fractionOfNyquist(_ fraction: Double) -> Frequency { Frequency(fraction / 2) }

  /// Half a cycle per pixel: black, white, black, white.
  public static let nyquist: Frequency = 0.5

  /// The pixels after which the wave repeats; infinite at 0.
  public var wavelength: Double { 1 / cyclesPerPixel }
  /// The frequency divided by Nyquist's.
  public var fractionOfNyquist: Double { 2 * cyclesPerPixel }

  /// Slower before faster.
  public static func < (a: Frequency, b: Frequency) -> Bool { a.cyclesPerPixel < b.cyclesPerPixel }

  /// Reads `0.08` (cycles per pixel), `12px` (wavelength in pixels) or `0.16nyq` (fraction of Nyquist).
  ///
  /// - Throws: ``FrequencyFilterError`` if the text says no frequency.
  public init(parsing text: String) throws(FrequencyFilterError) {
    let units: [(suffix: String, frequency: (Double) -> Double)] = [
      ("px", { 1 / $0 }), ("nyq", { $0 / 2 }), ("", { $0 }),
    ]
    for unit in units where text.hasSuffix(unit.suffix) {
      guard let number = Double(text.dropLast(unit.suffix.count)), unit.frequency(number).isFinite else { break }
      self.init(unit.frequency(number))
      return
    }
    throw FrequencyFilterError(
      "'\(text)' is no frequency: write cycles per pixel as in 0.08, a wavelength as in 12px, or a fraction of Nyquist as in "
        + "0.16nyq")
  }

  /// Reads a cut-off, in any of the units.
  ///
  /// - Throws: ``FrequencyFilterError`` also for one that is not above 0, or beyond Nyquist, with what may have been meant.
  public init(cutoff text: String) throws(FrequencyFilterError) {
    let frequency = try Frequency(parsing: text)
    guard frequency > 0.0 else {
      throw FrequencyFilterError("needs a cut-off above 0, not '\(text)'")
    }
    self = try frequency.withinNyquist(text)
  }

  /// The frequency, if pixels can hold it.
  func withinNyquist(_ text: String) throws(FrequencyFilterError) -> Frequency {
    guard abs(cyclesPerPixel) > 0.5 else { return self }
    var remedy = ""
    if let plain = Double(text) {
      if abs(plain) <= 1 { remedy = ", or \(text)nyq for a fraction of Nyquist" }
      if abs(plain) >= 2 { remedy = ", or \(text)px for a wavelength" }
    }
    throw FrequencyFilterError(
      "\(text) is beyond Nyquist, 0.5 cycles per pixel, the fastest wave that pixels can hold: write at most 0.5 (1nyq, "
        + "2px)\(remedy)")
  }
}

extension Frequency: CustomStringConvertible {
  /// All three units, e.g. `0.08 cycles/pixel (12.5 px, 0.16 Nyquist)`.
  public var description: String {
    String(numbers: "%.4g cycles/pixel (%.4g px, %.4g Nyquist)", cyclesPerPixel, wavelength, fractionOfNyquist)
  }
}
