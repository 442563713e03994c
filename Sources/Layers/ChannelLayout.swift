import Tensors

/// Where the values of a channel are in `[N, C, ...]`: N runs of neighbours, or one column of a matrix.
struct ChannelLayout: Sendable {
  let batch: Int
  let channels: Int
  /// Neighbouring values of one channel; 1 in a matrix `[N, F]`.
  let inner: Int

  init(_ shape: Shape) {
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

  /// Calls `body` with the place and the channel of every value of some channels, in the order of memory if it can.
  @inline(__always)
  func forEachElement(_ piece: Range<Int>, _ body: (_ place: Int, _ channel: Int) -> Void) {
    if inner == 1 {
      for n in 0..<batch { for c in piece { body(n * channels + c, c) } }
    } else {
      for c in piece {
        for n in 0..<batch {
          let start = (n * channels + c) * inner
          for i in start..<start + inner { body(i, c) }
        }
      }
    }
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
    layout.forEachElement(piece) { i, c in mean[c] += x[i] }
    for c in piece { mean[c] /= count }
    layout.forEachElement(piece) { i, c in variance[c] += (x[i] - mean[c]) * (x[i] - mean[c]) }
    for c in piece { variance[c] /= count }
    return
  }
  func run(_ n: Int, _ c: Int) -> UnsafePointer<Scalar> {
    x.baseAddress! + (n * layout.channels + c) * layout.inner
  }
  for c in piece {
    var sum: Scalar = 0
    for n in 0..<layout.batch { sum += runningSum(run(n, c), layout.inner) { $0 } }
    let center = sum / count
    var squares: Scalar = 0
    for n in 0..<layout.batch {
      squares += runningSum(run(n, c), layout.inner) { ($0 - center) * ($0 - center) }
    }
    mean[c] = center
    variance[c] = squares / count
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func channelSums<Scalar: TensorScalar>(
  _ g: UnsafeBufferPointer<Scalar>, _ x: UnsafeBufferPointer<Scalar>, _ mean: UnsafeBufferPointer<Scalar>,
  _ layout: ChannelLayout, _ piece: Range<Int>,
  _ sum: UnsafeMutableBufferPointer<Scalar>, _ product: UnsafeMutableBufferPointer<Scalar>
) {
  if layout.inner == 1 {
    layout.forEachElement(piece) { i, c in
      sum[c] += g[i]
      product[c] += g[i] * (x[i] - mean[c])
    }
    return
  }
  for c in piece {
    let center = mean[c]
    var total: Scalar = 0
    var products: Scalar = 0
    for n in 0..<layout.batch {
      let start = (n * layout.channels + c) * layout.inner
      let (g, x) = (g.baseAddress! + start, x.baseAddress! + start)
      total += runningSum(g, layout.inner) { $0 }
      products += runningSum(layout.inner) { g[$0] * (x[$0] - center) }
    }
    sum[c] = total
    product[c] = products
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func standardize<Scalar: TensorScalar>(
  _ x: UnsafePointer<Scalar>, _ y: UnsafeMutablePointer<Scalar>, _ layout: ChannelLayout, _ piece: Range<Int>,
  mean: UnsafePointer<Scalar>, factor: UnsafePointer<Scalar>, shift: UnsafePointer<Scalar>
) {
  layout.forEachElement(piece) { i, c in y[i] = (x[i] - mean[c]) * factor[c] + shift[c] }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func standardizeGradient<Scalar: TensorScalar>(
  _ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ dx: UnsafeMutablePointer<Scalar>,
  _ layout: ChannelLayout, _ piece: Range<Int>, mean: UnsafePointer<Scalar>, base: UnsafePointer<Scalar>,
  slope: UnsafePointer<Scalar>, factor: UnsafePointer<Scalar>
) {
  // slope = mean(g x̂) / σ, so that (x - mean) slope = x̂ mean(g x̂).
  layout.forEachElement(piece) { i, c in dx[i] = (g[i] - base[c] - (x[i] - mean[c]) * slope[c]) * factor[c] }
}
