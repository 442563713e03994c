import SpectralConvolution
import SpectralCore

/// An axis whose positions are computed a *band* at a time, and what stands at the places of a band's copy of the operand.
struct AxisBands {
  let axis: SlidingAxis
  /// Positions of a band; the last one may have fewer.
  let size: Int
  /// Places that a whole band sees.
  let places: Int
  /// The operand's row at each place of each band; -1 for zero.
  private let sources: Scratch<Int32>

  var count: Int { (axis.positions + size - 1) / size }

  static func byteCount(_ axis: SlidingAxis, size: Int) -> Int {
    Scratch<Int32>.byteCount((axis.positions + size - 1) / size * axis.places(size))
  }

  init(_ axis: SlidingAxis, size: Int) {
    self.axis = axis
    self.size = size
    places = axis.places(size)
    sources = Scratch(count: (axis.positions + size - 1) / size * places)
    for band in 0..<count {
      for place in 0..<places(band) {
        sources.base[band * places + place] = axis.source(band * size * axis.step + place).map(Int32.init) ?? -1
      }
    }
  }

  func positions(_ band: Int) -> Range<Int> { band * size..<min(axis.positions, (band + 1) * size) }

  /// Places that the positions of a band see.
  func places(_ band: Int) -> Int { axis.places(positions(band).count) }

  /// The operand's row at each place of a band; -1 for zero.
  func sources(_ band: Int) -> UnsafePointer<Int32> { UnsafePointer(sources.base + band * places) }

  /// The places of a band from the first that is not zero to the last: beyond them all are, in front and behind.
  func filled(_ band: Int) -> Range<Int> {
    let (sources, all) = (sources(band), 0..<places(band))
    guard let first = all.first(where: { sources[$0] >= 0 }) else { return 0..<0 }
    return first..<all.last { sources[$0] >= 0 }! + 1
  }

  /// The operand's rows from that of the first place of ``filled(_:)`` to that of the last.
  func rows(_ band: Int) -> Range<Int> {
    let filled = filled(band)
    guard !filled.isEmpty else { return 0..<0 }
    let (first, last) = (Int(sources(band)[filled.lowerBound]), Int(sources(band)[filled.upperBound - 1]))
    return min(first, last)..<max(first, last) + 1
  }
}
