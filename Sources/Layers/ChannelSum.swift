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
    total += runningSum(source.baseAddress! + (n * channels + channel) * inner, inner)
  }
  return total
}
