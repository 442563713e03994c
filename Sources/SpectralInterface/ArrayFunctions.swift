// Functions have the names of the header.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpectral
import SpectralCore

private func defaultOptions() -> spectral_convolve_options {
  var defaults = spectral_convolve_options()
  defaults.struct_size = UInt64(MemoryLayout<spectral_convolve_options>.size)
  defaults.operation = Int32(SPECTRAL_CONVOLUTION)
  return defaults
}

@c @implementation
public func spectral_convolve_defaults(_ options: UnsafeMutablePointer<spectral_convolve_options>?) -> spectral_status {
  report { try requirePointer(options, "the options").pointee = defaultOptions() }
}

private func checkedOptions(
  _ options: UnsafePointer<spectral_convolve_options>?
) throws(InterfaceError) -> spectral_convolve_options {
  guard let options else { return defaultOptions() }
  return try requireOptions(options, \.struct_size)
}

@c @implementation
public func spectral_convolve(
  _ options: UnsafePointer<spectral_convolve_options>?, _ array: UnsafePointer<spectral_array>?,
  _ kernel: UnsafePointer<spectral_array>?, _ result: UnsafePointer<spectral_array>?
) -> spectral_status {
  report {
    let (array, kernel) = try (ArrayDescription(array, "array"), ArrayDescription(kernel, "kernel"))
    try ArrayPlans.plan(ArrayProblem(checkedOptions(options), array, kernel)).run(array, kernel, result)
  }
}

@c @implementation
public func spectral_convolve_sizes(
  _ options: UnsafePointer<spectral_convolve_options>?, _ array: UnsafePointer<spectral_array>?,
  _ kernel: UnsafePointer<spectral_array>?, _ sizes: UnsafeMutablePointer<Int64>?
) -> spectral_status {
  report {
    let sizes = try requirePointer(sizes, "the place for sizes")
    let (array, kernel) = try (ArrayDescription(array, "array"), ArrayDescription(kernel, "kernel"))
    let problem = try ArrayProblem(checkedOptions(options), array, kernel)
    for (axis, size) in (problem.batch + (try problem.problem().axes.map(\.output))).enumerated() {
      sizes[axis] = Int64(size)
    }
  }
}
