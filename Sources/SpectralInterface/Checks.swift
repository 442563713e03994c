import AutomaticConvolution
import CSpectral
import SpectralConvolution
import SpectralCore
import SpectralTransforms

/// A pointer that is there, and aligned.
func requirePointer<Pointee>(
  _ pointer: UnsafePointer<Pointee>?, _ name: String
) throws(InterfaceError) -> UnsafePointer<Pointee> {
  guard let pointer else { throw .invalid("\(name) must be given: the pointer is null") }
  guard Int(bitPattern: pointer) % MemoryLayout<Pointee>.alignment == 0 else {
    throw .invalid("\(name) is not aligned: its address must be a multiple of \(MemoryLayout<Pointee>.alignment)")
  }
  return pointer
}

/// A pointer that is there, and aligned.
func requirePointer<Pointee>(
  _ pointer: UnsafeMutablePointer<Pointee>?, _ name: String
) throws(InterfaceError) -> UnsafeMutablePointer<Pointee> {
  UnsafeMutablePointer(mutating: try requirePointer(UnsafePointer(pointer), name))
}

/// Options whose `struct_size` is that of this header's.
func requireOptions<Options>(
  _ options: UnsafePointer<Options>?, _ size: KeyPath<Options, UInt64>
) throws(InterfaceError) -> Options {
  let options = try requirePointer(options, "the options")
  let own = UInt64(MemoryLayout<Options>.size)
  guard options.pointee[keyPath: size] == own else {
    throw .invalid(
      "the options' struct_size is \(options.pointee[keyPath: size]) and must be \(own): begin with the defaults, and "
        + "compile with the header of interface \(SPECTRAL_INTERFACE)")
  }
  return options.pointee
}

/// The first numbers of a C array of three.
func leading(_ count: Int, _ numbers: (Int64, Int64, Int64)) -> [Int] {
  Array([Int(numbers.0), Int(numbers.1), Int(numbers.2)].prefix(count))
}

/// The value of a constant of the header.
func constant<Value>(_ number: Int32, _ name: String, _ values: [Int: Value]) throws(InterfaceError) -> Value {
  guard let value = values[Int(number)] else {
    throw .invalid(
      "\(number) is no \(name): take one of \(values.keys.sorted().map(String.init).joined(separator: ", "))")
  }
  return value
}

// The constants, as tables that are made once: a call on a small array takes no longer than making one of them.
private let boundaries: [Int: Boundary] = [
  SPECTRAL_BOUNDARY_ZERO: .zero, SPECTRAL_BOUNDARY_REFLECT: .reflect, SPECTRAL_BOUNDARY_MIRROR: .mirror,
  SPECTRAL_BOUNDARY_REPLICATE: .replicate, SPECTRAL_BOUNDARY_CIRCULAR: .circular,
]
private let operations: [Int: ConvolutionOperation] = [
  SPECTRAL_CORRELATION: .correlation, SPECTRAL_CONVOLUTION: .convolution,
]
private let choices: [Int: ConvolutionChoice] = [
  SPECTRAL_AUTOMATIC: .automatic, SPECTRAL_DIRECT: .direct, SPECTRAL_FFT: .fft,
]
private let providers: [Int: TransformProvider] = [
  SPECTRAL_TRANSFORMS_FASTEST: .fastest, SPECTRAL_TRANSFORMS_FFTW: .fftw, SPECTRAL_TRANSFORMS_BUILT_IN: .builtIn,
]
private let plannings: [Int: ConvolutionPlanning] = [SPECTRAL_ESTIMATE: .estimated, SPECTRAL_MEASURE: .measured]

func boundary(_ number: Int32, _ value: Double) throws(InterfaceError) -> Boundary {
  if Int(number) == SPECTRAL_BOUNDARY_CONSTANT {
    guard value.isFinite else { throw .invalid("the boundary_value is \(value): it must be finite") }
    return .constant(value)
  }
  return try constant(number, "boundary", boundaries)
}

func operation(_ number: Int32) throws(InterfaceError) -> ConvolutionOperation {
  try constant(number, "operation", operations)
}

func activation(_ number: Int32) throws(InterfaceError) -> ConvolutionActivation {
  switch Int(number) {
  case SPECTRAL_ACTIVATION_NONE: return .none
  case SPECTRAL_ACTIVATION_RELU: return .relu
  default: throw .invalid("\(number) is no activation: take SPECTRAL_ACTIVATION_NONE or SPECTRAL_ACTIVATION_RELU")
  }
}

func axisCount(_ number: Int32) throws(InterfaceError) -> Int {
  guard ConvolutionProblem.ranks.contains(Int(number)) else {
    throw .invalid("\(number) axes cannot be convolved: there may be 1, 2 or 3")
  }
  return Int(number)
}

/// A memory limit; 0 is none.
func memoryLimit(_ bytes: Int64) throws(InterfaceError) -> Int? {
  guard bytes >= 0 else {
    throw .invalid("the memory_limit is \(bytes) bytes: it must be at least 0, which is no limit")
  }
  return bytes == 0 ? nil : Int(bytes)
}

/// How a convolution is computed.
struct MethodOptions: Hashable {
  let choice: ConvolutionChoice
  let solver: String?
  let transforms: TransformProvider
  let planning: ConvolutionPlanning
  let memoryLimit: Int?

  init(
    method: Int32, solver: UnsafePointer<CChar>?, transforms: Int32, planning: Int32 = Int32(SPECTRAL_ESTIMATE),
    memoryLimit bytes: Int64
  ) throws(InterfaceError) {
    choice = try constant(method, "method", choices)
    self.transforms = try constant(transforms, "provider of transforms", providers)
    self.planning = try constant(planning, "planning", plannings)
    memoryLimit = try SpectralInterface.memoryLimit(bytes)
    self.solver = solver.map { String(cString: $0) }
    if let name = self.solver {
      do { try ConvolutionSolvers.check(name) } catch { throw .invalid(error.description) }
    }
  }

  func makeMethod<Scalar: AnyMethodScalar>(for _: Scalar.Type) throws(InterfaceError) -> any ConvolutionMethod<Scalar> {
    guard let solver else {
      return choice.method(
        deterministic: planning == .estimated, memoryLimit: memoryLimit, transforms: transforms, planning: planning)
    }
    do {
      return try ConvolutionSolvers.method(named: solver, memoryLimit: memoryLimit, transforms: transforms)
    } catch { throw InterfaceError(error) }
  }
}
