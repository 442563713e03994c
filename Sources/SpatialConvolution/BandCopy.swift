import CKernels
import SpectralCore

/// Copies rows of planes into bands (`windows.h`): of one plane into a plain band, of a plane for each lane into an
/// interleaved one.
struct BandCopy<Scalar: TensorScalar> {
  /// Where the planes of an interleaved band's lanes begin.
  private let sources: Scratch<UnsafeRawPointer?>?

  init(interleaved: Bool) { sources = interleaved ? Scratch(count: Scalar.vectorWidth) : nil }

  static func byteCount(interleaved: Bool) -> Int {
    interleaved ? Scratch<UnsafeRawPointer?>.byteCount(Scalar.vectorWidth) : 0
  }

  /// - Parameters:
  ///   - units: Whose planes stand in the lanes; lanes beyond them read what the last one reads.
  ///   - rows: The rows of a plane, and from one to the next.
  ///   - runs: What a row of the band is filled with.
  @inline(__always)
  func callAsFunction(
    _ units: Range<Int>, to band: UnsafeMutablePointer<Scalar>, pitch: Int, rows: UnsafePointer<Int32>, count: Int,
    rowPitch: Int, _ runs: Scratch<sk_column_run>, plane: (_ unit: Int) -> UnsafePointer<Scalar>
  ) {
    guard let sources else {
      return Scalar.kernels.pointee.fill_band(
        band, pitch, plane(units.lowerBound), rowPitch, rows, count, runs.base, runs.count)
    }
    for lane in 0..<sources.count {
      sources.base[lane] = UnsafeRawPointer(plane(min(units.lowerBound + lane, units.upperBound - 1)))
    }
    Scalar.kernels.pointee.interleave_band(
      band, pitch, sources.base, rowPitch, rows, count, runs.base, runs.count)
  }
}
