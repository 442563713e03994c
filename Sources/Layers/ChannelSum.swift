import Tensors

extension Tensor {
  /// The sum over every axis but the second: `[N, C, ...]` to `[C]`. The gradient of a bias.
  var sumOverAllButChannels: Tensor {
    let (batch, channels) = (shape[0], shape[1])
    let inner = shape.extents.dropFirst(2).reduce(1, *)
    return withUnsafeElements { source in
      Tensor([channels]) { target in
        if inner == 1 {
          sumRows(source, target)
        } else {
          Parallel.forEach(channels, grain: rowGrain(batch * inner)) { c in
            target[c] = sumChannel(source, c, batch, channels, inner)
          }
        }
      }
    }
  }
}

/// The sum of the rows of a matrix, row by row.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func sumRows<Scalar: TensorScalar>(
  _ matrix: UnsafeBufferPointer<Scalar>, _ sum: UnsafeMutableBufferPointer<Scalar>
) {
  sum.initialize(repeating: 0)
  var start = 0
  while start < matrix.count {
    for i in sum.indices { sum[i] += matrix[start + i] }
    start += sum.count
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func sumChannel<Scalar: TensorScalar>(
  _ source: UnsafeBufferPointer<Scalar>, _ channel: Int, _ batch: Int, _ channels: Int, _ inner: Int
) -> Scalar {
  var total: Scalar = 0
  for n in 0..<batch {
    total += runningSum(source.baseAddress! + (n * channels + channel) * inner, inner) { $0 }
  }
  return total
}

/// The sum of `term` over neighbouring elements, in eight running sums side by side: shorter chains of additions lose
/// fewer digits, and the compiler may keep them in vectors.
@inline(__always)
func runningSum<Scalar: TensorScalar>(
  _ x: UnsafePointer<Scalar>, _ count: Int, _ term: (Scalar) -> Scalar
) -> Scalar {
  runningSum(count) { term(x[$0]) }
}

/// The sum of `term` over the indices below `count`, in eight running sums side by side.
@inline(__always)
func runningSum<Scalar: TensorScalar>(_ count: Int, _ term: (Int) -> Scalar) -> Scalar {
  var a: Scalar = 0
  var b: Scalar = 0
  var c: Scalar = 0
  var d: Scalar = 0
  var e: Scalar = 0
  var f: Scalar = 0
  var g: Scalar = 0
  var h: Scalar = 0
  var i = 0
  while i + 8 <= count {
    a += term(i)
    b += term(i + 1)
    c += term(i + 2)
    d += term(i + 3)
    e += term(i + 4)
    f += term(i + 5)
    g += term(i + 6)
    h += term(i + 7)
    i += 8
  }
  while i < count {
    a += term(i)
    i += 1
  }
  return ((a + b) + (c + d)) + ((e + f) + (g + h))
}
