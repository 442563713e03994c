import CKernels
import SpectralCore

/// A scalar for which the loops of the direct method exist: hooks to the C kernels of each type, which the headers
/// describe.
public protocol DirectScalar: TensorScalar {
  // MARK: Vectors across the images of a batch: `batch.h`.

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

  // MARK: Products of matrices through tables of offsets: `indirect.h`.

  /// `c[i][j] = Σ a[places[i] + terms[l]] b[l][j]`, for j of 1 to 4 vectors; added to what is there if asked.
  static func indirectProduct(
    _ c: UnsafeMutablePointer<Self>, _ a: UnsafePointer<Self>, _ places: UnsafePointer<Int32>, _ rows: Int,
    _ terms: UnsafePointer<Int32>, _ termCount: Int, _ b: UnsafePointer<Self>, _ vectors: Int, _ accumulate: Bool,
    _ prefetch: UnsafeBufferPointer<PrefetchRegion>)
  /// `c[i][j] = Σ a[i][l] b[terms[l] + j]`, with row strides, added to what is there if asked; reads b and writes c
  /// up to a multiple of 2 vectors.
  static func slidingProduct(
    _ c: UnsafeMutablePointer<Self>, _ cRow: Int, _ a: UnsafePointer<Self>, _ aRow: Int, _ rows: Int,
    _ b: UnsafePointer<Self>, _ terms: UnsafePointer<Int32>, _ termCount: Int, _ columns: Int, _ accumulate: Bool,
    _ prefetch: UnsafeBufferPointer<PrefetchRegion>)
  /// `to[i][lane] = from[lane][i]`, with strides; zeros up to a whole vector of lanes.
  static func packLanes(
    _ to: UnsafeMutablePointer<Self>, _ pitch: Int, _ from: UnsafePointer<Self>, _ fromLane: Int, _ lanes: Int,
    _ count: Int)
  /// `to[lane][i] = Σ from[p][i][lane] + bias[lane]`, with strides, summed over parts p in their order.
  static func unpackLanes(
    _ to: UnsafeMutablePointer<Self>, _ toLane: Int, _ from: UnsafePointer<Self>, _ pitch: Int, _ lanes: Int,
    _ count: Int, _ bias: UnsafePointer<Self>?, _ parts: Int, _ partStride: Int)
  /// `to[i][j] = from[i][j] + bias`, with row strides.
  static func copyRows(
    _ to: UnsafeMutablePointer<Self>, _ toPitch: Int, _ from: UnsafePointer<Self>, _ fromPitch: Int, _ rows: Int,
    _ columns: Int, _ bias: Self)
  /// `to[i][j] = from[rowSources[i]][columnSources[j]]`, 0 where a source is negative, with row strides; the sources of
  /// the columns in `run` are neighbours, and those of the others are all negative if `cleared`.
  static func copyPadded(
    _ to: UnsafeMutablePointer<Self>, _ pitch: Int, _ from: UnsafePointer<Self>, _ fromPitch: Int,
    _ rowSources: UnsafePointer<Int32>, _ rows: Int, _ columnSources: UnsafePointer<Int32>, _ columns: Int,
    _ run: Range<Int>, _ cleared: Bool)
  /// Whether all of `count` numbers are finite.
  static func areFinite(_ x: UnsafePointer<Self>, _ count: Int) -> Bool

  // MARK: Windows over single planes: `windows.h`.

  /// Vectors of a row, or of taps, that are summed together.
  static var windowVectors: Int { get }
  /// Sums of up to `SK_WINDOW_ROWS` rows.
  static func correlateRows(
    _ shape: UnsafePointer<sk_window_shape>, _ sums: UnsafeMutablePointer<Self>, _ rows: Int,
    _ pixels: UnsafePointer<Self>, _ weights: UnsafePointer<Self>, _ start: UnsafePointer<Self>,
    _ steps: UnsafePointer<sk_window_step>, _ count: Int, _ prefetch: UnsafeMutablePointer<sk_window_prefetch>)
  /// Adds to the vectors of up to `SK_WINDOW_ROWS` rows of taps.
  static func correlateTaps(
    _ shape: UnsafePointer<sk_tap_shape>, _ sums: UnsafeMutablePointer<Self>, _ rows: Int,
    _ pixels: UnsafePointer<Self>, _ gradient: UnsafePointer<Self>, _ steps: UnsafePointer<sk_window_step>,
    _ count: Int,
    _ prefetch: UnsafeMutablePointer<sk_window_prefetch>)
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

