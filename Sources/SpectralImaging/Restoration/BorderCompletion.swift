import SpectralTransforms
import SpectralCore

/// Extends a blurred image by what a Gaussian model of scene and noise expects around it.
///
/// With S the scene's power and N that of the noise, the image y with its extension e has the energy
///
///     J(e) = Σ |[y, e]^|² / (|H|² S + N)
///
/// and the expected extension makes it least: U [y, e] = 0 outside the image, with U = N / (|H|² S + N). That is
/// symmetric and positive definite, a case for conjugate gradients (M. R. Hestenes and E. Stiefel, 1952), one transform and
/// its inverse a step. The answer is the same as that of deblurring with unknown boundaries (M. S. C. Almeida and
/// M. A. T. Figueiredo, "Deconvolving images with unknown boundaries using the alternating direction method of
/// multipliers", IEEE Transactions on Image Processing 22, 2013) under a Gaussian prior.
///
/// U ranges over as many orders of magnitude as signal and noise are apart, nine for a photograph of 16 bits, so from a
/// first guess it takes thousands of steps; and a guess that does not fit rings all over the restored image. So the
/// noise begins at the variance of the image, where a few steps suffice, and falls by factors of ten to its own; each
/// problem begins with the solution of the one before, which differs from its own only where little is known (a
/// continuation: E. L. Allgower and K. Georg, "Numerical Continuation Methods", 1990). Its first step goes on in the
/// direction from one solution to the next, as far as lowers J most: where what is beyond the border is unlike the image,
/// black for example, solutions move that way for many problems. If the steps do not suffice for the last of them, the
/// result is that for a larger noise, which is smoother and does not ring.
struct BorderCompletion<Scalar: FourierScalar> {
  let blur: BlurOperator<Scalar>
  /// |H|² S, `[H, W/2 + 1]`.
  let signal: Tensor<Scalar>

  private static var factor: Double { 10 }
  /// J is in units of the variance that the model leaves to what it does not know. A problem is solved when as many steps as
  /// `patience`, one after the other, lower J by less than this for each pixel of the extension: if the following ones win
  /// ten times as much together, the extension is off by a fourteenth of its own uncertainty.
  private static var tolerance: Double { 5e-4 }
  /// Conjugate gradients stand still for a step or two before they find a new direction.
  private static var patience: Int { 3 }

  /// Improves the extension of a frame from what it is.
  ///
  /// - Parameters:
  ///   - noise: N, above 0.
  ///   - start: The noise to begin with, if it is larger.
  ///   - steps: The most steps.
  /// - Returns: The noise for which the extension is the expected one: N, or more if the steps did not suffice.
  func complete(_ x: inout Tensor<Scalar>, noise: Double, from start: Double, steps: Int, onStep: (Int) throws -> Void)
    rethrows -> Double
  {
    guard steps > 0, blur.frame.isPadded else { return noise }
    var levels = [noise]
    while levels.last! < start { levels.append(levels.last! * Self.factor) }
    let unknown = Double(blur.frame.count - blur.frame.image.height * blur.frame.image.width)
    var (step, solved) = (0, levels.last!)
    // The solution of a problem less that of the next.
    var movement: Tensor<Scalar>?
    for level in levels.reversed() {
      guard step < steps else { return solved }
      let removed = noiseShare(signal, level)
      // N times half the second derivative of J, applied to a frame.
      func changed(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
        var change = blur.filtered(x, byReal: removed)
        clearInside(&change, blur.frame)
        return change
      }
      // Half the gradient of N J, and the direction against which x moves.
      var gradient = changed(x)
      /// Moves against a direction, as far as lowers J most, given the gradient's part along it.
      ///
      /// - Returns: How much that lowers N J, nil if J does not depend on it.
      func move(_ direction: Tensor<Scalar>, slope: Double) -> Double? {
        let change = changed(direction)
        let curvature = dot(direction, change)
        guard curvature > 0 else { return nil }
        let length = slope / curvature
        add(&x, direction, times: Scalar(-length))
        add(&gradient, change, times: Scalar(-length))
        step += 1
        return length * slope
      }
      var start = x
      if let last = movement {
        _ = move(last, slope: dot(last, gradient))
        movement = nil
        try onStep(step)
      }
      var direction = gradient
      var square = dot(gradient, gradient)
      var idle = 0
      while square > 0 {
        guard let gain = move(direction, slope: square) else { break }
        try onStep(step)
        idle = gain / level < Self.tolerance * unknown ? idle + 1 : 0
        if idle == Self.patience { break }
        guard step < steps else { return level }
        let next = dot(gradient, gradient)
        scaleAndAdd(&direction, gradient, times: Scalar(next / square))
        square = next
      }
      add(&start, x, times: -1)
      (movement, solved) = (start, level)
    }
    return noise
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

/// `a = 0` where the image is.
private func clearInside<Scalar: TensorScalar>(_ a: inout Tensor<Scalar>, _ frame: PaddedFrame) {
  a.withUnsafeMutableElements { a in
    nonisolated(unsafe) let a = a.baseAddress!
    Parallel.forEach(frame.image.height, grain: frame.grain) { row in
      (a + (row + frame.origin.height) * frame.size.width + frame.origin.width)
        .update(repeating: 0, count: frame.image.width)
    }
  }
}

/// N / (|H|² S + N).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func noiseShare<Scalar: TensorScalar>(_ signal: Tensor<Scalar>, _ noise: Double) -> Tensor<Scalar> {
  let (count, piece) = (signal.count, 1 << 14)
  return Tensor(signal.shape) { target in
    nonisolated(unsafe) let target = target.baseAddress!
    signal.withUnsafeElements { signal in
      nonisolated(unsafe) let signal = signal.baseAddress!
      Parallel.forEach((count + piece - 1) / piece) { index in
        for i in index * piece..<min(count, (index + 1) * piece) {
          target[i] = Scalar(noise / (Double(signal[i]) + noise))
        }
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
