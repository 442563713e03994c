import Fourier
import Tensors

/// Extends a blurred image by what a Gaussian model of scene and noise expects around it.
///
/// With T the part that the model takes for signal (T = |H|² S / (|H|² S + N) at each frequency), the expected extension e
/// of an image y solves e = (T [y, e]) outside the image. That is (I - T)ₑₑ e = Tₑᵧ y, symmetric and positive definite
/// since 0 <= T < 1: a case for conjugate gradients (M. R. Hestenes and E. Stiefel, 1952), one transform and its inverse a
/// step. Iterating the equation itself is the EM algorithm for missing pixels, which takes some ten times the steps. The
/// answer is the same as that of deblurring with unknown boundaries (M. S. C. Almeida and M. A. T. Figueiredo,
/// "Deconvolving images with unknown boundaries using the alternating direction method of multipliers", IEEE Transactions
/// on Image Processing 22, 2013) under a Gaussian prior.
struct BorderCompletion<Scalar: FourierScalar> {
  let blur: BlurOperator<Scalar>
  /// T, `[H, W/2 + 1]`.
  let retained: Tensor<Scalar>

  /// The residual, relative to that of the beginning, which is good enough: the extension is then far better than the
  /// model behind it.
  private static var tolerance: Double { 1e-4 }

  /// Improves the extension of a frame from what it is.
  func complete(_ x: inout Tensor<Scalar>, steps: Int, onStep: (Int) throws -> Void) rethrows {
    guard steps > 0, blur.frame.isPadded else { return }
    // The residual T x - x outside of the image.
    var residual = blur.filtered(x, byReal: retained)
    subtractOutside(&residual, x, blur.frame)
    var direction = residual
    var square = dot(residual, residual)
    let enough = square * Self.tolerance * Self.tolerance
    for step in 1...steps {
      guard square > enough else { return }
      // (I - T) d, by its negative.
      var change = blur.filtered(direction, byReal: retained)
      subtractOutside(&change, direction, blur.frame)
      let curvature = -dot(direction, change)
      guard curvature > 0 else { return }
      let length = Scalar(square / curvature)
      add(&x, direction, times: length)
      add(&residual, change, times: length)
      let next = dot(residual, residual)
      scaleAndAdd(&direction, residual, times: Scalar(next / square))
      square = next
      try onStep(step)
    }
  }

  private func dot(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Double {
    let width = blur.frame.size.width
    return a.withUnsafeElements { a in
      nonisolated(unsafe) let a = a.baseAddress!
      return b.withUnsafeElements { b in
        nonisolated(unsafe) let b = b.baseAddress!
        return sumOverRows(blur.frame.size.height, grain: blur.frame.grain) {
          rowDot(a + $0 * width, b + $0 * width, width)
        }
      }
    }
  }
}

/// `a -= b` outside of the image, and `a = 0` inside.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func subtractOutside<Scalar: TensorScalar>(_ a: inout Tensor<Scalar>, _ b: Tensor<Scalar>, _ frame: PaddedFrame)
{
  let width = frame.size.width
  a.withUnsafeMutableElements { a in
    nonisolated(unsafe) let a = a.baseAddress!
    b.withUnsafeElements { b in
      nonisolated(unsafe) let b = b.baseAddress!
      Parallel.forEach(frame.size.height, grain: frame.grain) { row in
        let (a, b) = (a + row * width, b + row * width)
        for i in 0..<width { a[i] -= b[i] }
        if frame.rows.contains(row) { for i in frame.columns { a[i] = 0 } }
      }
    }
  }
}

/// `a += factor b`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func add<Scalar: TensorScalar>(_ a: inout Tensor<Scalar>, _ b: Tensor<Scalar>, times factor: Scalar) {
  let (count, piece) = (a.count, 1 << 14)
  a.withUnsafeMutableElements { a in
    nonisolated(unsafe) let a = a.baseAddress!
    b.withUnsafeElements { b in
      nonisolated(unsafe) let b = b.baseAddress!
      Parallel.forEach((count + piece - 1) / piece) { index in
        for i in index * piece..<min(count, (index + 1) * piece) { a[i] += factor * b[i] }
      }
    }
  }
}

/// `a = factor a + b`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func scaleAndAdd<Scalar: TensorScalar>(_ a: inout Tensor<Scalar>, _ b: Tensor<Scalar>, times factor: Scalar) {
  let (count, piece) = (a.count, 1 << 14)
  a.withUnsafeMutableElements { a in
    nonisolated(unsafe) let a = a.baseAddress!
    b.withUnsafeElements { b in
      nonisolated(unsafe) let b = b.baseAddress!
      Parallel.forEach((count + piece - 1) / piece) { index in
        for i in index * piece..<min(count, (index + 1) * piece) { a[i] = factor * a[i] + b[i] }
      }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func rowDot<Scalar: TensorScalar>(_ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, _ count: Int)
  -> Double
{
  var sum = 0.0
  for i in 0..<count { sum += Double(a[i]) * Double(b[i]) }
  return sum
}
