import CKernels
import Fourier
import Tensors

/// A scalar for which the loops of the Fourier method exist: hooks to the C kernels of each type.
public protocol ConvolutionScalar: FourierScalar {
  /// One row of a tile from planes to lanes. See `kernels.h`.
  static func gatherRow(
    _ to: UnsafeMutablePointer<Self>, _ pitch: Int, _ from: UnsafePointer<Self>, _ stride: Int,
    _ columns: UnsafePointer<Int32>, _ width: Int, _ channels: Int)
  /// One row of a tile from lanes to planes, plus a bias.
  static func scatterRow(
    _ to: UnsafeMutablePointer<Self>, _ stride: Int, _ columns: UnsafePointer<Int32>, _ from: UnsafePointer<Self>,
    _ pitch: Int, _ width: Int, _ channels: Int, _ bias: UnsafePointer<Self>)
  /// One row of a tile from lanes to planes, added to what is there.
  static func scatterAddRow(
    _ to: UnsafeMutablePointer<Self>, _ stride: Int, _ columns: UnsafePointer<Int32>, _ from: UnsafePointer<Self>,
    _ pitch: Int, _ width: Int, _ channels: Int)
  /// From the transform of pairs of columns to the half spectrum, one frequency of all lanes. See `kernels.h`.
  static func untangle(
    _ to: UnsafeMutablePointer<Self>, _ z: UnsafePointer<Self>, _ mirror: UnsafePointer<Self>, _ rootReal: Self,
    _ rootImaginary: Self, _ lanes: Int)
  /// Back.
  static func tangle(
    _ to: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>, _ mirror: UnsafePointer<Self>, _ rootReal: Self,
    _ rootImaginary: Self, _ lanes: Int)
  /// `y = x * conj(w)`, lane by lane.
  static func lanesTimesConjugate(
    _ y: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>, _ w: UnsafePointer<Self>, _ rows: Int, _ lanes: Int)
  /// `x = g * w`, lane by lane.
  static func lanesTimes(
    _ x: UnsafeMutablePointer<Self>, _ g: UnsafePointer<Self>, _ w: UnsafePointer<Self>, _ rows: Int, _ lanes: Int)
  /// `w += Σ conj(g) * x`, lane by lane.
  static func lanesCorrelate(
    _ w: UnsafeMutablePointer<Self>, _ g: UnsafePointer<Self>, _ x: UnsafePointer<Self>, _ rows: Int, _ lanes: Int)
  /// `c = a * b` for complex matrices, or `c += a * b`; `a` may be conjugated and of any strides.
  static func complexProduct(
    _ c: UnsafeMutablePointer<Self>, _ ldc: Int, _ a: UnsafePointer<Self>, _ rowStride: Int, _ termStride: Int,
    _ b: UnsafePointer<Self>, _ ldb: Int, _ rows: Int, _ columns: Int, _ terms: Int, conjugated: Bool,
    accumulate: Bool)
  /// The conjugate transpose of a packed complex matrix.
  static func adjoint(
    _ to: UnsafeMutablePointer<Self>, _ from: UnsafePointer<Self>, _ rows: Int, _ columns: Int)
  /// Whether all of the numbers are finite.
  static func allFinite(_ x: UnsafePointer<Self>, _ count: Int) -> Bool
}

extension Float: ConvolutionScalar {
  @inline(__always)
  public static func gatherRow(
    _ to: UnsafeMutablePointer<Float>, _ pitch: Int, _ from: UnsafePointer<Float>, _ stride: Int,
    _ columns: UnsafePointer<Int32>, _ width: Int, _ channels: Int
  ) {
    sk_gather_row_f32(to, pitch, from, stride, columns, width, channels)
  }
  @inline(__always)
  public static func scatterRow(
    _ to: UnsafeMutablePointer<Float>, _ stride: Int, _ columns: UnsafePointer<Int32>, _ from: UnsafePointer<Float>,
    _ pitch: Int, _ width: Int, _ channels: Int, _ bias: UnsafePointer<Float>
  ) {
    sk_scatter_row_f32(to, stride, columns, from, pitch, width, channels, bias)
  }
  @inline(__always)
  public static func scatterAddRow(
    _ to: UnsafeMutablePointer<Float>, _ stride: Int, _ columns: UnsafePointer<Int32>, _ from: UnsafePointer<Float>,
    _ pitch: Int, _ width: Int, _ channels: Int
  ) {
    sk_scatter_add_row_f32(to, stride, columns, from, pitch, width, channels)
  }
  @inline(__always)
  public static func untangle(
    _ to: UnsafeMutablePointer<Float>, _ z: UnsafePointer<Float>, _ mirror: UnsafePointer<Float>, _ rootReal: Float,
    _ rootImaginary: Float, _ lanes: Int
  ) {
    sk_untangle_f32(to, z, mirror, rootReal, rootImaginary, lanes)
  }
  @inline(__always)
  public static func tangle(
    _ to: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ mirror: UnsafePointer<Float>, _ rootReal: Float,
    _ rootImaginary: Float, _ lanes: Int
  ) {
    sk_tangle_f32(to, x, mirror, rootReal, rootImaginary, lanes)
  }
  @inline(__always)
  public static func lanesTimesConjugate(
    _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ rows: Int, _ lanes: Int
  ) {
    sk_lanes_times_conjugate_f32(y, x, w, rows, lanes)
  }
  @inline(__always)
  public static func lanesTimes(
    _ x: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, _ w: UnsafePointer<Float>, _ rows: Int, _ lanes: Int
  ) {
    sk_lanes_times_f32(x, g, w, rows, lanes)
  }
  @inline(__always)
  public static func lanesCorrelate(
    _ w: UnsafeMutablePointer<Float>, _ g: UnsafePointer<Float>, _ x: UnsafePointer<Float>, _ rows: Int, _ lanes: Int
  ) {
    sk_lanes_correlate_f32(w, g, x, rows, lanes)
  }
  @inline(__always)
  public static func complexProduct(
    _ c: UnsafeMutablePointer<Float>, _ ldc: Int, _ a: UnsafePointer<Float>, _ rowStride: Int, _ termStride: Int,
    _ b: UnsafePointer<Float>, _ ldb: Int, _ rows: Int, _ columns: Int, _ terms: Int, conjugated: Bool,
    accumulate: Bool
  ) {
    sk_complex_product_f32(
      c, ldc, a, rowStride, termStride, b, ldb, rows, columns, terms, conjugated ? 1 : 0, accumulate ? 1 : 0)
  }
  @inline(__always)
  public static func adjoint(
    _ to: UnsafeMutablePointer<Float>, _ from: UnsafePointer<Float>, _ rows: Int, _ columns: Int
  ) {
    sk_adjoint_f32(to, from, rows, columns)
  }
  @inline(__always)
  public static func allFinite(_ x: UnsafePointer<Float>, _ count: Int) -> Bool {
    sk_all_finite_f32(x, count) != 0
  }
}

