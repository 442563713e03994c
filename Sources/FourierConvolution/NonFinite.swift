import Foundation
import SpectralConvolution
import SpectralCore
import SpectralTransforms
import Synchronization

// A NaN or an infinity spoils every output of its transform, where a direct sum spoils only what has a term with it. Such
// an output does not depend on the values of its terms, only on which kinds of them there are (`TermCounts`), and how many
// of each kind there are is a convolution, too, of factors that are 0, 1 and -1. So a pass whose result is not finite ends
// there, and is computed again from the finite numbers, and twice from such factors: whatever the share of non-finite
// numbers, that takes three to four times as long as the pass itself, and five to six if both operands have them.

extension FourierConvolution {
  /// The result of a pass whose transforms did not give a finite one.
  ///
  func nonFinite(
    _ pass: ConvolutionPass, _ problem: ConvolutionProblem, _ operands: PassOperands<Scalar>
  ) -> Tensor<Scalar> {
    let (a, b) = (NumberKinds(operands.first), NumberKinds(operands.second))
    // Where no terms are finite and not zero, there is nothing to add up.
    var result =
      a.has(.finite) && b.has(.finite)
      ? scaledProduct(a.factor(.finite), b.factor(.finite)) { transformed(pass, problem, PassOperands($0, $1)) }
      : .zeros(problem.resultShape(pass))
    if a.has(.nonFinite) || b.has(.nonFinite) {
      if countError(pass, problem) < 0.1 {
        TermCounts(pass, a, b, problem, by: self).spoil(&result)
      } else {
        // In Double every count is exact after rounding; numbers of twice the size fit in twice the limit. Plans of a
        // tile that is not used for anything else are not worth a measurement.
        let precise = FourierConvolution<Double>(
          memoryLimit: memoryLimit.map { 2 * min($0, .max / 2) }, transforms: transforms, rigor: .estimate, tile: tile,
          solver: solver)
        TermCounts(pass, a, b, problem, by: precise).spoil(&result)
      }
    }
    if pass == .forward { operands.epilogue.apply(to: &result) }
    return result
  }

