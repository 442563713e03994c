import CKernels
import SpectralCore

/// A scalar for which the loops of the direct method exist: hooks to the C kernels of each type.
public protocol RowScalar: IndirectScalar, WindowScalar {
  /// `y[i] += Σ w[k] x[i stride + k dilation]`.
  static func correlateRow(
    _ y: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>, _ w: UnsafePointer<Self>, _ count: Int, _ taps: Int,
    _ stride: Int, _ dilation: Int)
  /// Its adjoint in x.
  static func spreadRow(
    _ x: UnsafeMutablePointer<Self>, _ y: UnsafePointer<Self>, _ w: UnsafePointer<Self>, _ count: Int, _ taps: Int,
    _ stride: Int, _ dilation: Int)
  /// Its adjoint in w.
  static func dotRow(
    _ w: UnsafeMutablePointer<Self>, _ y: UnsafePointer<Self>, _ x: UnsafePointer<Self>, _ count: Int, _ taps: Int,
    _ stride: Int, _ dilation: Int)
}

extension Float: RowScalar {
  @inline(__always)
  public static func correlateRow(
    _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ count: Int, _ taps: Int,
    _ stride: Int, _ dilation: Int
  ) { sk_correlate_row_f32(y, x, w, count, taps, stride, dilation) }

  @inline(__always)
  public static func spreadRow(
    _ x: UnsafeMutablePointer<Float>, _ y: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ count: Int, _ taps: Int,
    _ stride: Int, _ dilation: Int
  ) { sk_spread_row_f32(x, y, w, count, taps, stride, dilation) }

  @inline(__always)
  public static func dotRow(
    _ w: UnsafeMutablePointer<Float>, _ y: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ count: Int, _ taps: Int,
    _ stride: Int, _ dilation: Int
  ) { sk_dot_row_f32(w, y, x, count, taps, stride, dilation) }
}

extension Double: RowScalar {
  @inline(__always)
  public static func correlateRow(
    _ y: UnsafeMutablePointer<Double>, _ x: UnsafePointer<Double>, _ w: UnsafePointer<Double>, _ count: Int,
    _ taps: Int, _ stride: Int, _ dilation: Int
  ) { sk_correlate_row_f64(y, x, w, count, taps, stride, dilation) }

  @inline(__always)
  public static func spreadRow(
    _ x: UnsafeMutablePointer<Double>, _ y: UnsafePointer<Double>, _ w: UnsafePointer<Double>, _ count: Int,
    _ taps: Int, _ stride: Int, _ dilation: Int
  ) { sk_spread_row_f64(x, y, w, count, taps, stride, dilation) }

  @inline(__always)
  public static func dotRow(
    _ w: UnsafeMutablePointer<Double>, _ y: UnsafePointer<Double>, _ x: UnsafePointer<Double>, _ count: Int,
    _ taps: Int, _ stride: Int, _ dilation: Int
  ) { sk_dot_row_f64(w, y, x, count, taps, stride, dilation) }
}
