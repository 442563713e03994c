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

  /// Neighbouring positions that a tap sees from: the place that it sees from the first, and from one to the next.
  struct Overlap {
    let positions: Range<Int>
    let place: Int
    let step: Int

    /// The part with positions in a range.
    func clamped(to range: Range<Int>) -> Overlap {
      let part = positions.clamped(to: range)
      return Overlap(positions: part, place: place + (part.lowerBound - positions.lowerBound) * step, step: step)
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

  /// Neighbouring taps with an overlap in common: the place moves by so many from one tap to the next.
  struct TapRun {
    let taps: Range<Int>
    let placePerTap: Int
    let overlap: Overlap
  }

  /// The overlaps of the taps of a kernel.
  ///
  /// - Parameter together: Whether taps are to be run together where all of them see the image, if that is possible.
  func tapRuns(_ taps: Int, together: Bool) -> [TapRun] {
    let overlaps = overlaps(taps)
    if together, let common = Self.common(overlaps) {
      let range = common.overlap.positions
      return [common]
        + overlaps.enumerated().flatMap { tap, overlaps in
          [overlaps[0].clamped(to: 0..<range.lowerBound), overlaps[0].clamped(to: range.upperBound..<terms.count)]
            .filter { !$0.positions.isEmpty }.map { TapRun(taps: tap..<tap + 1, placePerTap: 0, overlap: $0) }
        }
    }
    return overlaps.enumerated().flatMap { tap, overlaps in
      overlaps.map { TapRun(taps: tap..<tap + 1, placePerTap: 0, overlap: $0) }
    }
  }

  /// The positions from which all taps see the image, if each sees it from neighbouring positions only, and all move alike.
  private static func common(_ overlaps: [[Overlap]]) -> TapRun? {
    guard overlaps.count > 1, overlaps.allSatisfy({ $0.count == 1 }) else { return nil }
    let first = overlaps.map { $0[0].positions.lowerBound }.max()!
    let end = overlaps.map { $0[0].positions.upperBound }.min()!
    guard first < end else { return nil }
    let parts = overlaps.map { $0[0].clamped(to: first..<end) }
    let placePerTap = parts[1].place - parts[0].place
    for (last, next) in zip(parts, parts.dropFirst())
    where next.place - last.place != placePerTap || next.step != last.step { return nil }
    return TapRun(taps: 0..<parts.count, placePerTap: placePerTap, overlap: parts[0])
  }

  /// For each tap of a kernel, the positions that see through it.
  private func overlaps(_ taps: Int) -> [[Overlap]] {
    var overlaps = [[Overlap]](repeating: [], count: taps)
    for (position, terms) in terms.enumerated() {
      for term in terms {
        if let last = overlaps[term.tap].last, last.positions.upperBound == position {
          let step = term.place - last.place - (last.positions.count - 1) * last.step
          if last.positions.count == 1 || step == last.step {
            overlaps[term.tap].removeLast()
            overlaps[term.tap].append(
              Overlap(positions: last.positions.lowerBound..<position + 1, place: last.place, step: step))
            continue
          }
        }
        overlaps[term.tap].append(Overlap(positions: position..<position + 1, place: term.place, step: 0))
      }
    }
    return overlaps
  }
}
