import CFFTW
import SpectralCore

/// A scalar whose transforms FFTW computes: hooks to `fftwf_...` for `Float` and `fftw_...` for `Double`.
public protocol FourierScalar: TensorScalar {
  /// Makes a plan; nil if FFTW cannot. Not thread-safe: ``TransformPlan`` holds the planner's lock.
  static func makePlan(
    _ kind: TransformKind, _ layout: TransformLayout, _ input: UnsafeMutablePointer<Self>,
    _ output: UnsafeMutablePointer<Self>, _ flags: UInt32
  ) -> OpaquePointer?
  /// Executes a plan on arrays of the layout and alignment that it was made for. Thread-safe.
  static func execute(
    _ kind: TransformKind, _ plan: OpaquePointer, _ input: UnsafeMutablePointer<Self>,
    _ output: UnsafeMutablePointer<Self>)
  /// Limits the time that planning by measurement may take, in seconds. Not thread-safe.
  static func setPlanningTimeLimit(_ seconds: Double)
  /// Everything the planner has learned, as text. Not thread-safe.
  static func exportWisdom() -> String?
  /// Adds to what the planner knows. Not thread-safe; may abort the process if the text was tampered with.
  static func importWisdom(_ text: String) -> Bool
  /// Makes the planner forget what it has learned. Not thread-safe.
  static func forgetWisdom()
  /// The word that names the type in files.
  static var precisionName: String { get }
}

/// What a plan does. Complex arrays are interleaved pairs (real, imaginary).
public enum TransformKind: Hashable, Sendable {
  /// Real to the non-redundant half of a complex spectrum.
  case realToComplex
  /// The inverse, unnormalised; it destroys its input.
  case complexToReal
  /// Complex to complex, exponent -i.
  case complexForward
  /// Complex to complex, exponent +i, unnormalised.
  case complexBackward
}

/// Which elements a plan reads and writes: FFTW's 64-bit guru interface.
public struct TransformLayout: Hashable, Sendable {
  /// One loop: how many steps, and how far input and output move at each, counted in elements of their own type.
  public struct Dimension: Hashable, Sendable {
    /// Steps.
    public var count: Int
    /// Distance between neighbours in the input.
    public var inputStride: Int
    /// Distance between neighbours in the output.
    public var outputStride: Int

    /// A loop.
    public init(_ count: Int, _ inputStride: Int, _ outputStride: Int) {
      self.count = count
      self.inputStride = inputStride
      self.outputStride = outputStride
    }

    var fftw: fftw_iodim64 { fftw_iodim64(n: count, is: inputStride, os: outputStride) }
  }

  /// The dimensions that are transformed, slowest first; counts are of the real signal.
  public var transformed: [Dimension]
  /// The loops around the transform.
  public var repeated: [Dimension]

  /// A layout.
  public init(transformed: [Dimension], repeated: [Dimension]) {
    self.transformed = transformed
    self.repeated = repeated
  }

  /// Elements from the first to the last that is read and written, inclusive.
  func extents(_ kind: TransformKind) -> (input: Int, output: Int) {
    var (input, output) = (1, 1)
    for (index, dimension) in transformed.enumerated() {
      let half = index == transformed.count - 1 ? dimension.count / 2 + 1 : dimension.count
      let inputCount = kind == .complexToReal ? half : dimension.count
      let outputCount = kind == .realToComplex ? half : dimension.count
      input += (inputCount - 1) * dimension.inputStride
      output += (outputCount - 1) * dimension.outputStride
    }
    for dimension in repeated {
      input += (dimension.count - 1) * dimension.inputStride
      output += (dimension.count - 1) * dimension.outputStride
    }
    return (kind == .realToComplex ? input : 2 * input, kind == .complexToReal ? output : 2 * output)
  }
}

