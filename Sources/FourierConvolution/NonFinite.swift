import Foundation
import SpectralTransforms
import SpectralConvolution
import SpectralCore

// A NaN or an infinity spoils every output of its transform, where a direct sum spoils only what has a term with it. Such
// an output does not depend on the values of its terms, only on which kinds of them there are (`TermCounts`), and how many
// of each kind there are is a convolution, too, of factors that are 0, 1 and -1. So a pass whose result is not finite is
// computed again from the finite numbers, and a few times from such factors: whatever the share of non-finite numbers,
// that takes a few times as long as the pass itself.

extension FourierConvolution {
  /// The result of a pass whose transforms did not give a finite one.
  ///
  /// - Parameters:
  ///   - a: Images for the forward pass, the output gradient for the other passes.
  ///   - b: Images for the filter gradient, filters for the other passes.
  func nonFiniteResult(
    _ pass: ConvolutionPass, _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    let (a, b) = (NumberKinds(a), NumberKinds(b))
    var result = scaledProduct(a.factor(.finite), b.factor(.finite)) { transformed(pass, $0, $1, problem) }
    guard a.hasNonFinite || b.hasNonFinite else { return result }
    if countError(pass, problem) < 0.1 {
      TermCounts(pass, a, b, problem, by: self).spoil(&result)
    } else {
      // In Double every count is exact after rounding; numbers of twice the size fit in twice the limit.
      let precise = FourierConvolution<Double>(
        memoryLimit: memoryLimit.map { 2 * min($0, .max / 2) }, rigor: rigor, tile: tile, solver: solver)
      TermCounts(pass, a, b, problem, by: precise).spoil(&result)
    }
    return result
  }

  /// The same for the forward pass with what is done to its feature maps.
  func nonFiniteForward(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ bias: Tensor<Scalar>?, rectified: Bool,
    _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    var output = nonFiniteResult(.forward, input, filter, problem)
    if let bias {
      let plane = problem.axes.reduce(1) { $0 * $1.output }
      output.withUnsafeMutableElements { y in
        bias.withUnsafeElements { bias in
          for i in 0..<y.count / plane {
            addBias(UnsafeMutableBufferPointer(rebasing: y[i * plane..<(i + 1) * plane]), bias[i % bias.count])
          }
        }
      }
    }
    if rectified { output.rectify() }
    return output
  }

