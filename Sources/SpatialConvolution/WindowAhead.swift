import CKernels
import SpectralCore

/// What the steps of windows bring to the second-level cache on the way: what the next piece reads, and what else it
/// reads or writes. Planes are short, so the processor would notice too late where it goes on.
///
/// A class because the calls of a thread share it.
final class WindowAhead {
  let base = UnsafeMutablePointer<sk_window_ahead>.allocate(capacity: 1)

  init() { stop() }

  deinit { base.deallocate() }

  /// Fetches nothing.
  func stop() { base.initialize(to: sk_window_ahead()) }

  /// Spreads two stretches evenly over so many steps, unless they are nil, or too large to be still there when they are
  /// needed.
  func start<Scalar>(
    _ first: UnsafeBufferPointer<Scalar>?, _ second: UnsafeBufferPointer<Scalar>?, steps: Int
  ) {
    guard let first, let second, steps > 0 else { return stop() }
    let bytes = (first.count + second.count) * MemoryLayout<Scalar>.stride
    guard bytes > 0, bytes <= 1 << 20 else { return stop() }
    func address(_ stretch: UnsafeBufferPointer<Scalar>, _ offset: Int) -> UnsafePointer<CChar> {
      UnsafeRawPointer(stretch.baseAddress! + offset).assumingMemoryBound(to: CChar.self)
    }
    base.pointee = sk_window_ahead(
      at: address(first, 0), end: address(first, first.count), next: address(second, 0),
      next_end: address(second, second.count), lines: (bytes / 64 + steps - 1) / steps)
  }
}
