import CKernels
import SpectralConvolution

/// One axis of a correlation without padding: what each position of the result sees, and through which tap.
///
/// Where positions are numbers of their own, and the images of a batch stand beside each other, a position can leave out
/// the taps that see only zeros. So this takes any stride, dilation and boundary.
struct BatchAxis {
  /// A tap of the kernel, and the place of the operand that it sees.
  struct Term {
    let place: Int
    let tap: Int
  }

  /// Neighbouring positions that see through the same taps, each so many places after the one before.
  struct Run {
    let positions: Range<Int>
    let step: Int
    let terms: [Term]
  }

  /// Neighbouring positions that see through a tap, or each through neighbouring taps: the place that the first sees through
  /// the first tap, and from one position and from one tap to the next.
  struct Overlap {
    var taps: Range<Int>
    let positions: Range<Int>
    let place: Int
    let step: Int
    var placePerTap = 0

    /// The part with positions in a range.
    func clamped(to range: Range<Int>) -> Overlap {
      let part = positions.clamped(to: range)
      return Overlap(
        taps: taps, positions: part, place: place + (part.lowerBound - positions.lowerBound) * step, step: step,
        placePerTap: placePerTap)
    }
  }

  /// What each position sees.
  let terms: [[Term]]
  /// Terms of all positions together.
  let termCount: Int
  /// The most terms of a position.
  let mostTerms: Int

  private init(_ terms: [[Term]]) {
    self.terms = terms
    termCount = terms.reduce(0) { $0 + $1.count }
    mostTerms = terms.reduce(0) { max($0, $1.count) }
  }

  /// The forward pass: positions are outputs, places are pixels.
  init(forward axis: ConvolutionAxis) {
    self.init(
      (0..<axis.output).map { output in
        (0..<axis.kernel).compactMap { tap in axis.source(output: output, tap: tap).map { Term(place: $0, tap: tap) } }
      })
  }

  /// The input gradient: positions are pixels, places are outputs.
  init(inputGradient axis: ConvolutionAxis) {
    var terms = [[Term]](repeating: [], count: axis.input)
    for output in 0..<axis.output {
      for tap in 0..<axis.kernel {
        if let pixel = axis.source(output: output, tap: tap) { terms[pixel].append(Term(place: output, tap: tap)) }
      }
    }
    self.init(terms)
  }

  /// The places that some positions see, and those between.
  func places(_ positions: Range<Int>) -> Range<Int> {
    var (first, end) = (Int.max, 0)
    for position in positions {
      for term in terms[position] { (first, end) = (min(first, term.place), max(end, term.place + 1)) }
    }
    return first < end ? first..<end : 0..<0
  }

  /// Some positions in runs.
  func runs(_ positions: Range<Int>) -> [Run] {
    var runs: [Run] = []
    var first = positions.lowerBound
    while first < positions.upperBound {
      var (end, step) = (first + 1, 0)
      while end < positions.upperBound, let next = self.step(to: end), end == first + 1 || next == step {
        (step, end) = (next, end + 1)
      }
      runs.append(Run(positions: first..<end, step: step, terms: terms[first]))
      first = end
    }
    return runs
  }

  /// By how much a position sees further than the one before, if it sees through the same taps.
  private func step(to position: Int) -> Int? {
    let (last, next) = (terms[position - 1], terms[position])
    guard last.count == next.count else { return nil }
    guard let (before, after) = zip(last, next).first(where: { _ in true }) else { return 0 }
    let step = after.place - before.place
    return zip(last, next).allSatisfy { $0.tap == $1.tap && $1.place - $0.place == step } ? step : nil
  }

  /// The positions that see through each tap of a kernel.
  ///
  /// - Parameter together: Whether taps are to be taken together where all of them see the image, if that is possible.
  static func overlaps(_ axis: ConvolutionAxis, together: Bool) -> [Overlap] {
    let all = (0..<axis.kernel).map { tap in
      [sk_column_run](columns: axis.output) { axis.source(output: $0, tap: tap) }.filter { $0.from >= 0 }.map {
        Overlap(
          taps: tap..<tap + 1, positions: Int($0.to)..<Int($0.to + $0.count), place: Int($0.from), step: Int($0.step))
      }
    }
    guard together, let common = common(all) else { return all.flatMap { $0 } }
    let rest = [0..<common.positions.lowerBound, common.positions.upperBound..<axis.output]
    return [common]
      + all.flatMap { overlaps in rest.map { overlaps[0].clamped(to: $0) } }.filter { !$0.positions.isEmpty }
  }

  /// The positions from which all taps see the image, if each sees it from neighbouring positions only, and all move alike.
  private static func common(_ overlaps: [[Overlap]]) -> Overlap? {
    guard overlaps.count > 1, overlaps.allSatisfy({ $0.count == 1 }) else { return nil }
    let positions = overlaps.dropFirst().reduce(overlaps[0][0].positions) { $0.clamped(to: $1[0].positions) }
    guard !positions.isEmpty else { return nil }
    let parts = overlaps.map { $0[0].clamped(to: positions) }
    var common = parts[0]
    (common.taps, common.placePerTap) = (0..<parts.count, parts[1].place - parts[0].place)
    let moveAlike = zip(parts, parts.dropFirst()).allSatisfy {
      $1.place - $0.place == common.placePerTap && $1.step == $0.step
    }
    return moveAlike ? common : nil
  }
}