  /// A bilinear product that must not overflow on the way: if it did, once more with both factors scaled to about 1 by
  /// powers of two, which changes no digit.
  private func scaledProduct(
    _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ product: (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let plain = product(a, b)
    if plain.isFinite { return plain }
    func exponent(_ tensor: Tensor<Scalar>) -> Int { Int(max(Scalar(tensor.maximumMagnitude).exponent, -1000)) }
    func scaled(_ tensor: Tensor<Scalar>, _ exponent: Int) -> Tensor<Scalar> {
      tensor.map { Scalar(sign: .plus, exponent: Scalar.Exponent(exponent), significand: $0) }
    }
    let (m, n) = (exponent(a), exponent(b))
    return scaled(product(scaled(a, -m), scaled(b, -n)), m + n)
  }

  /// How far a count of terms may be from a whole number: the error that is promised for each pair of planes, whose norms
  /// are at most the roots of how many numbers a tile of them holds.
  private func countError(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) -> Double {
    // How often a pixel stands in the padded image at most.
    func copies(_ axis: ConvolutionAxis) -> Double {
      switch axis.boundary {
      case .zero, .constant: 1
      case .replicate: Double(max(axis.paddingBefore, axis.paddingAfter) + 1)
      case .reflect, .mirror, .circular: Double(axis.padded / axis.input + 2)
      }
    }
    let points = Double(transformPoints(problem, FourierPass(pass)))
    let pixels = problem.axes.reduce(points) { $0 * Double($1.stride) }
    let taps = Double(problem.taps)
    let norms =
      switch pass {
      case .forward: Double(problem.channelsPerGroup) * (pixels * min(pixels, taps)).squareRoot()
      case .inputGradient:
        Double(problem.outputsPerGroup) * (points * min(pixels, taps)).squareRoot()
          * problem.axes.reduce(1) { $0 * copies($1) }
      case .filterGradient:
        problem.axes.reduce(Double(problem.batch)) { $0 * Double($1.output) } * (pixels / points).squareRoot() * 2
      }
    return 2 * Scalar.unitRoundoff * log2(max(points, 2)).squareRoot() * norms
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func addBias<Scalar: ConvolutionScalar>(_ plane: UnsafeMutableBufferPointer<Scalar>, _ bias: Scalar) {
  for i in plane.indices { plane[i] += bias }
}

/// What a number is put in the place of when terms are counted.
private enum FactorKind {
  /// The number itself if it is finite, otherwise 0.
  case finite
  /// 1 for each number that is not finite.
  case nonFinite
  /// 1 for each infinity, and the same with its sign.
  case infinite, infiniteSign
  /// 1 for each number but 0 and NaN, and the same with its sign.
  case magnitude, sign
  /// 1 for each number.
  case one
}

/// A factor of a product, by the kinds of its numbers.
private struct NumberKinds<Scalar: ConvolutionScalar> {
  let tensor: Tensor<Scalar>
  let hasNonFinite: Bool
  let hasInfinite: Bool

  init(_ tensor: Tensor<Scalar>) {
    self.tensor = tensor
    hasNonFinite = !tensor.isFinite
    hasInfinite = hasNonFinite && tensor.withUnsafeElements { count(of: .infinite, $0) > 0 }
  }

  /// The factor with each number replaced.
  func factor<Count: ConvolutionScalar>(_ kind: FactorKind, as _: Count.Type = Scalar.self) -> Tensor<Count> {
    if kind == .finite, !hasNonFinite, let same = tensor as? Tensor<Count> { return same }
    return tensor.withUnsafeElements { x in
      Tensor<Count>(tensor.shape) { y in
        let grain = 1 << 16
        Parallel.forEach((x.count + grain - 1) / grain) { piece in
          let range = piece * grain..<min(x.count, (piece + 1) * grain)
          replace(kind, UnsafeBufferPointer(rebasing: x[range]), UnsafeMutableBufferPointer(rebasing: y[range]))
        }
      }
    }
  }

  /// For each place along an axis, how many numbers are not finite.
  func nonFiniteCounts(axis: Int) -> [Int] {
    let extents = tensor.shape.extents
    let run = extents[(axis + 1)...].reduce(1, *)
    var counts = [Int](repeating: 0, count: extents[axis])
    tensor.withUnsafeElements { x in
      for index in 0..<(run == 0 ? 0 : x.count / run) {
        counts[index % extents[axis]] += count(
          of: .nonFinite, UnsafeBufferPointer(rebasing: x[index * run..<(index + 1) * run]))
      }
    }
    return counts
  }
}

@inline(__always)
private func replacement<Scalar: ConvolutionScalar>(_ kind: FactorKind, _ x: Scalar) -> Scalar {
  let isFinite = x.magnitude <= Scalar.greatestFiniteMagnitude
  let isInfinite = x.magnitude == Scalar.infinity
  let sign: Scalar = x > 0 ? 1 : x < 0 ? -1 : 0
  return switch kind {
  case .finite: isFinite ? x : 0
  case .nonFinite: isFinite ? 0 : 1
  case .infinite: isInfinite ? 1 : 0
  case .infiniteSign: isInfinite ? sign : 0
  case .magnitude: sign * sign
  case .sign: sign
  case .one: 1
  }
}

@specialized(where Scalar == Float, Count == Float)
@specialized(where Scalar == Float, Count == Double)
@specialized(where Scalar == Double, Count == Double)
private func replace<Scalar: ConvolutionScalar, Count: ConvolutionScalar>(
  _ kind: FactorKind, _ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeMutableBufferPointer<Count>
) {
  for i in x.indices { y[i] = Count(replacement(kind, x[i])) }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func count<Scalar: ConvolutionScalar>(of kind: FactorKind, _ x: UnsafeBufferPointer<Scalar>) -> Int {
  var count = 0
  for value in x { count += replacement(kind, value) == 0 ? 0 : 1 }
  return count
}

/// How many terms of each kind the results of a pass have.
///
/// A term with a factor that is not finite is +infinity, -infinity or NaN: NaN unless one factor is infinite and the other
/// is neither 0 nor NaN. So of all such terms those that are infinite are counted, with their signs and without, and what
/// is missing is NaN. Terms with two such factors are counted twice throughout.
private struct TermCounts<Count: ConvolutionScalar> {
  /// Terms with a factor that is not finite.
  private var nonFinite: Tensor<Count>
  /// Infinite ones, and the positive less the negative of them; nil if no factor is infinite.
  private var infinite: (all: Tensor<Count>, signed: Tensor<Count>)?

  init<Scalar>(
    _ pass: ConvolutionPass, _ a: NumberKinds<Scalar>, _ b: NumberKinds<Scalar>, _ problem: ConvolutionProblem,
    by method: FourierConvolution<Count>
  ) {
    func product(_ first: FactorKind, _ second: FactorKind) -> Tensor<Count> {
      method.transformed(
        pass, a.factor(first, as: Count.self), b.factor(second, as: Count.self), problem)
    }
    func sum(_ inA: (FactorKind, FactorKind), _ inB: (FactorKind, FactorKind), _ has: (Bool, Bool)) -> Tensor<Count> {
      var sum = has.0 ? product(inA.0, inA.1) : .zeros(problem.resultShape(pass))
      if has.1 { sum += product(inB.0, inB.1) }
      return sum
    }
    // Zeros beyond the border are multiplied, too, but by transforms they would count for nothing. So where only the
    // other factor decides, all its terms are counted: an output channel has the same in all places.
    let (aVaries, bVaries) = (pass != .filterGradient, pass != .forward)
    nonFinite = sum(
      (.nonFinite, .one), (.one, .nonFinite), (a.hasNonFinite && aVaries, b.hasNonFinite && bVaries))
    if !aVaries && a.hasNonFinite { add(a.nonFiniteCounts(axis: 1), axis: 0) }
    if !bVaries && b.hasNonFinite { add(b.nonFiniteCounts(axis: 0), axis: 1) }
    if a.hasInfinite || b.hasInfinite {
      let has = (a.hasInfinite, b.hasInfinite)
      infinite = (
        sum((.infinite, .magnitude), (.magnitude, .infinite), has),
        sum((.infiniteSign, .sign), (.sign, .infiniteSign), has)
      )
    }
  }

  /// Adds a number to all counts at each place along an axis.
  private mutating func add(_ counts: [Int], axis: Int) {
    let run = nonFinite.shape.extents[(axis + 1)...].reduce(1, *)
    nonFinite.withUnsafeMutableElements { terms in
      guard run > 0 else { return }
      for index in 0..<terms.count / run where counts[index % counts.count] > 0 {
        let addend = Count(counts[index % counts.count])
        for i in index * run..<(index + 1) * run { terms[i] += addend }
      }
    }
  }

  /// Adds the terms that are not finite to the sums of the others.
  func spoil<Scalar: ConvolutionScalar>(_ result: inout Tensor<Scalar>) {
    result.withUnsafeMutableElements { y in
      nonFinite.withUnsafeElements { terms in
        guard let infinite else { return addNaN(y, terms) }
        infinite.all.withUnsafeElements { all in
          infinite.signed.withUnsafeElements { signed in addNonFinite(y, terms, all, signed) }
        }
      }
    }
  }
}

@specialized(where Scalar == Float, Count == Float)
@specialized(where Scalar == Float, Count == Double)
@specialized(where Scalar == Double, Count == Double)
private func addNaN<Scalar: ConvolutionScalar, Count: ConvolutionScalar>(
  _ y: UnsafeMutableBufferPointer<Scalar>, _ terms: UnsafeBufferPointer<Count>
) {
  for i in y.indices where terms[i] > 0.5 { y[i] = .nan }
}

@specialized(where Scalar == Float, Count == Float)
@specialized(where Scalar == Float, Count == Double)
@specialized(where Scalar == Double, Count == Double)
private func addNonFinite<Scalar: ConvolutionScalar, Count: ConvolutionScalar>(
  _ y: UnsafeMutableBufferPointer<Scalar>, _ terms: UnsafeBufferPointer<Count>, _ infinite: UnsafeBufferPointer<Count>,
  _ signed: UnsafeBufferPointer<Count>
) {
  for i in y.indices {
    // Twice the positive ones, and twice the negative ones.
    let (positive, negative) = (infinite[i] + signed[i], infinite[i] - signed[i])
    if positive > 1 { y[i] += .infinity }
    if negative > 1 { y[i] -= .infinity }
    if terms[i] - infinite[i] > 0.5 { y[i] = .nan }
  }
}

extension ConvolutionProblem {
  /// What a pass gives.
  fileprivate func resultShape(_ pass: ConvolutionPass) -> TensorShape {
    switch pass {
    case .forward: outputShape
    case .inputGradient: inputShape
    case .filterGradient: filterShape
    }
  }
}
