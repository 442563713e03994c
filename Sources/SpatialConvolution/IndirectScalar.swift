import CKernels
import SpectralCore

/// A scalar for which the loops of the dense direct method exist: hooks to the C kernels of each type, which
/// `indirect.h` describes.
public protocol IndirectScalar: BatchScalar {
  /// `c[i][j] = Σ a[places[i] + terms[l]] b[l][j]`, for j of 1 to 4 vectors; added to what is there if asked.
  static func indirectProduct(
    _ c: UnsafeMutablePointer<Self>, _ a: UnsafePointer<Self>, _ places: UnsafePointer<Int32>, _ rows: Int,
    _ terms: UnsafePointer<Int32>, _ termCount: Int, _ b: UnsafePointer<Self>, _ vectors: Int, _ accumulate: Bool,
    _ ahead: UnsafeBufferPointer<MemoryRegion>)
  /// `c[i][j] = Σ a[i][l] b[terms[l] + j]`, with row strides, added to what is there if asked; reads b and writes c
  /// up to a multiple of 2 vectors.
  static func slidingProduct(
    _ c: UnsafeMutablePointer<Self>, _ cRow: Int, _ a: UnsafePointer<Self>, _ aRow: Int, _ rows: Int,
    _ b: UnsafePointer<Self>, _ terms: UnsafePointer<Int32>, _ termCount: Int, _ columns: Int, _ accumulate: Bool,
    _ ahead: UnsafeBufferPointer<MemoryRegion>)
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
}

extension IndirectScalar {
  /// The numbers of a vector on this processor.
  static var vectorWidth: Int { sk_vector_bytes() / MemoryLayout<Self>.stride }
}

extension Float: IndirectScalar {
  @inline(__always)
  public static func indirectProduct(
    _ c: UnsafeMutablePointer<Float>, _ a: UnsafePointer<Float>, _ places: UnsafePointer<Int32>, _ rows: Int,
    _ terms: UnsafePointer<Int32>, _ termCount: Int, _ b: UnsafePointer<Float>, _ vectors: Int, _ accumulate: Bool,
    _ ahead: UnsafeBufferPointer<MemoryRegion>
  ) {
    sk_indirect_product_f32(
      c, a, places, rows, terms, termCount, b, vectors, accumulate ? 1 : 0, ahead.baseAddress, ahead.count)
  }

  @inline(__always)
  public static func slidingProduct(
    _ c: UnsafeMutablePointer<Float>, _ cRow: Int, _ a: UnsafePointer<Float>, _ aRow: Int, _ rows: Int,
    _ b: UnsafePointer<Float>, _ terms: UnsafePointer<Int32>, _ termCount: Int, _ columns: Int, _ accumulate: Bool,
    _ ahead: UnsafeBufferPointer<MemoryRegion>
  ) {
    sk_sliding_product_f32(
      c, cRow, a, aRow, rows, b, terms, termCount, columns, accumulate ? 1 : 0, ahead.baseAddress, ahead.count)
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
}

extension Double: IndirectScalar {
  @inline(__always)
  public static func indirectProduct(
    _ c: UnsafeMutablePointer<Double>, _ a: UnsafePointer<Double>, _ places: UnsafePointer<Int32>, _ rows: Int,
    _ terms: UnsafePointer<Int32>, _ termCount: Int, _ b: UnsafePointer<Double>, _ vectors: Int, _ accumulate: Bool,
    _ ahead: UnsafeBufferPointer<MemoryRegion>
  ) {
    sk_indirect_product_f64(
      c, a, places, rows, terms, termCount, b, vectors, accumulate ? 1 : 0, ahead.baseAddress, ahead.count)
  }

  @inline(__always)
  public static func slidingProduct(
    _ c: UnsafeMutablePointer<Double>, _ cRow: Int, _ a: UnsafePointer<Double>, _ aRow: Int, _ rows: Int,
    _ b: UnsafePointer<Double>, _ terms: UnsafePointer<Int32>, _ termCount: Int, _ columns: Int, _ accumulate: Bool,
    _ ahead: UnsafeBufferPointer<MemoryRegion>
  ) {
    sk_sliding_product_f64(
      c, cRow, a, aRow, rows, b, terms, termCount, columns, accumulate ? 1 : 0, ahead.baseAddress, ahead.count)
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
}
