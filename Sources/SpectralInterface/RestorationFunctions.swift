// Functions have the names of the header.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpectral
import SpectralConvolution
import SpectralCore
import SpectralImaging
import SpectralTransforms

private func defaultWiener() -> spectral_wiener_options {
  var defaults = spectral_wiener_options()
  defaults.struct_size = UInt64(MemoryLayout<spectral_wiener_options>.size)
  (defaults.boundary, defaults.border_steps) = (Int32(SPECTRAL_BOUNDARY_REFLECT), 300)
  return defaults
}

@c @implementation
public func spectral_wiener_defaults(_ options: UnsafeMutablePointer<spectral_wiener_options>?) -> spectral_status {
  report { try requirePointer(options, "the options").pointee = defaultWiener() }
}

@c @implementation
public func spectral_wiener(
  _ options: UnsafePointer<spectral_wiener_options>?, _ images: UnsafePointer<spectral_array>?,
  _ pointSpread: UnsafePointer<spectral_array>?, _ result: UnsafePointer<spectral_array>?
) -> spectral_status {
  report {
    let options = try options.map { try requireOptions($0, \.struct_size) } ?? defaultWiener()
    guard (0...1 << 20).contains(options.border_steps) else {
      throw InterfaceError.invalid("there are \(options.border_steps) border_steps: there may be 0 to \(1 << 20)")
    }
    let noises = [SPECTRAL_NOISE_ESTIMATED: 0, SPECTRAL_NOISE_DEVIATION: 1, SPECTRAL_NOISE_RATIO: 2]
    let kind = try constant(options.noise_kind, "kind of noise", noises)
    let boundary = try boundary(options.boundary, options.boundary_value)
    let limit = try memoryLimit(options.memory_limit)
    let restoration = Restoration(images, pointSpread, result, options.progress, options.progress_context)
    func run<Scalar: FourierScalar>(_: Scalar.Type) throws {
      try restoration.run { (pointSpread: PointSpread<Scalar>) in
        try WienerFilter(
          pointSpread, noise: [.estimated, .deviation(options.noise), .ratio(options.noise)][kind], boundary: boundary,
          borderSteps: Int(options.border_steps), memoryLimit: limit)
      }
    }
    try restoration.isDouble ? run(Double.self) : run(Float.self)
  }
}

private func defaultRichardsonLucy() -> spectral_richardson_lucy_options {
  var defaults = spectral_richardson_lucy_options()
  defaults.struct_size = UInt64(MemoryLayout<spectral_richardson_lucy_options>.size)
  (defaults.boundary, defaults.iterations) = (Int32(SPECTRAL_BOUNDARY_REFLECT), 30)
  return defaults
}

@c @implementation
public func spectral_richardson_lucy_defaults(
  _ options: UnsafeMutablePointer<spectral_richardson_lucy_options>?
) -> spectral_status {
  report { try requirePointer(options, "the options").pointee = defaultRichardsonLucy() }
}

@c @implementation
public func spectral_richardson_lucy(
  _ options: UnsafePointer<spectral_richardson_lucy_options>?, _ images: UnsafePointer<spectral_array>?,
  _ pointSpread: UnsafePointer<spectral_array>?, _ result: UnsafePointer<spectral_array>?
) -> spectral_status {
  report {
    let options = try options.map { try requireOptions($0, \.struct_size) } ?? defaultRichardsonLucy()
    let boundary = try boundary(options.boundary, 0)
    let limit = try memoryLimit(options.memory_limit)
    let restoration = Restoration(images, pointSpread, result, options.progress, options.progress_context)
    func run<Scalar: FourierScalar>(_: Scalar.Type) throws {
      try restoration.run { (pointSpread: PointSpread<Scalar>) in
        try RichardsonLucy(
          pointSpread, iterations: Int(options.iterations), damping: options.damping == 0 ? nil : options.damping,
          boundary: boundary, memoryLimit: limit)
      }
    }
    try restoration.isDouble ? run(Double.self) : run(Float.self)
  }
}

/// What both methods have in common: images, the blur's point-spread function, and a result.
private struct Restoration {
  let images: ArrayPointer?
  let pointSpread: ArrayPointer?
  let result: ArrayPointer?
  let progress: spectral_progress?
  let context: UnsafeMutableRawPointer?

  init(
    _ images: ArrayPointer?, _ pointSpread: ArrayPointer?, _ result: ArrayPointer?, _ progress: spectral_progress?,
    _ context: UnsafeMutableRawPointer?
  ) {
    (self.images, self.pointSpread, self.result) = (images, pointSpread, result)
    (self.progress, self.context) = (progress, context)
  }

  var isDouble: Bool {
    get throws { try SpectralInterface.isDouble(Int32(ArrayDescription(images, "images").dtype)) }
  }

  func run<Method: Deconvolution>(_ method: (PointSpread<Method.Scalar>) throws -> Method) throws {
    let description = try ArrayDescription(images, "images", ArrayView<Method.Scalar>.dtype)
    guard description.rank >= 2 else {
      throw InterfaceError(SPECTRAL_SHAPE, "images is \(description.shape), and must be [..., H, W]")
    }
    let images = try ArrayView<Method.Scalar>(description)
    let taps = try ArrayDescription(pointSpread, "point_spread", ArrayView<Method.Scalar>.dtype)
    guard taps.rank == 2, taps.shape.count > 0 else {
      throw InterfaceError(SPECTRAL_SHAPE, "point_spread is \(taps.shape), and must be [kH, kW], and not empty")
    }
    let kernel = try ArrayView<Method.Scalar>(taps)
    let result = try SpectralInterface.result(result, "result", images.shape, apartFrom: [images, kernel])
    let restoration = try method(PointSpread(kernel.tensor))
    guard images.shape.count > 0 else { return }
    guard taps.shape[0] <= images.shape[-2], taps.shape[1] <= images.shape[-1] else {
      throw InterfaceError(
        SPECTRAL_SHAPE, "point_spread is \(taps.shape), larger than the images, which are \(images.shape)")
    }
    let image = Extent(height: images.shape[-2], width: images.shape[-1])
    let bytes = MemoryEstimate(bytes: restoration.estimatedBytes(image: image))
    try MemoryBudget(limit: restoration.memoryLimit).require(
      bytes, for: "restoring images of \(image)", remedy: "restore smaller ones")
    try compute(result) {
      try restoration(images.tensor) { step in
        guard let progress else { return }
        // Outside of the call: the function may call the interface, and wait for another thread that forks.
        sk_end_call()
        defer { sk_begin_call() }
        guard progress(step.fraction, context) == 0 else {
          throw InterfaceError(SPECTRAL_STOPPED, "stopped by the progress function")
        }
      }
    }
  }
}
