import CKernels
import SpectralCore

/// Where the values of a channel are in `[N, C, ...]`: N runs of neighbours, or one column of a matrix.
struct ChannelLayout: Sendable {
  let batch: Int
  let channels: Int
  /// Neighbouring values of one channel; 1 in a matrix `[N, F]`.
  let inner: Int

  init(_ shape: TensorShape) {
    batch = shape[0]
    channels = shape[1]
    inner = shape.extents.dropFirst(2).reduce(1, *)
  }

  var countPerChannel: Int { batch * inner }

  /// Calls `body` with neighbouring channels, on several threads if there is work for them.
  func forEachPiece(_ body: (Range<Int>) -> Void) {
    // Columns of a matrix are taken many at a time, so that its rows are read along.
    forEachRange(channels, size: inner == 1 ? max(32, rowGrain(batch)) : rowGrain(batch * inner), body)
  }

  /// Calls `body` with where each run of a channel starts.
  @inline(__always)
  func forEachRun(of channel: Int, _ body: (Int) -> Void) {
    for n in 0..<batch { body((n * channels + channel) * inner) }
  }

  /// Calls `body` with where each row of a matrix starts.
  @inline(__always)
  func forEachRow(_ body: (Int) -> Void) {
    for n in 0..<batch { body(n * channels) }
  }

  /// The mean and the variance (divided by the count) of each channel.
  func moments<Scalar>(of x: Tensor<Scalar>) -> (mean: Tensor<Scalar>, variance: Tensor<Scalar>) {
    var mean = Tensor<Scalar>.zeros([channels])
    var variance = Tensor<Scalar>.zeros([channels])
    x.withUnsafeElements { x in
      mean.withUnsafeMutableElements { mean in
        variance.withUnsafeMutableElements { variance in
          // Pieces write to their own channels only.
          nonisolated(unsafe) let (mean, variance) = (mean, variance)
          forEachPiece { channelMoments(x, self, $0, mean, variance) }
        }
      }
    }
    return (mean, variance)
  }

  /// For each channel, the sum of g and the sum of `g (x - mean)`.
  func sums<Scalar>(
    of g: Tensor<Scalar>, times x: Tensor<Scalar>, less mean: Tensor<Scalar>
  ) -> (sum: Tensor<Scalar>, product: Tensor<Scalar>) {
    var sum = Tensor<Scalar>.zeros([channels])
    var product = Tensor<Scalar>.zeros([channels])
    g.withUnsafeElements { g in
      x.withUnsafeElements { x in
        mean.withUnsafeElements { mean in
          sum.withUnsafeMutableElements { sum in
            product.withUnsafeMutableElements { product in
              nonisolated(unsafe) let (sum, product) = (sum, product)
              forEachPiece { channelSums(g, x, mean, self, $0, sum, product) }
            }
          }
        }
      }
    }
    return (sum, product)
  }

