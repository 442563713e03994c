import CKernels
import SpectralTransforms
import SpectralCore

/// The rows of a tile that are there, by number.
public typealias RowList = UnsafeBufferPointer<Int32>

/// A scalar for which the loops of the Fourier method exist: hooks to the C kernels of each type. See `kernels.h`.
public protocol ConvolutionScalar: FourierScalar {
  /// From the transforms of pairs of columns, a row after the other, to the half spectra of real rows.
  static func untangle(
    _ to: UnsafeMutablePointer<Self>, _ toRow: Int, _ pairs: UnsafePointer<Self>, _ roots: UnsafePointer<Self>,
    _ half: Int, rows: RowList)
  /// Back.
  static func tangle(
    _ to: UnsafeMutablePointer<Self>, _ spectrum: UnsafePointer<Self>, _ spectrumRow: Int,
    _ roots: UnsafePointer<Self>, _ half: Int, rows: RowList)
  /// Rows of a tile from planes to lanes.
  static func gatherRows(
    _ to: UnsafeMutablePointer<Self>, _ strips: UnsafeMutablePointer<Self>, _ pitch: Int, _ lanes: LanePlaces<Self>,
    rows: RowList, rowStride: Int, width: Int)
  /// Rows of a tile from lanes to planes, plus a number for each lane, rectified if asked; returns whether all was finite.
  static func scatterRows(
    _ from: UnsafePointer<Self>, _ strips: UnsafeMutablePointer<Self>, _ pitch: Int, _ lanes: LanePlaces<Self>,
    rows: RowList, rowStride: Int, width: Int, adding: Bool
  ) -> Bool
  /// The transpose of a complex matrix.
  static func transposeMatrix(
    _ to: UnsafeMutablePointer<Self>, _ toPitch: Int, group toGroup: Int, _ from: UnsafePointer<Self>,
    _ fromPitch: Int, group fromGroup: Int, rows: Int, columns: Int)
  /// `y = x w`, or `x conj w`, group by group.
  static func multiplyLanes(
    _ y: UnsafeMutablePointer<Self>, _ yStride: Int, _ x: UnsafePointer<Self>, _ xStride: Int, _ w: UnsafePointer<Self>,
    _ wStride: Int, count: Int, conjugated: Bool, broadcast: Bool)
  /// `w += conj g x`, group by group.
  static func correlateLanes(
    _ w: UnsafeMutablePointer<Self>, _ wStride: Int, _ g: UnsafePointer<Self>, _ gStride: Int, _ x: UnsafePointer<Self>,
    _ xStride: Int, count: Int)
  /// `c = a b` for complex matrices, or `c += a b`.
  static func complexProduct(
    _ c: UnsafeMutablePointer<Self>, _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>,
    _ product: UnsafePointer<sk_product>)
  /// A sum over taps of products of groups of lanes.
  static func tapSum(
    _ y: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>, _ w: UnsafePointer<Self>,
    _ sum: UnsafePointer<sk_tap_sum>)
}

/// Where the lanes of a group come from or go to: for each its plane, and where the rows and columns of its tile lie.
///
/// A class because it owns memory that the C loops read.
public final class LanePlaces<Scalar: TensorScalar> {
  let planes: UnsafeMutablePointer<UnsafeMutablePointer<Scalar>?>
  let rows: UnsafeMutablePointer<UnsafePointer<Int32>?>
  let columns: UnsafeMutablePointer<UnsafePointer<sk_columns>?>
  /// Added to what a lane gives.
  let bias: UnsafeMutablePointer<Scalar>
  /// What lanes give is no less than this.
  var least = -Scalar.infinity

  init(lanes: Int) {
    planes = .allocate(capacity: lanes)
    rows = .allocate(capacity: lanes)
    columns = .allocate(capacity: lanes)
    bias = .allocate(capacity: lanes)
    planes.initialize(repeating: nil, count: lanes)
    rows.initialize(repeating: nil, count: lanes)
    columns.initialize(repeating: nil, count: lanes)
    bias.initialize(repeating: 0, count: lanes)
  }

