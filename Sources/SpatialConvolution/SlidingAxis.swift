import SpectralConvolution

/// One axis of a correlation that is computed on a padded copy: which place of the copy each tap sees, from each
/// position.
///
/// The forward pass and the input gradient both are such correlations. With stride s the pixels i = s q + r of a
/// gradient fall into residues r, and from position q of a residue the taps t with d t = s j + r see the output
/// gradients q - j: each residue is a correlation of its own, at stride 1, of the same copy.
struct SlidingAxis {
  /// A tap of the kernel, and the place that it sees from position 0.
  struct Tap: Hashable {
    let index: Int
    let place: Int
  }

  /// Positions that see the copy through the same taps.
  struct Residue: Hashable {
    let first: Int
    let taps: [Tap]
  }

  /// Positions of each residue.
  let positions: Int
  /// Places from one position to the next.
  let step: Int
  /// Places that a position can see.
  let reach: Int
  let residues: [Residue]

  private enum Content: Hashable {
    /// The padded image as it is.
    case image
    /// Only the pixels that some tap sees, where windows do not overlap.
    case windows
    /// The output gradient, with so many zeros in front.
    case gradient(shift: Int)
  }

  private let axis: ConvolutionAxis
  private let content: Content
  /// Whether positions are pixels of the padded image, which a boundary may send anywhere, and not results.
  let scatters: Bool

  /// The forward pass: positions are outputs.
  init(forward axis: ConvolutionAxis) {
    self.axis = axis
    scatters = false
    positions = axis.output
    let apart = axis.stride >= axis.span
    content = apart ? .windows : .image
    step = apart ? axis.kernel : axis.stride
    reach = apart ? axis.kernel : axis.span
    residues = [
      Residue(first: 0, taps: (0..<axis.kernel).map { Tap(index: $0, place: apart ? $0 : axis.dilation * $0) })
    ]
  }

  /// The input gradient where each pixel has one place in the padded image: positions are pixels of the image.
  ///
  /// - Precondition: the stride is 1, the boundary zero.
  init(inputGradient axis: ConvolutionAxis) {
    self.axis = axis
    scatters = false
    positions = axis.input
    content = .gradient(shift: axis.span - 1 - axis.paddingBefore)
    step = 1
    reach = axis.span
    residues = [
      Residue(
        first: 0, taps: (0..<axis.kernel).map { Tap(index: $0, place: axis.span - 1 - axis.dilation * $0) })
    ]
  }

  /// The input gradient of any geometry: positions are pixels of the padded image, to be added where
  /// ``target(_:_:)`` says.
  init(foldedInputGradient axis: ConvolutionAxis) {
    self.axis = axis
    scatters = true
    let (stride, dilation) = (axis.stride, axis.dilation)
    let farthest = (axis.span - 1) / stride
    positions = axis.output + farthest
    content = .gradient(shift: farthest)
    step = 1
    reach = farthest + 1
    let taps = Dictionary(grouping: 0..<axis.kernel) { $0 * dilation % stride }
    residues = taps.keys.sorted().map { residue in
      Residue(
        first: residue,
        taps: taps[residue]!.map { Tap(index: $0, place: farthest - $0 * dilation / stride) })
    }
  }

  /// The axis as a pass of a problem sees it; the filter gradient copies what the forward pass does.
  init(_ axis: ConvolutionAxis, of problem: ConvolutionProblem, _ pass: ConvolutionPass) {
    if pass != .inputGradient {
      self.init(forward: axis)
    } else if problem.hasUnitStride, problem.geometry.boundary == .zero {
      self.init(inputGradient: axis)
    } else {
      self.init(foldedInputGradient: axis)
    }
  }

  /// Places of the copy that so many neighbouring positions see.
  func places(_ positions: Int) -> Int { (positions - 1) * step + reach }

  /// What stands at a place of the copy: a pixel of the image, or of the output gradient; nil for zero.
  func source(_ place: Int) -> Int? {
    switch content {
    case .image: return axis.source(place)
    case .windows: return axis.source(output: place / axis.kernel, tap: place % axis.kernel)
    case .gradient(let shift): return place >= shift && place - shift < axis.output ? place - shift : nil
    }
  }

  /// Places whose sources are neighbours, as far as that is known without a look at each.
  var interior: Range<Int> {
    switch content {
    case .image: return axis.paddingBefore..<axis.paddingBefore + axis.input
    case .gradient(let shift): return max(0, shift)..<max(0, shift + axis.output)
    case .windows: return 0..<0
    }
  }

  /// The zeros that stand before all else, and those after, in what all positions see.
  var margins: (before: Int, after: Int) {
    let places = places(positions)
    switch content {
    case .image where axis.boundary == .zero:
      return (min(axis.paddingBefore, places), max(0, places - axis.paddingBefore - axis.input))
    case .gradient(let shift): return (max(0, shift), max(0, places - shift - axis.output))
    default: return (0, 0)
    }
  }

  /// The result that a position adds to; nil for none.
  func target(_ residue: Residue, _ position: Int) -> Int? {
    guard scatters else { return position }
    let pixel = axis.stride * position + residue.first
    return pixel < axis.padded ? axis.source(pixel) : nil
  }
}
