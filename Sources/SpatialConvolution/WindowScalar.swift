import CKernels
import SpectralCore

/// A scalar for which the loops over windows of single planes exist: hooks to the C kernels of each type, which
/// `windows.h` describes.
public protocol WindowScalar: TensorScalar {
  /// The numbers of a vector on this processor.
  static var vectorNumbers: Int { get }
  /// Vectors of a row, or of taps, that are summed together.
  static var windowVectors: Int { get }
  /// Sums of up to `SK_WINDOW_ROWS` rows.
  static func correlateRows(
    _ shape: UnsafePointer<sk_window_shape>, _ sums: UnsafeMutablePointer<Self>, _ rows: Int,
    _ pixels: UnsafePointer<Self>, _ weights: UnsafePointer<Self>, _ start: UnsafePointer<Self>,
    _ steps: UnsafePointer<sk_window_step>, _ count: Int, _ ahead: UnsafeMutablePointer<sk_window_ahead>)
  /// Adds to the vectors of up to `SK_WINDOW_ROWS` rows of taps.
  static func correlateTaps(
    _ shape: UnsafePointer<sk_tap_shape>, _ sums: UnsafeMutablePointer<Self>, _ rows: Int,
    _ pixels: UnsafePointer<Self>, _ gradient: UnsafePointer<Self>, _ steps: UnsafePointer<sk_window_step>,
    _ count: Int,
    _ ahead: UnsafeMutablePointer<sk_window_ahead>)
  /// Copies rows of a plane into a plain band.
  static func fillBand(
    _ band: UnsafeMutablePointer<Self>, _ bandPitch: Int, _ plane: UnsafePointer<Self>, _ pitch: Int,
    _ rows: UnsafePointer<Int32>, _ count: Int, _ runs: UnsafeBufferPointer<sk_column_run>)
  /// Copies rows of a vector's number of planes into an interleaved band.
  static func interleaveBand(
    _ band: UnsafeMutablePointer<Self>, _ bandPitch: Int, _ planes: UnsafePointer<UnsafePointer<Self>?>, _ pitch: Int,
    _ rows: UnsafePointer<Int32>, _ count: Int, _ runs: UnsafeBufferPointer<sk_column_run>)
  /// Takes interleaved columns apart.
  static func deinterleaveRow(
    _ planes: UnsafePointer<UnsafeMutablePointer<Self>?>, _ lanes: Int, _ offset: Int, _ row: UnsafePointer<Self>,
    _ columns: Int)
  /// Adds a row of a band to where its columns, each of `width` numbers, came from.
  static func foldRow(
    _ to: UnsafeMutablePointer<Self>, _ row: UnsafePointer<Self>, _ runs: UnsafeBufferPointer<sk_column_run>,
    _ width: Int)
}

extension Float: WindowScalar {
  public static let vectorNumbers = sk_vector_width_f32()
  public static let windowVectors = sk_window_vectors_f32()

  @inline(__always)
  public static func correlateRows(
    _ shape: UnsafePointer<sk_window_shape>, _ sums: UnsafeMutablePointer<Float>, _ rows: Int,
    _ pixels: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ start: UnsafePointer<Float>,
    _ steps: UnsafePointer<sk_window_step>, _ count: Int, _ ahead: UnsafeMutablePointer<sk_window_ahead>
  ) { sk_correlate_rows_f32(shape, sums, rows, pixels, weights, start, steps, count, ahead) }

  @inline(__always)
  public static func correlateTaps(
    _ shape: UnsafePointer<sk_tap_shape>, _ sums: UnsafeMutablePointer<Float>, _ rows: Int,
    _ pixels: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, _ steps: UnsafePointer<sk_window_step>,
    _ count: Int,
    _ ahead: UnsafeMutablePointer<sk_window_ahead>
  ) { sk_correlate_taps_f32(shape, sums, rows, pixels, gradient, steps, count, ahead) }