extension Double: ConvolutionScalar {
  @inline(__always)
  public static func gatherRow(
    _ to: UnsafeMutablePointer<Double>, _ pitch: Int, _ from: UnsafePointer<Double>, _ stride: Int,
    _ columns: UnsafePointer<Int32>, _ width: Int, _ channels: Int
  ) {
    sk_gather_row_f64(to, pitch, from, stride, columns, width, channels)
  }
  @inline(__always)
  public static func scatterRow(
    _ to: UnsafeMutablePointer<Double>, _ stride: Int, _ columns: UnsafePointer<Int32>, _ from: UnsafePointer<Double>,
    _ pitch: Int, _ width: Int, _ channels: Int, _ bias: UnsafePointer<Double>
  ) {
    sk_scatter_row_f64(to, stride, columns, from, pitch, width, channels, bias)
  }
  @inline(__always)
  public static func scatterAddRow(
    _ to: UnsafeMutablePointer<Double>, _ stride: Int, _ columns: UnsafePointer<Int32>, _ from: UnsafePointer<Double>,
    _ pitch: Int, _ width: Int, _ channels: Int
  ) {
    sk_scatter_add_row_f64(to, stride, columns, from, pitch, width, channels)
  }
  @inline(__always)
  public static func untangle(
    _ to: UnsafeMutablePointer<Double>, _ z: UnsafePointer<Double>, _ mirror: UnsafePointer<Double>, _ rootReal: Double,
    _ rootImaginary: Double, _ lanes: Int
  ) {
    sk_untangle_f64(to, z, mirror, rootReal, rootImaginary, lanes)
  }
  @inline(__always)
  public static func tangle(
    _ to: UnsafeMutablePointer<Double>, _ x: UnsafePointer<Double>, _ mirror: UnsafePointer<Double>, _ rootReal: Double,
    _ rootImaginary: Double, _ lanes: Int
  ) {
    sk_tangle_f64(to, x, mirror, rootReal, rootImaginary, lanes)
  }
  @inline(__always)
  public static func lanesTimesConjugate(
    _ y: UnsafeMutablePointer<Double>, _ x: UnsafePointer<Double>, _ w: UnsafePointer<Double>, _ rows: Int, _ lanes: Int
  ) {
    sk_lanes_times_conjugate_f64(y, x, w, rows, lanes)
  }
  @inline(__always)
  public static func lanesTimes(
    _ x: UnsafeMutablePointer<Double>, _ g: UnsafePointer<Double>, _ w: UnsafePointer<Double>, _ rows: Int, _ lanes: Int
  ) {
    sk_lanes_times_f64(x, g, w, rows, lanes)
  }
  @inline(__always)
  public static func lanesCorrelate(
    _ w: UnsafeMutablePointer<Double>, _ g: UnsafePointer<Double>, _ x: UnsafePointer<Double>, _ rows: Int, _ lanes: Int
  ) {
    sk_lanes_correlate_f64(w, g, x, rows, lanes)
  }
  @inline(__always)
  public static func complexProduct(
    _ c: UnsafeMutablePointer<Double>, _ ldc: Int, _ a: UnsafePointer<Double>, _ rowStride: Int, _ termStride: Int,
    _ b: UnsafePointer<Double>, _ ldb: Int, _ rows: Int, _ columns: Int, _ terms: Int, conjugated: Bool,
    accumulate: Bool
  ) {
    sk_complex_product_f64(
      c, ldc, a, rowStride, termStride, b, ldb, rows, columns, terms, conjugated ? 1 : 0, accumulate ? 1 : 0)
  }
  @inline(__always)
  public static func adjoint(
    _ to: UnsafeMutablePointer<Double>, _ from: UnsafePointer<Double>, _ rows: Int, _ columns: Int
  ) {
    sk_adjoint_f64(to, from, rows, columns)
  }
  @inline(__always)
  public static func allFinite(_ x: UnsafePointer<Double>, _ count: Int) -> Bool {
    sk_all_finite_f64(x, count) != 0
  }
}
