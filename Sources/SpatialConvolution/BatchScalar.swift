import CKernels
import SpectralCore

/// A scalar for which the direct method's loops across the images of a batch exist: hooks to the C kernels of each type.
public protocol BatchScalar: TensorScalar {
  /// `c[o][p] = bias[o] + Σ a[channel][p + place] w[channel][factor + o]` for pixels of one or two vectors of images,
  /// the sums over channels and terms; added to what is there if asked.
  static func batchProduct(
    _ c: UnsafeMutablePointer<Self>, _ cChannel: Int, _ positions: Int, _ outputs: Int, _ a: UnsafePointer<Self>,
    _ step: Int, _ aChannel: Int, _ channels: Int, _ w: UnsafePointer<Self>, _ wChannel: Int,
    _ terms: UnsafePointer<sk_term>, _ termCount: Int, _ vectors: Int, _ bias: UnsafePointer<Self>?, _ accumulate: Bool)
  /// `sums[o][k] = Σ g[o] x[k]` over an overlap, a vector of sums for each; added to what is there if asked.
  static func batchOverlap(
    _ sums: UnsafeMutablePointer<Self>, _ outputs: Int, _ channels: Int, _ g: UnsafePointer<Self>,
    _ x: UnsafePointer<Self>, _ overlap: sk_overlap, _ vectors: Int, _ accumulate: Bool)
  /// The sum of the numbers of each of `count` vectors.
  static func sumLanes(_ to: UnsafeMutablePointer<Self>, _ from: UnsafePointer<Self>, _ count: Int)
}

extension Float: BatchScalar {
  @inline(__always)
  public static func batchProduct(
    _ c: UnsafeMutablePointer<Float>, _ cChannel: Int, _ positions: Int, _ outputs: Int, _ a: UnsafePointer<Float>,
    _ step: Int, _ aChannel: Int, _ channels: Int, _ w: UnsafePointer<Float>, _ wChannel: Int,
    _ terms: UnsafePointer<sk_term>, _ termCount: Int, _ vectors: Int, _ bias: UnsafePointer<Float>?,
    _ accumulate: Bool
  ) {
    sk_batch_product_f32(
      c, cChannel, positions, outputs, a, step, aChannel, channels, w, wChannel, terms, termCount, vectors, bias,
      accumulate ? 1 : 0)
  }

  @inline(__always)
  public static func batchOverlap(
    _ sums: UnsafeMutablePointer<Float>, _ outputs: Int, _ channels: Int, _ g: UnsafePointer<Float>,
    _ x: UnsafePointer<Float>, _ overlap: sk_overlap, _ vectors: Int, _ accumulate: Bool
  ) {
    withUnsafePointer(to: overlap) {
      sk_batch_overlap_f32(sums, outputs, channels, g, x, $0, vectors, accumulate ? 1 : 0)
    }
  }

  @inline(__always)
  public static func sumLanes(_ to: UnsafeMutablePointer<Float>, _ from: UnsafePointer<Float>, _ count: Int) {
    sk_sum_lanes_f32(to, from, count)
  }
}

extension Double: BatchScalar {
  @inline(__always)
  public static func batchProduct(
    _ c: UnsafeMutablePointer<Double>, _ cChannel: Int, _ positions: Int, _ outputs: Int, _ a: UnsafePointer<Double>,
    _ step: Int, _ aChannel: Int, _ channels: Int, _ w: UnsafePointer<Double>, _ wChannel: Int,
    _ terms: UnsafePointer<sk_term>, _ termCount: Int, _ vectors: Int, _ bias: UnsafePointer<Double>?,
    _ accumulate: Bool
  ) {
    sk_batch_product_f64(
      c, cChannel, positions, outputs, a, step, aChannel, channels, w, wChannel, terms, termCount, vectors, bias,
      accumulate ? 1 : 0)
  }

  @inline(__always)
  public static func batchOverlap(
    _ sums: UnsafeMutablePointer<Double>, _ outputs: Int, _ channels: Int, _ g: UnsafePointer<Double>,
    _ x: UnsafePointer<Double>, _ overlap: sk_overlap, _ vectors: Int, _ accumulate: Bool
  ) {
    withUnsafePointer(to: overlap) {
      sk_batch_overlap_f64(sums, outputs, channels, g, x, $0, vectors, accumulate ? 1 : 0)
    }
  }

  @inline(__always)
  public static func sumLanes(_ to: UnsafeMutablePointer<Double>, _ from: UnsafePointer<Double>, _ count: Int) {
    sk_sum_lanes_f64(to, from, count)
  }
}