extension Float: FourierScalar {
  public static func makePlan(
    _ kind: TransformKind, _ layout: TransformLayout, _ input: UnsafeMutablePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, _ flags: UInt32
  ) -> OpaquePointer? {
    let (dimensions, loops) = (layout.transformed.map(\.fftw), layout.repeated.map(\.fftw))
    let (rank, depth) = (Int32(dimensions.count), Int32(loops.count))
    func pairs(_ p: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<fftwf_complex> {
      UnsafeMutableRawPointer(p).assumingMemoryBound(to: fftwf_complex.self)
    }
    return switch kind {
    case .realToComplex: fftwf_plan_guru64_dft_r2c(rank, dimensions, depth, loops, input, pairs(output), flags)
    case .complexToReal: fftwf_plan_guru64_dft_c2r(rank, dimensions, depth, loops, pairs(input), output, flags)
    case .complexForward:
      fftwf_plan_guru64_dft(rank, dimensions, depth, loops, pairs(input), pairs(output), FFTW_FORWARD, flags)
    case .complexBackward:
      fftwf_plan_guru64_dft(rank, dimensions, depth, loops, pairs(input), pairs(output), FFTW_BACKWARD, flags)
    }
  }

  @inline(__always)
  public static func execute(
    _ kind: TransformKind, _ plan: OpaquePointer, _ input: UnsafeMutablePointer<Float>,
    _ output: UnsafeMutablePointer<Float>
  ) {
    func pairs(_ p: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<fftwf_complex> {
      UnsafeMutableRawPointer(p).assumingMemoryBound(to: fftwf_complex.self)
    }
    switch kind {
    case .realToComplex: fftwf_execute_dft_r2c(plan, input, pairs(output))
    case .complexToReal: fftwf_execute_dft_c2r(plan, pairs(input), output)
    case .complexForward, .complexBackward: fftwf_execute_dft(plan, pairs(input), pairs(output))
    }
  }

  public static func forgetWisdom() { fftwf_forget_wisdom() }
  public static func setPlanningTimeLimit(_ seconds: Double) { fftwf_set_timelimit(seconds) }
  public static func importWisdom(_ text: String) -> Bool { fftwf_import_wisdom_from_string(text) != 0 }
  public static func exportWisdom() -> String? {
    guard let text = fftwf_export_wisdom_to_string() else { return nil }
    defer { fftwf_free(text) }
    return String(cString: text)
  }
  public static var precisionName: String { "float32" }
}

extension Double: FourierScalar {
  public static func makePlan(
    _ kind: TransformKind, _ layout: TransformLayout, _ input: UnsafeMutablePointer<Double>,
    _ output: UnsafeMutablePointer<Double>, _ flags: UInt32
  ) -> OpaquePointer? {
    let (dimensions, loops) = (layout.transformed.map(\.fftw), layout.repeated.map(\.fftw))
    let (rank, depth) = (Int32(dimensions.count), Int32(loops.count))
    func pairs(_ p: UnsafeMutablePointer<Double>) -> UnsafeMutablePointer<fftw_complex> {
      UnsafeMutableRawPointer(p).assumingMemoryBound(to: fftw_complex.self)
    }
    return switch kind {
    case .realToComplex: fftw_plan_guru64_dft_r2c(rank, dimensions, depth, loops, input, pairs(output), flags)
    case .complexToReal: fftw_plan_guru64_dft_c2r(rank, dimensions, depth, loops, pairs(input), output, flags)
    case .complexForward:
      fftw_plan_guru64_dft(rank, dimensions, depth, loops, pairs(input), pairs(output), FFTW_FORWARD, flags)
    case .complexBackward:
      fftw_plan_guru64_dft(rank, dimensions, depth, loops, pairs(input), pairs(output), FFTW_BACKWARD, flags)
    }
  }

  @inline(__always)
  public static func execute(
    _ kind: TransformKind, _ plan: OpaquePointer, _ input: UnsafeMutablePointer<Double>,
    _ output: UnsafeMutablePointer<Double>
  ) {
    func pairs(_ p: UnsafeMutablePointer<Double>) -> UnsafeMutablePointer<fftw_complex> {
      UnsafeMutableRawPointer(p).assumingMemoryBound(to: fftw_complex.self)
    }
    switch kind {
    case .realToComplex: fftw_execute_dft_r2c(plan, input, pairs(output))
    case .complexToReal: fftw_execute_dft_c2r(plan, pairs(input), output)
    case .complexForward, .complexBackward: fftw_execute_dft(plan, pairs(input), pairs(output))
    }
  }

  public static func forgetWisdom() { fftw_forget_wisdom() }
  public static func setPlanningTimeLimit(_ seconds: Double) { fftw_set_timelimit(seconds) }
  public static func importWisdom(_ text: String) -> Bool { fftw_import_wisdom_from_string(text) != 0 }
  public static func exportWisdom() -> String? {
    guard let text = fftw_export_wisdom_to_string() else { return nil }
    defer { fftw_free(text) }
    return String(cString: text)
  }
  public static var precisionName: String { "float64" }
}