  /// A bilinear product that must not overflow on the way: if it did, once more with both factors scaled to about 1 by
  /// powers of two, which changes no digit.
  private func scaledProduct(
    _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ product: (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Scalar>?
  ) -> Tensor<Scalar> {
    if let plain = product(a, b) { return plain }
    func exponent(_ tensor: Tensor<Scalar>) -> Int { Int(max(Scalar(tensor.maximumMagnitude).exponent, -1000)) }
    func scaled(_ tensor: Tensor<Scalar>, _ exponent: Int) -> Tensor<Scalar> {
      tensor.map { Scalar(sign: .plus, exponent: Scalar.Exponent(exponent), significand: $0) }
    }
    let (m, n) = (exponent(a), exponent(b))
    guard let product = product(scaled(a, -m), scaled(b, -n)) else {
      preconditionFailure("numbers of about 1 have a product that is not finite")
    }
    return scaled(product, m + n)
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
    let points = Double(transformPoints(problem, pass))
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

/// What stands in the place of a number when terms are counted.
private enum FactorKind {
  /// The number itself if it is finite, otherwise 0.
  case finite
  /// 1 for each number that is not finite.
  case nonFinite
  /// The sign of each infinity, 1 or -1.
  case infiniteSign
  /// The sign of each number, 0 for 0 and NaN.
  case sign
  /// 1 for each number.
  case one
}

/// Kinds of numbers.
private struct Kinds: OptionSet {
  let rawValue: UInt32
  /// Finite and not 0.
  static let finite = Kinds(rawValue: 1)
  static let infinite = Kinds(rawValue: 2)
  static let nan = Kinds(rawValue: 4)
  static let nonFinite: Kinds = [.infinite, .nan]
}

/// A factor of a product, by the kinds of its numbers.
private struct NumberKinds<Scalar: FourierScalar> {
  let tensor: Tensor<Scalar>
  private let kinds: Kinds

  init(_ tensor: Tensor<Scalar>) {
    self.tensor = tensor
    let found = Atomic<UInt32>(0)
    tensor.withUnsafeElements { x in
      forEachPiece(x.count) { found.bitwiseOr(kindBits(UnsafeBufferPointer(rebasing: x[$0])), ordering: .relaxed) }
    }
    kinds = Kinds(rawValue: found.load(ordering: .relaxed))
  }

  /// Whether any number is of one of some kinds.
  func has(_ some: Kinds) -> Bool { !kinds.isDisjoint(with: some) }

  /// The factor with each number replaced.
  func factor<Count: FourierScalar>(_ kind: FactorKind, as _: Count.Type = Scalar.self) -> Tensor<Count> {
    if kind == .finite, !has(.nonFinite), let same = tensor as? Tensor<Count> { return same }
    return tensor.withUnsafeElements { x in
      Tensor<Count>(tensor.shape) { y in
        forEachPiece(x.count) { range in
          replace(kind, UnsafeBufferPointer(rebasing: x[range]), UnsafeMutableBufferPointer(rebasing: y[range]))
        }
      }
    }
  }
}

/// Calls `body` for ranges that together hold all indices below `count`, in parallel.
private func forEachPiece(_ count: Int, _ body: (Range<Int>) -> Void) {
  let grain = 1 << 16
  Parallel.forEach((count + grain - 1) / grain) { body($0 * grain..<min(count, ($0 + 1) * grain)) }
}

@specialized(where Scalar == Float) @specialized(where Scalar == Double) private func kindBits<Scalar: FourierScalar>(
  _ x: UnsafeBufferPointer<Scalar>
) -> UInt32 {
  // Without a branch, so it vectorises.
  let largest = Scalar.greatestFiniteMagnitude
  var bits: UInt32 = 0
  for value in x {
    let magnitude = value.magnitude
    bits |= magnitude > 0 && magnitude <= largest ? Kinds.finite.rawValue : 0
    bits |= magnitude > largest ? Kinds.infinite.rawValue : 0
    bits |= value == value ? 0 : Kinds.nan.rawValue
  }
  return bits
}

@specialized(where Scalar == Float, Count == Float) @specialized(where Scalar == Float, Count == Double)
@specialized(where Scalar == Double, Count == Double) private func replace<Scalar: FourierScalar, Count: FourierScalar>(
  _ kind: FactorKind, _ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeMutableBufferPointer<Count>
) {
  let largest = Scalar.greatestFiniteMagnitude
  // One loop for each kind, without a branch in it.
  @inline(__always) func fill(_ value: (Scalar) -> Count) { for i in x.indices { y[i] = value(x[i]) } }
  switch kind {
  case .finite: fill { $0.magnitude <= largest ? Count($0) : 0 }
  case .nonFinite: fill { $0.magnitude <= largest ? 0 : 1 }
  case .infiniteSign: fill { $0 > largest ? 1 : $0 < -largest ? -1 : 0 }
  case .sign: fill { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
  case .one: fill { _ in 1 }
  }
}

/// How many terms with a factor that is not finite the results of a pass have, and of what kind.
///
/// Such a term is +infinity, -infinity or NaN: NaN unless one factor is infinite and the other is neither 0 nor NaN. With
/// t terms of that sort, of which the positive infinities less the negative ones are d, a result is +infinity if d = t,
/// -infinity if d = -t, and otherwise NaN: of one infinity of each sign, too. So two counts suffice. Terms with two such
/// factors are counted twice in both.
private struct TermCounts<Count: FourierScalar> {
  /// t.
  private let all: Tensor<Count>
  /// d.
  private let signed: Tensor<Count>

  init<Scalar>(
    _ pass: ConvolutionPass, _ a: NumberKinds<Scalar>, _ b: NumberKinds<Scalar>, _ problem: ConvolutionProblem,
    by method: FourierConvolution<Count>
  ) {
    func product(_ first: FactorKind, _ second: FactorKind) -> Tensor<Count> {
      guard
        let product = method.transformed(
          pass, problem, PassOperands(a.factor(first, as: Count.self), b.factor(second, as: Count.self)))
      else { preconditionFailure("a count of terms is not finite") }
      return product
    }
    /// How many numbers of a factor are not finite at each place along an axis, along another axis of the result.
    func counts(_ factor: NumberKinds<Scalar>, axis: Int, along other: Int) -> Tensor<Count> {
      let ones = factor.factor(.nonFinite, as: Count.self)
      let sums = ones.sum(over: ones.shape.extents.indices.filter { $0 != axis })
      var extents = [Int](repeating: 1, count: ones.shape.rank)
      extents[other] = sums.count
      return sums.reshaped(to: TensorShape(extents))
    }
    var all = Tensor<Count>.zeros(problem.resultShape(pass))
    var signed = all
    // Zeros beyond the border are multiplied, too, but by transforms they would count for nothing. So where only the
    // other factor decides, all its terms are counted: an output channel has the same in all places.
    if a.has(.nonFinite) { all += pass == .filterGradient ? counts(a, axis: 1, along: 0) : product(.nonFinite, .one) }
    if b.has(.nonFinite) { all += pass == .forward ? counts(b, axis: 0, along: 1) : product(.one, .nonFinite) }
    if a.has(.infinite) { signed += product(.infiniteSign, .sign) }
    if b.has(.infinite) { signed += product(.sign, .infiniteSign) }
    (self.all, self.signed) = (all, signed)
  }

  /// Adds the terms that are not finite to the sums of the others.
  func spoil<Scalar: FourierScalar>(_ result: inout Tensor<Scalar>) {
    result.withUnsafeMutableElements { y in
      all.withUnsafeElements { all in
        signed.withUnsafeElements { signed in
          nonisolated(unsafe) let (y, all, signed) = (y, all, signed)
          forEachPiece(y.count) { addNonFinite($0, y, all, signed) }
        }
      }
    }
  }
}

@specialized(where Scalar == Float, Count == Float) @specialized(where Scalar == Float, Count == Double)
@specialized(where Scalar == Double, Count == Double)
private func addNonFinite<Scalar: FourierScalar, Count: FourierScalar>(
  _ range: Range<Int>, _ y: UnsafeMutableBufferPointer<Scalar>, _ all: UnsafeBufferPointer<Count>,
  _ signed: UnsafeBufferPointer<Count>
) {
  for i in range {
    let terms: Scalar = all[i] - signed[i] < 0.5 ? .infinity : all[i] + signed[i] < 0.5 ? -.infinity : .nan
    y[i] = all[i] > 0.5 ? y[i] + terms : y[i]
  }
}
