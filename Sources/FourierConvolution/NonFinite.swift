import Foundation
import SpectralConvolution
import SpectralCore
import SpectralTransforms
import Synchronization

// A NaN or an infinity spoils every output of its transform, where a direct sum spoils only what has a term with it. Such
// an output does not depend on the values of its terms, only on which kinds of them there are (`TermCounts`), and how many
// of each kind there are is a convolution, too, of factors that are 0, 1 and -1. So a pass whose result is not finite ends
// there, and is computed again from the finite numbers, and up to three times from such factors: whatever the share of
// non-finite numbers, that takes at most about four times as long as the pass itself, six if both operands have them.

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
    // Where no terms are finite and not zero, there is nothing to add up.
    var result =
      a.has(.finite) && b.has(.finite)
      ? scaledProduct(a.factor(.finite), b.factor(.finite)) { transformed(pass, $0, $1, problem) }
      : .zeros(problem.resultShape(pass))
    guard a.has(.nonFinite) || b.has(.nonFinite) else { return result }
    if countError(pass, problem) < 0.1 {
      TermCounts(pass, a, b, problem, by: self).spoil(&result)
    } else {
      // In Double every count is exact after rounding; numbers of twice the size fit in twice the limit. Plans of a
      // tile that is not used for anything else are not worth a measurement.
      let precise = FourierConvolution<Double>(
        memoryLimit: memoryLimit.map { 2 * min($0, .max / 2) }, rigor: .estimate, tile: tile, solver: solver)
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
  /// 1 for each NaN.
  case nan
  /// 1 for each infinity, and the same with its sign.
  case infinite, infiniteSign
  /// 1 for each number but 0 and NaN, and the same with its sign.
  case magnitude, sign
  /// 1 for each 0 and each NaN, which make NaN of an infinity.
  case null
  /// 1 for each number.
  case one
}

/// Kinds of numbers.
private struct Kinds: OptionSet {
  let rawValue: UInt32
  /// Finite and not 0.
  static let positive = Kinds(rawValue: 1)
  static let negative = Kinds(rawValue: 2)
  static let zero = Kinds(rawValue: 4)
  static let positiveInfinity = Kinds(rawValue: 8)
  static let negativeInfinity = Kinds(rawValue: 16)
  static let nan = Kinds(rawValue: 32)

  static let finite: Kinds = [.positive, .negative]
  static let infinite: Kinds = [.positiveInfinity, .negativeInfinity]
  static let nonFinite: Kinds = [.positiveInfinity, .negativeInfinity, .nan]
  static let null: Kinds = [.zero, .nan]
  static let above: Kinds = [.positive, .positiveInfinity]
  static let below: Kinds = [.negative, .negativeInfinity]
}