  // MARK: Unfolded windows: `unfold.h` and `matrix.h`.

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

extension DirectScalar {
  /// The numbers of a vector on this processor.
  static var vectorWidth: Int { sk_vector_bytes() / MemoryLayout<Self>.stride }
}

extension Float: DirectScalar {
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

  @inline(__always)
  public static func indirectProduct(
    _ c: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ places: UnsafePointer<Int32>, _ rows: Int,
    _ terms: UnsafePointer<Int32>, _ termCount: Int, _ b: UnsafePointer<Float>, _ vectors: Int, _ accumulate: Bool,
    _ prefetch: UnsafeBufferPointer<PrefetchRegion>
  ) {
    sk_indirect_product_f32(
      c, a, places, rows, terms, termCount, b, vectors, accumulate ? 1 : 0, prefetch.baseAddress, prefetch.count)
  }

  @inline(__always)
  public static func slidingProduct(
    _ c: UnsafeMutablePointer<Float>, _ cRow: Int, _ a: UnsafePointer<Float>, _ aRow: Int, _ rows: Int,
    _ b: UnsafePointer<Float>, _ terms: UnsafePointer<Int32>, _ termCount: Int, _ columns: Int, _ accumulate: Bool,
    _ prefetch: UnsafeBufferPointer<PrefetchRegion>
  ) {
    sk_sliding_product_f32(
      c, cRow, a, aRow, rows, b, terms, termCount, columns, accumulate ? 1 : 0, prefetch.baseAddress, prefetch.count)
  }

  @inline(__always)
  public static func packLanes(
    _ to: UnsafeMutablePointer<Float>, _ pitch: Int, _ from: UnsafePointer<Float>, _ fromLane: Int, _ lanes: Int,
    _ count: Int
  ) { sk_pack_lanes_f32(to, pitch, from, fromLane, lanes, count) }

  @inline(__always)
  public static func unpackLanes(
    _ to: UnsafeMutablePointer<Float>, _ toLane: Int, _ from: UnsafePointer<Float>, _ pitch: Int, _ lanes: Int,
    _ count: Int, _ bias: UnsafePointer<Float>?, _ parts: Int, _ partStride: Int
  ) { sk_unpack_lanes_f32(to, toLane, from, pitch, lanes, count, bias, parts, partStride) }

  @inline(__always)
  public static func copyRows(
    _ to: UnsafeMutablePointer<Float>, _ toPitch: Int, _ from: UnsafePointer<Float>, _ fromPitch: Int, _ rows: Int,
    _ columns: Int, _ bias: Float
  ) { sk_copy_rows_f32(to, toPitch, from, fromPitch, rows, columns, bias) }

  @inline(__always)
  public static func copyPadded(
    _ to: UnsafeMutablePointer<Float>, _ pitch: Int, _ from: UnsafePointer<Float>, _ fromPitch: Int,
    _ rowSources: UnsafePointer<Int32>, _ rows: Int, _ columnSources: UnsafePointer<Int32>, _ columns: Int,
    _ run: Range<Int>, _ cleared: Bool
  ) {
    sk_copy_padded_f32(
      to, pitch, from, fromPitch, rowSources, rows, columnSources, columns, run.lowerBound, run.upperBound,
      cleared ? 1 : 0)
  }

  @inline(__always)
  public static func areFinite(_ x: UnsafePointer<Float>, _ count: Int) -> Bool { sk_are_finite_f32(x, count) != 0 }

  public static let windowVectors = sk_window_vectors_f32()

  @inline(__always)
  public static func correlateRows(
    _ shape: UnsafePointer<sk_window_shape>, _ sums: UnsafeMutablePointer<Float>, _ rows: Int,
    _ pixels: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ start: UnsafePointer<Float>,
    _ steps: UnsafePointer<sk_window_step>, _ count: Int, _ prefetch: UnsafeMutablePointer<sk_window_prefetch>
  ) { sk_correlate_rows_f32(shape, sums, rows, pixels, weights, start, steps, count, prefetch) }

  @inline(__always)
  public static func correlateTaps(
    _ shape: UnsafePointer<sk_tap_shape>, _ sums: UnsafeMutablePointer<Float>, _ rows: Int,
    _ pixels: UnsafePointer<Float>, _ gradient: UnsafePointer<Float>, _ steps: UnsafePointer<sk_window_step>,
    _ count: Int,
    _ prefetch: UnsafeMutablePointer<sk_window_prefetch>
  ) { sk_correlate_taps_f32(shape, sums, rows, pixels, gradient, steps, count, prefetch) }

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