  /// A tensor that `kernel` computes from two others and from numbers of each channel, some channels at a time.
  func eachChannel<Scalar>(
    of a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ numbers: [Tensor<Scalar>],
    _ kernel: (
      UnsafePointer<Scalar>, UnsafePointer<Scalar>, UnsafeMutablePointer<Scalar>, [UnsafePointer<Scalar>], Range<Int>
    ) -> Void
  ) -> Tensor<Scalar> {
    // `numbers` outlives the call, and with it the memory behind these pointers.
    defer { withExtendedLifetime(numbers) {} }
    let pointers = numbers.map { $0.withUnsafeElements { $0.baseAddress! } }
    return a.withUnsafeElements { source in
      b.withUnsafeElements { other in
        Tensor(a.shape) { result in
          forEachPiece { kernel(source.baseAddress!, other.baseAddress!, result.baseAddress!, pointers, $0) }
        }
      }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func channelMoments<Scalar: TensorScalar>(
  _ x: UnsafeBufferPointer<Scalar>, _ layout: ChannelLayout, _ piece: Range<Int>,
  _ mean: UnsafeMutableBufferPointer<Scalar>, _ variance: UnsafeMutableBufferPointer<Scalar>
) {
  let count = Scalar(layout.countPerChannel)
  if layout.inner == 1 {
    layout.forEachRow { row in for c in piece { mean[c] += x[row + c] } }
    for c in piece { mean[c] /= count }
    layout.forEachRow { row in
      for c in piece { variance[c] += (x[row + c] - mean[c]) * (x[row + c] - mean[c]) }
    }
    for c in piece { variance[c] /= count }
  } else {
    for c in piece {
      var sum: Scalar = 0
      layout.forEachRun(of: c) { sum += runningSum(x.baseAddress! + $0, layout.inner) }
      let center = sum / count
      var squares: Scalar = 0
      layout.forEachRun(of: c) { squares += runningSumOfSquares(x.baseAddress! + $0, center, layout.inner) }
      mean[c] = center
      variance[c] = squares / count
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func channelSums<Scalar: TensorScalar>(
  _ g: UnsafeBufferPointer<Scalar>, _ x: UnsafeBufferPointer<Scalar>, _ mean: UnsafeBufferPointer<Scalar>,
  _ layout: ChannelLayout, _ piece: Range<Int>,
  _ sum: UnsafeMutableBufferPointer<Scalar>, _ product: UnsafeMutableBufferPointer<Scalar>
) {
  let (g, x, mean) = (g.baseAddress!, x.baseAddress!, mean.baseAddress!)
  if layout.inner == 1 {
    let (sum, product) = (sum.baseAddress!, product.baseAddress!)
    let (first, count) = (piece.lowerBound, piece.count)
    layout.forEachRow { row in
      let i = row + first
      Scalar.kernels.pointee.add_products_each(
        sum + first, product + first, g + i, x + i, mean + first, count)
    }
  } else {
    for c in piece {
      layout.forEachRun(of: c) { i in
        sum[c] += runningSum(g + i, layout.inner)
        product[c] += Scalar(Scalar.kernels.pointee.sum_products(g + i, x + i, Double(mean[c]), layout.inner))
      }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func standardize<Scalar: TensorScalar>(
  _ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>, _ layout: ChannelLayout, _ piece: Range<Int>,
  mean: UnsafePointer<Scalar>, factor: UnsafePointer<Scalar>, shift: UnsafePointer<Scalar>
) {
  let inner = layout.inner
  if inner == 1 {
    let (c, count) = (piece.lowerBound, piece.count)
    layout.forEachRow { row in
      let i = row + c
      Scalar.kernels.pointee.standardize_each(y + i, x + i, mean + c, factor + c, shift + c, count)
    }
  } else {
    for c in piece {
      layout.forEachRun(of: c) { i in
        Scalar.kernels.pointee.standardize(y + i, x + i, Double(mean[c]), Double(factor[c]), Double(shift[c]), inner)
      }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func standardizeGradient<Scalar: TensorScalar>(
  _ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ dx: UnsafeMutablePointer<Scalar>,
  _ layout: ChannelLayout, _ piece: Range<Int>, mean: UnsafePointer<Scalar>, base: UnsafePointer<Scalar>,
  slope: UnsafePointer<Scalar>, factor: UnsafePointer<Scalar>
) {
  // slope = mean(g x̂) / σ, so that (x - mean) slope = x̂ mean(g x̂).
  let inner = layout.inner
  if inner == 1 {
    let (c, count) = (piece.lowerBound, piece.count)
    layout.forEachRow { row in
      let i = row + c
      Scalar.kernels.pointee.standardize_gradient_each(
        dx + i, g + i, x + i, mean + c, base + c, slope + c, factor + c,
        count)
    }
  } else {
    for c in piece {
      layout.forEachRun(of: c) { i in
        Scalar.kernels.pointee.standardize_gradient(
          dx + i, g + i, x + i, Double(mean[c]), Double(base[c]), Double(slope[c]),
          Double(factor[c]), inner)
      }
    }
  }
}