  @inline(__always)
  public static func fillBand(
    _ band: UnsafeMutablePointer<Float>, _ bandPitch: Int, _ plane: UnsafePointer<Float>, _ pitch: Int,
    _ rows: UnsafePointer<Int32>, _ count: Int, _ runs: UnsafeBufferPointer<sk_column_run>
  ) { sk_fill_band_f32(band, bandPitch, plane, pitch, rows, count, runs.baseAddress, runs.count) }

  @inline(__always)
  public static func interleaveBand(
    _ band: UnsafeMutablePointer<Float>, _ bandPitch: Int, _ planes: UnsafePointer<UnsafePointer<Float>?>, _ pitch: Int,
    _ rows: UnsafePointer<Int32>, _ count: Int, _ runs: UnsafeBufferPointer<sk_column_run>
  ) { sk_interleave_band_f32(band, bandPitch, planes, pitch, rows, count, runs.baseAddress, runs.count) }

  @inline(__always)
  public static func deinterleaveRow(
    _ planes: UnsafePointer<UnsafeMutablePointer<Float>?>, _ lanes: Int, _ offset: Int, _ row: UnsafePointer<Float>,
    _ columns: Int
  ) { sk_deinterleave_row_f32(planes, lanes, offset, row, columns) }

  @inline(__always)
  public static func foldRow(
    _ to: UnsafeMutablePointer<Float>, _ row: UnsafePointer<Float>, _ runs: UnsafeBufferPointer<sk_column_run>,
    _ width: Int
  ) { sk_fold_row_f32(to, row, runs.baseAddress, runs.count, width) }
}

extension Double: WindowScalar {
  public static let vectorNumbers = sk_vector_width_f64()
  public static let windowVectors = sk_window_vectors_f64()

  @inline(__always)
  public static func correlateRows(
    _ shape: UnsafePointer<sk_window_shape>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int,
    _ pixels: UnsafePointer<Double>, _ weights: UnsafePointer<Double>, _ start: UnsafePointer<Double>,
    _ steps: UnsafePointer<sk_window_step>, _ count: Int, _ ahead: UnsafeMutablePointer<sk_window_ahead>
  ) { sk_correlate_rows_f64(shape, sums, rows, pixels, weights, start, steps, count, ahead) }

  @inline(__always)
  public static func correlateTaps(
    _ shape: UnsafePointer<sk_tap_shape>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int,
    _ pixels: UnsafePointer<Double>, _ gradient: UnsafePointer<Double>, _ steps: UnsafePointer<sk_window_step>,
    _ count: Int,
    _ ahead: UnsafeMutablePointer<sk_window_ahead>
  ) { sk_correlate_taps_f64(shape, sums, rows, pixels, gradient, steps, count, ahead) }

  @inline(__always)
  public static func fillBand(
    _ band: UnsafeMutablePointer<Double>, _ bandPitch: Int, _ plane: UnsafePointer<Double>, _ pitch: Int,
    _ rows: UnsafePointer<Int32>, _ count: Int, _ runs: UnsafeBufferPointer<sk_column_run>
  ) { sk_fill_band_f64(band, bandPitch, plane, pitch, rows, count, runs.baseAddress, runs.count) }

  @inline(__always)
  public static func interleaveBand(
    _ band: UnsafeMutablePointer<Double>, _ bandPitch: Int, _ planes: UnsafePointer<UnsafePointer<Double>?>,
    _ pitch: Int,
    _ rows: UnsafePointer<Int32>, _ count: Int, _ runs: UnsafeBufferPointer<sk_column_run>
  ) { sk_interleave_band_f64(band, bandPitch, planes, pitch, rows, count, runs.baseAddress, runs.count) }

  @inline(__always)
  public static func deinterleaveRow(
    _ planes: UnsafePointer<UnsafeMutablePointer<Double>?>, _ lanes: Int, _ offset: Int, _ row: UnsafePointer<Double>,
    _ columns: Int
  ) { sk_deinterleave_row_f64(planes, lanes, offset, row, columns) }

  @inline(__always)
  public static func foldRow(
    _ to: UnsafeMutablePointer<Double>, _ row: UnsafePointer<Double>, _ runs: UnsafeBufferPointer<sk_column_run>,
    _ width: Int
  ) { sk_fold_row_f64(to, row, runs.baseAddress, runs.count, width) }
}
