import CKernels
import SpectralCore

/// A scalar for which the loops of the direct method exist: hooks to the C kernels of each type.
public protocol DirectScalar: IndirectScalar, WindowScalar {
  /// `to[i]` = what a tap sees from position `first + i`: see `unfold.h`.
  static func unfold(
    _ to: UnsafeMutablePointer<Self>, _ from: UnsafePointer<Self>, _ axes: UnsafePointer<sk_unfold_axis>,
    _ taps: UnsafePointer<Int>, _ first: Int, _ count: Int)
  /// Its adjoint, which adds.
  static func fold(
    _ to: UnsafeMutablePointer<Self>, _ from: UnsafePointer<Self>, _ axes: UnsafePointer<sk_unfold_axis>,
    _ taps: UnsafePointer<Int>, _ first: Int, _ count: Int)
  /// `c[i][j] = Σ a(i, l) b(l, j)`, with strides of rows, terms and columns: see `matrix.h`.
  static func matrixProduct(
    _ c: UnsafeMutablePointer<Self>, _ cRow: Int, _ a: UnsafePointer<Self>, _ aRow: Int, _ aTerm: Int,
    _ b: UnsafePointer<Self>, _ bTerm: Int, _ bColumn: Int, _ rows: Int, _ columns: Int, _ terms: Int)
}

extension Float: DirectScalar {
  @inline(__always)
  public static func unfold(
    _ to: UnsafeMutablePointer<Float>, _ from: UnsafePointer<Float>, _ axes: UnsafePointer<sk_unfold_axis>,
    _ taps: UnsafePointer<Int>, _ first: Int, _ count: Int
  ) { sk_unfold_f32(to, from, axes, taps, first, count) }

  @inline(__always)
  public static func fold(
    _ to: UnsafeMutablePointer<Float>, _ from: UnsafePointer<Float>, _ axes: UnsafePointer<sk_unfold_axis>,
    _ taps: UnsafePointer<Int>, _ first: Int, _ count: Int
  ) { sk_fold_f32(to, from, axes, taps, first, count) }

  @inline(__always)
  public static func matrixProduct(
    _ c: UnsafeMutablePointer<Float>, _ cRow: Int, _ a: UnsafePointer<Float>, _ aRow: Int, _ aTerm: Int,
    _ b: UnsafePointer<Float>, _ bTerm: Int, _ bColumn: Int, _ rows: Int, _ columns: Int, _ terms: Int
  ) { sk_matrix_product_f32(c, cRow, a, aRow, aTerm, b, bTerm, bColumn, nil, rows, columns, terms) }
}

extension Double: DirectScalar {
  @inline(__always)
  public static func unfold(
    _ to: UnsafeMutablePointer<Double>, _ from: UnsafePointer<Double>, _ axes: UnsafePointer<sk_unfold_axis>,
    _ taps: UnsafePointer<Int>, _ first: Int, _ count: Int
  ) { sk_unfold_f64(to, from, axes, taps, first, count) }

  @inline(__always)
  public static func fold(
    _ to: UnsafeMutablePointer<Double>, _ from: UnsafePointer<Double>, _ axes: UnsafePointer<sk_unfold_axis>,
    _ taps: UnsafePointer<Int>, _ first: Int, _ count: Int
  ) { sk_fold_f64(to, from, axes, taps, first, count) }

  @inline(__always)
  public static func matrixProduct(
    _ c: UnsafeMutablePointer<Double>, _ cRow: Int, _ a: UnsafePointer<Double>, _ aRow: Int, _ aTerm: Int,
    _ b: UnsafePointer<Double>, _ bTerm: Int, _ bColumn: Int, _ rows: Int, _ columns: Int, _ terms: Int
  ) { sk_matrix_product_f64(c, cRow, a, aRow, aTerm, b, bTerm, bColumn, nil, rows, columns, terms) }
}
