import CSpectral
import SpectralCore

/// Memory as a caller in C has it, and the array in it: surrounded by numbers that must stay as they are.
final class CArray<Scalar: TensorScalar> {
  /// How the elements lie in memory.
  enum Layout: CaseIterable {
    /// Row-major, as calls like it best.
    case dense
    /// Row-major, one number from where vectors are aligned.
    case shifted
    /// The first axis innermost.
    case transposed
    /// Every axis backwards.
    case reversed
    /// With room between neighbours, and between rows.
    case spread
  }

  private(set) var array = spectral_array()
  private let shape: TensorShape
  private let memory: UnsafeMutableBufferPointer<Scalar>
  private let steps: [Int]
  private let start: Int
  private static var margin: Int { 16 }
  /// What stands where no element does.
  private static var guardNumber: Scalar { 12345 }

  init(_ shape: TensorShape, _ layout: Layout = .dense) {
    self.shape = shape
    var (steps, span) = ([Int](repeating: 0, count: shape.rank), 1)
    let order = layout == .transposed ? Array(0..<shape.rank) : (0..<shape.rank).reversed()
    if layout == .spread { span = 3 }
    for axis in order {
      steps[axis] = span
      span = span * max(1, shape[axis]) + (layout == .spread ? 5 : 0)
    }
    var start = Self.margin + (layout == .shifted ? 1 : 0)
    if layout == .reversed {
      start += span - 1
      steps = steps.map { -$0 }
    }
    (self.steps, self.start) = (steps, start)
    memory = .allocate(capacity: span + 2 * Self.margin)
    memory.initialize(repeating: Self.guardNumber)
    for place in places { memory[place] = .nan }
    array.data = UnsafeMutableRawPointer(memory.baseAddress! + start)
    array.dtype = Int32(Scalar.self == Float.self ? SPECTRAL_FLOAT32 : SPECTRAL_FLOAT64)
    array.rank = Int32(shape.rank)
    withUnsafeMutableBytes(of: &array.sizes) { bytes in
      for axis in 0..<shape.rank { bytes.storeBytes(of: Int64(shape[axis]), toByteOffset: 8 * axis, as: Int64.self) }
    }
    withUnsafeMutableBytes(of: &array.strides) { bytes in
      for axis in 0..<shape.rank { bytes.storeBytes(of: Int64(steps[axis]), toByteOffset: 8 * axis, as: Int64.self) }
    }
  }

  convenience init(_ tensor: Tensor<Scalar>, _ layout: Layout = .dense) {
    self.init(tensor.shape, layout)
    for (place, value) in zip(places, tensor.elements) { memory[place] = value }
  }

  deinit { memory.deallocate() }

  /// Where the elements are, in row-major order.
  private var places: [Int] {
    (0..<shape.count).map { index in
      var (rest, place) = (index, start)
      for axis in (0..<shape.rank).reversed() {
        place += rest % shape[axis] * steps[axis]
        rest /= shape[axis]
      }
      return place
    }
  }

  /// The elements.
  var tensor: Tensor<Scalar> { Tensor(shape, places.map { memory[$0] }) }

  /// Whether nothing was written beside the elements.
  var isUntouchedAround: Bool {
    let own = Set(places)
    return memory.indices.allSatisfy { own.contains($0) || memory[$0] == Self.guardNumber }
  }

  /// Calls with the array's address.
  func callAsFunction<Result>(_ body: (UnsafePointer<spectral_array>) throws -> Result) rethrows -> Result {
    try withUnsafePointer(to: array, body)
  }
}

/// The message of the last failure of this thread.
var message: String { String(cString: spectral_message()) }

/// Options as they are before anything is set.
func planOptions(_ change: (inout spectral_plan_options) -> Void = { _ in }) -> spectral_plan_options {
  var options = spectral_plan_options()
  _ = spectral_plan_defaults(&options)
  change(&options)
  return options
}

/// Options as they are before anything is set.
func convolveOptions(_ change: (inout spectral_convolve_options) -> Void = { _ in }) -> spectral_convolve_options {
  var options = spectral_convolve_options()
  _ = spectral_convolve_defaults(&options)
  change(&options)
  return options
}

/// A plan that is freed at the end.
final class CPlan {
  let handle: OpaquePointer
  /// The status of making it.
  init?(_ options: spectral_plan_options) {
    var handle: OpaquePointer?
    guard withUnsafePointer(to: options, { spectral_plan_create($0, &handle) }) == SPECTRAL_OK else { return nil }
    self.handle = handle!
  }

  deinit { _ = spectral_plan_free(handle) }
}
