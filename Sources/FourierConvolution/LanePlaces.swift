import CKernels
import SpectralTransforms
import SpectralCore

/// The rows of a tile that are there, by number.
public typealias RowList = UnsafeBufferPointer<Int32>

/// Where the lanes of a group come from or go to: for each its plane, and where the rows and columns of its tile lie.
///
/// A class because it owns memory that the C loops read.
public final class LanePlaces<Scalar: TensorScalar> {
  let planes: UnsafeMutablePointer<UnsafeMutableRawPointer?>
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
