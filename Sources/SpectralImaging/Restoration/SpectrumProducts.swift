import SpectralCore

/// Values per piece of work that is worth handing to a thread.
private let piece = 1 << 14

/// Multiplies complex numbers in place by others, or by their conjugates.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func multiply<Scalar: TensorScalar>(_ x: inout Tensor<Scalar>, by filter: Tensor<Scalar>, conjugate: Bool) {
  let sign: Scalar = conjugate ? -1 : 1
  let count = x.count
  precondition(filter.count == count, "spectra of \(count) and \(filter.count) values")
  x.withUnsafeMutableElements { x in
    nonisolated(unsafe) let x = x.baseAddress!
    filter.withUnsafeElements { filter in
      nonisolated(unsafe) let filter = filter.baseAddress!
      Parallel.forEach((count + piece - 1) / piece) { index in
        for i in stride(from: index * piece, to: min(count, (index + 1) * piece), by: 2) {
          let (a, b, c, d) = (x[i], x[i + 1], filter[i], sign * filter[i + 1])
          x[i] = a * c - b * d
          x[i + 1] = a * d + b * c
        }
      }
    }
  }
}

/// Multiplies complex numbers in place by real ones.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func multiply<Scalar: TensorScalar>(_ x: inout Tensor<Scalar>, byReal filter: Tensor<Scalar>) {
  let count = filter.count
  precondition(x.count == 2 * count, "a spectrum of \(x.count) values under \(count) real ones")
  x.withUnsafeMutableElements { x in
    nonisolated(unsafe) let x = x.baseAddress!
    filter.withUnsafeElements { filter in
      nonisolated(unsafe) let filter = filter.baseAddress!
      Parallel.forEach((count + piece - 1) / piece) { index in
        for i in index * piece..<min(count, (index + 1) * piece) {
          x[2 * i] *= filter[i]
          x[2 * i + 1] *= filter[i]
        }
      }
    }
  }
}

/// The sum over rows of what `body` gives for each, added up in the rows' order whatever the threads.
func sumOverRows(_ rows: Int, grain: Int, _ body: (Int) -> Double) -> Double {
  var sums = [Double](repeating: 0, count: rows)
  sums.withUnsafeMutableBufferPointer { sums in
    nonisolated(unsafe) let sums = sums
    Parallel.forEach(rows, grain: grain) { row in sums[row] = body(row) }
  }
  return sums.reduce(0, +)
}