  @inline(__always)
  public static func indirectProduct(
    _ c: UnsafeMutablePointer<Double>, _ a: UnsafePointer<Double>, _ places: UnsafePointer<Int32>, _ rows: Int,
    _ terms: UnsafePointer<Int32>, _ termCount: Int, _ b: UnsafePointer<Double>, _ vectors: Int, _ accumulate: Bool,
    _ prefetch: UnsafeBufferPointer<PrefetchRegion>
  ) {
    sk_indirect_product_f64(
      c, a, places, rows, terms, termCount, b, vectors, accumulate ? 1 : 0, prefetch.baseAddress, prefetch.count)
  }

  @inline(__always)
  public static func slidingProduct(
    _ c: UnsafeMutablePointer<Double>, _ cRow: Int, _ a: UnsafePointer<Double>, _ aRow: Int, _ rows: Int,
    _ b: UnsafePointer<Double>, _ terms: UnsafePointer<Int32>, _ termCount: Int, _ columns: Int, _ accumulate: Bool,
    _ prefetch: UnsafeBufferPointer<PrefetchRegion>
  ) {
    sk_sliding_product_f64(
      c, cRow, a, aRow, rows, b, terms, termCount, columns, accumulate ? 1 : 0, prefetch.baseAddress, prefetch.count)
  }

  @inline(__always)
  public static func packLanes(
    _ to: UnsafeMutablePointer<Double>, _ pitch: Int, _ from: UnsafePointer<Double>, _ fromLane: Int, _ lanes: Int,
    _ count: Int
  ) { sk_pack_lanes_f64(to, pitch, from, fromLane, lanes, count) }

  @inline(__always)
  public static func unpackLanes(
    _ to: UnsafeMutablePointer<Double>, _ toLane: Int, _ from: UnsafePointer<Double>, _ pitch: Int, _ lanes: Int,
    _ count: Int, _ bias: UnsafePointer<Double>?, _ parts: Int, _ partStride: Int
  ) { sk_unpack_lanes_f64(to, toLane, from, pitch, lanes, count, bias, parts, partStride) }

  @inline(__always)
  public static func copyRows(
    _ to: UnsafeMutablePointer<Double>, _ toPitch: Int, _ from: UnsafePointer<Double>, _ fromPitch: Int, _ rows: Int,
    _ columns: Int, _ bias: Double
  ) { sk_copy_rows_f64(to, toPitch, from, fromPitch, rows, columns, bias) }

  @inline(__always)
  public static func copyPadded(
    _ to: UnsafeMutablePointer<Double>, _ pitch: Int, _ from: UnsafePointer<Double>, _ fromPitch: Int,
    _ rowSources: UnsafePointer<Int32>, _ rows: Int, _ columnSources: UnsafePointer<Int32>, _ columns: Int,
    _ run: Range<Int>, _ cleared: Bool
  ) {
    sk_copy_padded_f64(
      to, pitch, from, fromPitch, rowSources, rows, columnSources, columns, run.lowerBound, run.upperBound,
      cleared ? 1 : 0)
  }

  @inline(__always)
  public static func areFinite(_ x: UnsafePointer<Double>, _ count: Int) -> Bool { sk_are_finite_f64(x, count) != 0 }

  public static let windowVectors = sk_window_vectors_f64()

  @inline(__always)
  public static func correlateRows(
    _ shape: UnsafePointer<sk_window_shape>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int,
    _ pixels: UnsafePointer<Double>, _ weights: UnsafePointer<Double>, _ start: UnsafePointer<Double>,
    _ steps: UnsafePointer<sk_window_step>, _ count: Int, _ prefetch: UnsafeMutablePointer<sk_window_prefetch>
  ) { sk_correlate_rows_f64(shape, sums, rows, pixels, weights, start, steps, count, prefetch) }

  @inline(__always)
  public static func correlateTaps(
    _ shape: UnsafePointer<sk_tap_shape>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int,
    _ pixels: UnsafePointer<Double>, _ gradient: UnsafePointer<Double>, _ steps: UnsafePointer<sk_window_step>,
    _ count: Int,
    _ prefetch: UnsafeMutablePointer<sk_window_prefetch>
  ) { sk_correlate_taps_f64(shape, sums, rows, pixels, gradient, steps, count, prefetch) }

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