  /// Leaves a lane idle.
  @inline(__always)
  func clear(_ lane: Int) {
    planes[lane] = nil
    bias[lane] = 0
  }

  /// Whether any lane has a place.
  var hasAny: Bool {
    for lane in 0..<64 / MemoryLayout<Scalar>.stride where planes[lane] != nil { return true }
    return false
  }

  deinit {
    planes.deallocate()
    rows.deallocate()
    columns.deallocate()
    bias.deallocate()
  }
}

extension Float: ConvolutionScalar {
  @inline(__always)
  public static func untangle(
    _ to: UnsafeMutablePointer<Float>, _ toRow: Int, _ pairs: UnsafePointer<Float>, _ roots: UnsafePointer<Float>,
    _ half: Int, rows: RowList
  ) { sk_untangle_f32(to, toRow, pairs, roots, half, rows.baseAddress, rows.count) }

  @inline(__always)
  public static func tangle(
    _ to: UnsafeMutablePointer<Float>, _ spectrum: UnsafePointer<Float>, _ spectrumRow: Int,
    _ roots: UnsafePointer<Float>, _ half: Int, rows: RowList
  ) { sk_tangle_f32(to, spectrum, spectrumRow, roots, half, rows.baseAddress, rows.count) }

  @inline(__always)
  public static func gatherRows(
    _ to: UnsafeMutablePointer<Float>, _ strips: UnsafeMutablePointer<Float>, _ pitch: Int, _ lanes: LanePlaces<Float>,
    rows: RowList, rowStride: Int, width: Int
  ) {
    sk_gather_rows_f32(
      to, strips, pitch, lanes.planes, lanes.rows, lanes.columns, rows.baseAddress, rows.count, rowStride, width)
  }

  @inline(__always)
  public static func scatterRows(
    _ from: UnsafePointer<Float>, _ strips: UnsafeMutablePointer<Float>, _ pitch: Int, _ lanes: LanePlaces<Float>,
    rows: RowList, rowStride: Int, width: Int, adding: Bool
  ) -> Bool {
    sk_scatter_rows_f32(
      from, strips, pitch, lanes.planes, lanes.rows, lanes.columns, rows.baseAddress, rows.count, rowStride, width,
      lanes.bias, lanes.least, adding ? 1 : 0) != 0
  }

  @inline(__always)
  public static func transposeMatrix(
    _ to: UnsafeMutablePointer<Float>, _ toPitch: Int, group toGroup: Int, _ from: UnsafePointer<Float>,
    _ fromPitch: Int, group fromGroup: Int, rows: Int, columns: Int
  ) { sk_transpose_matrix_f32(to, toPitch, toGroup, from, fromPitch, fromGroup, rows, columns) }

  @inline(__always)
  public static func multiplyLanes(
    _ y: UnsafeMutablePointer<Float>, _ yStride: Int, _ x: UnsafePointer<Float>, _ xStride: Int,
    _ w: UnsafePointer<Float>, _ wStride: Int, count: Int, conjugated: Bool, broadcast: Bool
  ) { sk_lanes_multiply_f32(y, yStride, x, xStride, w, wStride, count, conjugated ? 1 : 0, broadcast ? 1 : 0) }

  @inline(__always)
  public static func correlateLanes(
    _ w: UnsafeMutablePointer<Float>, _ wStride: Int, _ g: UnsafePointer<Float>, _ gStride: Int,
    _ x: UnsafePointer<Float>, _ xStride: Int, count: Int
  ) { sk_lanes_correlate_f32(w, wStride, g, gStride, x, xStride, count) }

  @inline(__always)
  public static func complexProduct(
    _ c: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>,
    _ product: UnsafePointer<sk_product>
  ) { sk_complex_product_f32(c, a, b, product) }