/// A factor of a product, by the kinds of its numbers.
private struct NumberKinds<Scalar: ConvolutionScalar> {
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
  func factor<Count: ConvolutionScalar>(_ kind: FactorKind, as _: Count.Type = Scalar.self) -> Tensor<Count> {
    if kind == .finite, !has(.nonFinite), let same = tensor as? Tensor<Count> { return same }
    return tensor.withUnsafeElements { x in
      Tensor<Count>(tensor.shape) { y in
        forEachPiece(x.count) { range in
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
        counts[index % extents[axis]] += countNonFinite(
          UnsafeBufferPointer(rebasing: x[index * run..<(index + 1) * run]))
      }
    }
    return counts
  }
}

/// Calls `body` for ranges that together hold all indices below `count`, in parallel.
private func forEachPiece(_ count: Int, _ body: (Range<Int>) -> Void) {
  let grain = 1 << 16
  Parallel.forEach((count + grain - 1) / grain) { body($0 * grain..<min(count, ($0 + 1) * grain)) }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func kindBits<Scalar: ConvolutionScalar>(_ x: UnsafeBufferPointer<Scalar>) -> UInt32 {
  var bits: UInt32 = 0
  for value in x {
    let isInfinite = value.magnitude == Scalar.infinity
    let (above, below): (Kinds, Kinds) =
      isInfinite ? (.positiveInfinity, .negativeInfinity) : (.positive, .negative)
    bits |= (value > 0 ? above : value < 0 ? below : value == 0 ? .zero : .nan).rawValue
  }
  return bits
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func countNonFinite<Scalar: ConvolutionScalar>(_ x: UnsafeBufferPointer<Scalar>) -> Int {
  var count = 0
  for value in x { count += value.magnitude <= Scalar.greatestFiniteMagnitude ? 0 : 1 }
  return count
}

@inline(__always)
private func replacement<Scalar: ConvolutionScalar>(_ kind: FactorKind, _ x: Scalar) -> Scalar {
  let isFinite = x.magnitude <= Scalar.greatestFiniteMagnitude
  let isInfinite = x.magnitude == Scalar.infinity
  let sign: Scalar = x > 0 ? 1 : x < 0 ? -1 : 0
  return switch kind {
  case .finite: isFinite ? x : 0
  case .nonFinite: isFinite ? 0 : 1
  case .nan: x == x ? 0 : 1
  case .infinite: isInfinite ? 1 : 0
  case .infiniteSign: isInfinite ? sign : 0
  case .magnitude: sign * sign
  case .sign: sign
  case .null: 1 - sign * sign
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

/// How many terms of each kind the results of a pass have.
///
/// A term with a factor that is not finite is +infinity, -infinity or NaN: NaN unless one factor is infinite and the other
/// is neither 0 nor NaN. Each count is a product of two factors, computed only if there can be such terms. Terms with two
/// factors that are not finite may be counted twice.
private struct TermCounts<Count: ConvolutionScalar> {
  /// Terms that are NaN; nil if there are none.
  private var nan: Tensor<Count>?
  /// Infinite ones, and the positive less the negative of them; nil if there are none.
  private var infinite: (all: Tensor<Count>, signed: Tensor<Count>)?

  init<Scalar>(
    _ pass: ConvolutionPass, _ a: NumberKinds<Scalar>, _ b: NumberKinds<Scalar>, _ problem: ConvolutionProblem,
    by method: FourierConvolution<Count>
  ) {
    // Zeros beyond the border are multiplied, too, but by transforms they would count for nothing. So where only the
    // other factor decides, all its terms are counted: an output channel has the same in all places.
    addTerms(
      a, b, shape: problem.resultShape(pass), constantAlong: pass == .filterGradient ? (from: 1, to: 0) : nil
    ) {
      Self.product(pass, a.factor($0, as: Count.self), b.factor($1, as: Count.self), problem, method)
    }
    addTerms(b, a, shape: problem.resultShape(pass), constantAlong: pass == .forward ? (from: 0, to: 1) : nil) {
      Self.product(pass, a.factor($1, as: Count.self), b.factor($0, as: Count.self), problem, method)
    }
  }

  private static func product(
    _ pass: ConvolutionPass, _ a: Tensor<Count>, _ b: Tensor<Count>, _ problem: ConvolutionProblem,
    _ method: FourierConvolution<Count>
  ) -> Tensor<Count> {
    guard let product = method.transformed(pass, a, b, problem) else {
      preconditionFailure("a count of terms is not finite")
    }
    return product
  }

  /// Adds the terms that are not finite because of one factor.
  ///
  /// - Parameters:
  ///   - own: That factor.
  ///   - constantAlong: The axis of the factor, and that of the result, along which the terms of the factor differ, if
  ///     they are the same everywhere else.
  ///   - product: Counts the terms of some numbers of this factor and some of the other.
  private mutating func addTerms<Scalar>(
    _ own: NumberKinds<Scalar>, _ other: NumberKinds<Scalar>, shape: TensorShape, constantAlong: (from: Int, to: Int)?,
    _ product: (FactorKind, FactorKind) -> Tensor<Count>
  ) {
    guard own.has(.nonFinite) else { return }
    // The signs that infinite terms may have.
    let hasPositive = own.has(.positiveInfinity) && other.has(.above) || own.has(.negativeInfinity) && other.has(.below)
    let hasNegative = own.has(.positiveInfinity) && other.has(.below) || own.has(.negativeInfinity) && other.has(.above)
    let all = hasPositive || hasNegative ? product(.infinite, .magnitude) : nil
    if let all {
      add(all, hasPositive && hasNegative ? product(.infiniteSign, .sign) : hasPositive ? all : -1 * all)
    }
    if let constantAlong {
      // All terms, less those that are infinite.
      var terms = Tensor<Count>.zeros(shape)
      Self.add(own.nonFiniteCounts(axis: constantAlong.from), axis: constantAlong.to, to: &terms)
      if let all { terms -= all }
      add(nan: terms)
    } else if !(own.has(.infinite) && other.has(.null)) {
      if own.has(.nan) { add(nan: product(.nan, .one)) }
    } else if !own.has(.nan) {
      add(nan: product(.infinite, .null))
    } else {
      var terms = product(.nonFinite, .one)
      if let all { terms -= all }
      add(nan: terms)
    }
  }

  private mutating func add(_ all: Tensor<Count>, _ signed: Tensor<Count>) {
    infinite = infinite.map { ($0.all + all, $0.signed + signed) } ?? (all, signed)
  }

  private mutating func add(nan terms: Tensor<Count>) { nan = nan.map { $0 + terms } ?? terms }

  /// Adds a number to all counts at each place along an axis.
  private static func add(_ counts: [Int], axis: Int, to terms: inout Tensor<Count>) {
    let run = terms.shape.extents[(axis + 1)...].reduce(1, *)
    terms.withUnsafeMutableElements { terms in
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
      nonisolated(unsafe) let y = y
      if let infinite {
        infinite.all.withUnsafeElements { all in
          infinite.signed.withUnsafeElements { signed in
            nonisolated(unsafe) let (all, signed) = (all, signed)
            forEachPiece(y.count) { addInfinities($0, y, all, signed) }
          }
        }
      }
      nan?.withUnsafeElements { terms in
        nonisolated(unsafe) let terms = terms
        forEachPiece(y.count) { addNaN($0, y, terms) }
      }
    }
  }
}

@specialized(where Scalar == Float, Count == Float)
@specialized(where Scalar == Float, Count == Double)
@specialized(where Scalar == Double, Count == Double)
private func addNaN<Scalar: ConvolutionScalar, Count: ConvolutionScalar>(
  _ range: Range<Int>, _ y: UnsafeMutableBufferPointer<Scalar>, _ terms: UnsafeBufferPointer<Count>
) {
  for i in range { y[i] = terms[i] > 0.5 ? .nan : y[i] }
}

@specialized(where Scalar == Float, Count == Float)
@specialized(where Scalar == Float, Count == Double)
@specialized(where Scalar == Double, Count == Double)
private func addInfinities<Scalar: ConvolutionScalar, Count: ConvolutionScalar>(
  _ range: Range<Int>, _ y: UnsafeMutableBufferPointer<Scalar>, _ all: UnsafeBufferPointer<Count>,
  _ signed: UnsafeBufferPointer<Count>
) {
  for i in range {
    // Twice the positive ones, and twice the negative ones.
    let (positive, negative) = (all[i] + signed[i], all[i] - signed[i])
    y[i] += (positive > 1 ? Scalar.infinity : 0) - (negative > 1 ? Scalar.infinity : 0)
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
