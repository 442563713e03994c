import SpectralConvolution

/// One axis of a convolution cut into tiles, with stride and dilation taken apart so that what is left inside a tile is
/// a plain, dense correlation.
///
/// With stride s, dilation d and g = gcd(s, d), write an output as o = R q + r with R = d / g *residues* r, and a tap as
/// t = S j + p with S = s / g *phases* p. The pixel that tap t of output o sees is then
///
///     s o + d t  =  s r + d p + d S (q + j),
///
/// so for each residue the outputs q are the dense correlation, over j, of S subsampled images, one for each phase.
/// A dilated convolution is R interleaved dense ones; a strided one is a dense one with S times the channels. Nothing is
/// computed that is thrown away, and no zero between taps is multiplied.
///
/// A tile has T places i = q + j. Its first B = T - J + 1 circular correlations do not wrap around: overlap-save. One tile
/// for all outputs may wrap around, as long as what is wrapped onto a place is what stands there: then the zeros in front
/// of an image serve as those behind it, or the image has the period of its circular boundary. So 56 pixels and 31 taps,
/// padded to the same size, need 71 places and not 86.
struct AxisTiling: Sendable {
  /// Tiles along the axis.
  let tiles: Int

  /// Pixel of the image at each place: `[tile][phase][place]`; -1 for zero.
  let inputPlaces: [Int32]
  /// Output at each place: `[tile][place]`; -1 for places beyond the last fresh output.
  let outputPlaces: [Int32]
  /// Tap at each place: `[phase][place]`; -1 for none. Here a true convolution flips its kernel.
  let tapPlaces: [Int32]

  init(_ axis: ConvolutionAxis, size: Int, flipped: Bool) {
    let (residues, phaseStride, phases, taps) = Self.parts(axis)
    precondition(size >= taps, "a tile of \(size) places cannot hold \(taps) taps")
    let fresh = Self.fresh(axis, size: size)
    let none = Int32(-1)

    var (inputPlaces, outputPlaces) = ([Int32](), [Int32]())
    var tiles = 0
    for residue in 0..<min(residues, axis.output) {
      let outputs = Self.outputs(axis, residue: residue, of: residues)
      for first in stride(from: 0, to: outputs, by: fresh) {
        tiles += 1
        let count = min(fresh, outputs - first)
        for phase in 0..<phases {
          for place in 0..<size {
            // Beyond the last output's window nothing is read: it would only add to the error.
            let position = axis.stride * residue + axis.dilation * (phase + phaseStride * (first + place))
            let source = place < count + taps - 1 && position < axis.padded ? axis.source(position) : nil
            inputPlaces.append(source.map(Int32.init) ?? none)
          }
        }
        for place in 0..<size {
          outputPlaces.append(place < count ? Int32(residues * (first + place) + residue) : none)
        }
      }
    }
    (self.inputPlaces, self.outputPlaces, self.tiles) = (inputPlaces, outputPlaces, tiles)
    tapPlaces = (0..<phases).flatMap { phase in
      (0..<size).map { place in
        let tap = phaseStride * place + phase
        guard place < taps, tap < axis.kernel else { return none }
        return Int32(flipped ? axis.kernel - 1 - tap : tap)
      }
    }
  }

  /// How stride and dilation come apart: R interleaved grids of outputs, the distance S between the taps of a phase, the
  /// phases that have a tap at all, and the taps J of a phase.
  static func parts(_ axis: ConvolutionAxis) -> (residues: Int, phaseStride: Int, phases: Int, taps: Int) {
    var (a, b) = (axis.stride, axis.dilation)
    while b != 0 { (a, b) = (b, a % b) }
    let phaseStride = axis.stride / a
    return (
      axis.dilation / a, phaseStride, min(phaseStride, axis.kernel), (axis.kernel + phaseStride - 1) / phaseStride
    )
  }

  /// The most outputs that a residue has: a tile for all of them needs this and J - 1 places more, or fewer if it may wrap
  /// around.
  static func longest(_ axis: ConvolutionAxis) -> Int { outputs(axis, residue: 0, of: parts(axis).residues) }

  /// How many tiles of a size there would be.
  static func tileCount(_ axis: ConvolutionAxis, size: Int) -> Int {
    let residues = parts(axis).residues
    let fresh = fresh(axis, size: size)
    return (0..<min(residues, axis.output)).reduce(0) { count, residue in
      count + (outputs(axis, residue: residue, of: residues) + fresh - 1) / fresh
    }
  }

  /// Outputs of a tile: all, if they may wrap around, else B.
  private static func fresh(_ axis: ConvolutionAxis, size: Int) -> Int {
    mayWrap(axis, size: size) ? longest(axis) : size - parts(axis).taps + 1
  }

  /// Whether one tile holds all outputs of a residue: what wraps around is the same as what it is wrapped onto.
  static func mayWrap(_ axis: ConvolutionAxis, size: Int) -> Bool {
    let parts = parts(axis)
    guard size >= max(longest(axis), parts.taps) else { return false }
    for residue in 0..<min(parts.residues, axis.output) {
      let places = outputs(axis, residue: residue, of: parts.residues) + parts.taps - 1
      guard places > size else { continue }
      for phase in 0..<parts.phases {
        func source(_ place: Int) -> Int? {
          axis.source(axis.stride * residue + axis.dilation * (phase + parts.phaseStride * place))
        }
        for place in size..<places where source(place) != source(place - size) { return false }
      }
    }
    return true
  }

  private static func outputs(_ axis: ConvolutionAxis, residue: Int, of residues: Int) -> Int {
    (axis.output - residue + residues - 1) / residues
  }
}