  @inline(__always)
  public static func tapSum(
    _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ w: UnsafePointer<Float>,
    _ sum: UnsafePointer<sk_tap_sum>
  ) { sk_tap_sum_f32(y, x, w, sum) }
}

extension Double: ConvolutionScalar {
  @inline(__always)
  public static func untangle(
    _ to: UnsafeMutablePointer<Double>, _ toRow: Int, _ pairs: UnsafePointer<Double>, _ roots: UnsafePointer<Double>,
    _ half: Int, rows: RowList
  ) { sk_untangle_f64(to, toRow, pairs, roots, half, rows.baseAddress, rows.count) }

  @inline(__always)
  public static func tangle(
    _ to: UnsafeMutablePointer<Double>, _ spectrum: UnsafePointer<Double>, _ spectrumRow: Int,
    _ roots: UnsafePointer<Double>, _ half: Int, rows: RowList
  ) { sk_tangle_f64(to, spectrum, spectrumRow, roots, half, rows.baseAddress, rows.count) }

  @inline(__always)
  public static func gatherRows(
    _ to: UnsafeMutablePointer<Double>, _ strips: UnsafeMutablePointer<Double>, _ pitch: Int,
    _ lanes: LanePlaces<Double>,
    rows: RowList, rowStride: Int, width: Int
  ) {
    sk_gather_rows_f64(
      to, strips, pitch, lanes.planes, lanes.rows, lanes.columns, rows.baseAddress, rows.count, rowStride, width)
  }

  @inline(__always)
  public static func scatterRows(
    _ from: UnsafePointer<Double>, _ strips: UnsafeMutablePointer<Double>, _ pitch: Int, _ lanes: LanePlaces<Double>,
    rows: RowList, rowStride: Int, width: Int, adding: Bool
  ) -> Bool {
    sk_scatter_rows_f64(
      from, strips, pitch, lanes.planes, lanes.rows, lanes.columns, rows.baseAddress, rows.count, rowStride, width,
      lanes.bias, lanes.least, adding ? 1 : 0) != 0
  }

  @inline(__always)
  public static func transposeMatrix(
    _ to: UnsafeMutablePointer<Double>, _ toPitch: Int, group toGroup: Int, _ from: UnsafePointer<Double>,
    _ fromPitch: Int, group fromGroup: Int, rows: Int, columns: Int
  ) { sk_transpose_matrix_f64(to, toPitch, toGroup, from, fromPitch, fromGroup, rows, columns) }

  @inline(__always)
  public static func multiplyLanes(
    _ y: UnsafeMutablePointer<Double>, _ yStride: Int, _ x: UnsafePointer<Double>, _ xStride: Int,
    _ w: UnsafePointer<Double>, _ wStride: Int, count: Int, conjugated: Bool, broadcast: Bool
  ) { sk_lanes_multiply_f64(y, yStride, x, xStride, w, wStride, count, conjugated ? 1 : 0, broadcast ? 1 : 0) }

  @inline(__always)
  public static func correlateLanes(
    _ w: UnsafeMutablePointer<Double>, _ wStride: Int, _ g: UnsafePointer<Double>, _ gStride: Int,
    _ x: UnsafePointer<Double>, _ xStride: Int, count: Int
  ) { sk_lanes_correlate_f64(w, wStride, g, gStride, x, xStride, count) }

  @inline(__always)
  public static func complexProduct(
    _ c: UnsafeMutablePointer<Double>, _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>,
    _ product: UnsafePointer<sk_product>
  ) { sk_complex_product_f64(c, a, b, product) }

  @inline(__always)
  public static func tapSum(
    _ y: UnsafeMutablePointer<Double>, _ x: UnsafePointer<Double>, _ w: UnsafePointer<Double>,
    _ sum: UnsafePointer<sk_tap_sum>
  ) { sk_tap_sum_f64(y, x, w, sum) }
}
