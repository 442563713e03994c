import SpectralCore

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
          // Plane by plane, as the planes lie in the caches of those who wrote them.
          let sums = Scratch<Scalar>(count: batch * channels)
          forEachRange(batch * channels, size: rowGrain(inner)) { sumPlanes(source, inner, $0, sums.base) }
          sumRows(UnsafeBufferPointer(start: sums.base, count: sums.count), target)
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

/// The sum of each of some planes.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func sumPlanes<Scalar: TensorScalar>(
  _ source: UnsafeBufferPointer<Scalar>, _ inner: Int, _ planes: Range<Int>, _ sums: UnsafeMutablePointer<Scalar>
) {
  for plane in planes { sums[plane] = runningSum(source.baseAddress! + plane * inner, inner) }
}
