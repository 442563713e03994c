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

  /// Pixels of the image at the places of each tile and phase, outputs at those of each tile (of which the last may have
  /// fewer than it has room for), and taps at those of each phase.
  let input: PlaceLists
  let output: PlaceLists
  let taps: PlaceLists

  init(_ axis: ConvolutionAxis, size: Int, flipped: Bool) {
    let (residues, phaseStride, phases, taps) = Self.parts(axis)
    precondition(size >= taps, "a tile of \(size) places cannot hold \(taps) taps")
    let fresh = Self.fresh(axis, size: size)
    var (input, output, kernel) = (PlaceLists(size: size), PlaceLists(size: size), PlaceLists(size: size))
    let step = axis.dilation * phaseStride
    for residue in 0..<min(residues, axis.output) {
      let outputs = Self.outputs(axis, residue: residue, of: residues)
      for first in stride(from: 0, to: outputs, by: fresh) {
        let count = min(fresh, outputs - first)
        // Beyond the last output's window nothing is read: it would only add to the error.
        let seen = min(size, count + taps - 1)
        for phase in 0..<phases {
          let position = axis.stride * residue + axis.dilation * (phase + phaseStride * first)
          let last = position + step * (seen - 1)
          if position >= axis.paddingBefore && last < axis.paddingBefore + axis.input {
            input.append(run: seen, step: step, from: position - axis.paddingBefore)
          } else {
            input.append(count: seen) { place in
              let position = position + step * place
              return position < axis.padded ? axis.source(position) : nil
            }
          }
        }
        output.append(run: count, step: residues, from: residues * first + residue)
      }
    }
    for phase in 0..<phases {
      // Here a true convolution flips its kernel.
      kernel.append(count: taps) { place in
        let tap = phaseStride * place + phase
        return tap < axis.kernel ? flipped ? axis.kernel - 1 - tap : tap : nil
      }
    }
    (self.input, self.output, self.taps) = (input, output, kernel)
    tiles = output.tiles.count
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

/// Where the places of tiles lie along an axis.
///
/// Tiles inside the image differ by a shift only, and share a list of places: so what a long axis takes are a few numbers
/// for each tile.
struct PlaceLists: Sendable {
  /// Places of a list.
  let size: Int
  /// `[list][place]`; -1 for nowhere.
  private(set) var places: [Int32] = []
  /// The list of each tile, and how far it is shifted: `[tile]`, or `[tile][phase]`.
  private(set) var tiles: [(list: Int, shift: Int)] = []
  /// Lists of evenly spaced places, by how many there are.
  private var runs: [Int: Int] = [:]

  init(size: Int) { self.size = size }

  /// A tile whose first places are evenly spaced; the others are nowhere.
  mutating func append(run count: Int, step: Int, from shift: Int) {
    let list = runs[count] ?? appendList(count) { $0 * step }
    runs[count] = list
    tiles.append((list, shift))
  }

  /// A tile with a list of its own.
  mutating func append(count: Int, _ source: (Int) -> Int?) { tiles.append((appendList(count, source), 0)) }

  private mutating func appendList(_ count: Int, _ source: (Int) -> Int?) -> Int {
    for place in 0..<size { places.append((place < count ? source(place) : nil).map(Int32.init) ?? -1) }
    return places.count / size - 1
  }
}
