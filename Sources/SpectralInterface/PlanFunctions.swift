// Functions have the names of the header.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpectral
import SpectralConvolution
import SpectralCore

@c @implementation
public func spectral_plan_defaults(_ options: UnsafeMutablePointer<spectral_plan_options>?) -> spectral_status {
  report {
    let options = try requirePointer(options, "the options")
    var defaults = spectral_plan_options()
    defaults.struct_size = UInt64(MemoryLayout<spectral_plan_options>.size)
    (defaults.dtype, defaults.axes) = (Int32(SPECTRAL_FLOAT32), 2)
    (defaults.batch, defaults.input_channels, defaults.output_channels, defaults.groups) = (1, 1, 1, 1)
    (defaults.stride, defaults.dilation) = ((1, 1, 1), (1, 1, 1))
    options.pointee = defaults
  }
}

@c @implementation
public func spectral_plan_create(
  _ options: UnsafePointer<spectral_plan_options>?, _ plan: UnsafeMutablePointer<OpaquePointer?>?
) -> spectral_status {
  report {
    let place = try newHandlePlace(plan, "plan")
    let options = try requireOptions(options, \.struct_size)
    let problem = try problem(options)
    let method = try MethodOptions(
      method: options.method, solver: options.solver, transforms: options.transforms, planning: options.planning,
      memoryLimit: options.memory_limit)
    let made: any PlanPasses =
      try isDouble(options.dtype) ? Plan<Double>(problem, method) : Plan<Float>(problem, method)
    place.pointee = Handles.plans.add(made)
  }
}

/// Whether a type of elements is the wider one of the two that plans have.
func isDouble(_ dtype: Int32) throws(InterfaceError) -> Bool {
  try constant(dtype, "dtype of a plan", [SPECTRAL_FLOAT32: false, SPECTRAL_FLOAT64: true])
}

private func problem(_ options: spectral_plan_options) throws -> ConvolutionProblem {
  let axes = try axisCount(options.axes)
  let (groups, channels) = (Int(options.groups), Int(options.input_channels))
  func shape(_ name: String, _ extents: [Int]) throws(InterfaceError) -> TensorShape {
    guard canBeCounted(extents) else {
      let text = extents.map(String.init).joined(separator: " x ")
      throw .invalid("the \(name) would be \(text): sizes are at least 0, and their product can be counted")
    }
    return TensorShape(extents)
  }
  guard groups > 0 else { throw InterfaceError.invalid("there are \(groups) groups: there must be at least one") }
  guard channels > 0, channels % groups == 0 else {
    throw InterfaceError(SPECTRAL_SHAPE, "\(channels) input channels do not fall into \(groups) equal groups")
  }
  let sides = zip(leading(axes, options.padding_before), leading(axes, options.padding_after))
  let padding: Padding = try constant(
    options.padding, "padding",
    [
      SPECTRAL_PADDING_SIDES: .sides(sides.map { Padding.Sides(before: $0, after: $1) }),
      SPECTRAL_PADDING_VALID: .valid, SPECTRAL_PADDING_SAME: .same, SPECTRAL_PADDING_FULL: .full,
    ])
  let geometry = ConvolutionGeometry(
    stride: AxisValues(leading(axes, options.stride)), dilation: AxisValues(leading(axes, options.dilation)),
    padding: padding, groups: groups, boundary: try boundary(options.boundary, options.boundary_value),
    operation: try operation(options.operation))
  return try ConvolutionProblem(
    geometry, input: shape("input", [Int(options.batch), channels] + leading(axes, options.input)),
    filter: shape("filter", [Int(options.output_channels), channels / groups] + leading(axes, options.kernel)))
}

@c @implementation
public func spectral_plan_free(_ plan: OpaquePointer?) -> spectral_status {
  report { try Handles.plans.remove(plan) }
}

@c @implementation
public func spectral_plan_output_sizes(
  _ plan: OpaquePointer?, _ sizes: UnsafeMutablePointer<Int64>?
) -> spectral_status {
  report {
    let problem = try Handles.plans.object(plan).problem
    let sizes = try requirePointer(sizes, "the place for sizes")
    for axis in 0..<SPECTRAL_MAX_AXES {
      sizes[axis] = axis < problem.rank ? Int64(problem.axes[axis].output) : 1
    }
  }
}

@c @implementation
public func spectral_plan_memory(
  _ plan: OpaquePointer?, _ pass: Int32, _ bytes: UnsafeMutablePointer<Int64>?
) -> spectral_status {
  report {
    let plan = try Handles.plans.object(plan)
    try requirePointer(bytes, "the place for bytes").pointee = Int64(try plan.memory(PlanPass(pass)))
  }
}

@c @implementation
public func spectral_plan_describe(
  _ plan: OpaquePointer?, _ pass: Int32, _ text: UnsafeMutablePointer<CChar>?, _ capacity: Int
) -> spectral_status {
  report {
    let plan = try Handles.plans.object(plan)
    let text = try requirePointer(text, "the place for text")
    guard capacity > 0 else { throw InterfaceError.invalid("the text has room for \(capacity) bytes: give at least 1") }
    let bytes = try plan.description(PlanPass(pass)).utf8.prefix(capacity - 1)
    for (index, byte) in bytes.enumerated() { text[index] = CChar(bitPattern: byte) }
    text[bytes.count] = 0
  }
}

@c @implementation
public func spectral_forward(
  _ plan: OpaquePointer?, _ input: UnsafePointer<spectral_array>?, _ filter: UnsafePointer<spectral_array>?,
  _ bias: UnsafePointer<spectral_array>?, _ activation: Int32, _ output: UnsafePointer<spectral_array>?
) -> spectral_status {
  report { try Handles.plans.object(plan).forward(input, filter, bias, activation, output) }
}

@c @implementation
public func spectral_input_gradient(
  _ plan: OpaquePointer?, _ gradient: UnsafePointer<spectral_array>?, _ filter: UnsafePointer<spectral_array>?,
  _ bias: UnsafePointer<spectral_array>?, _ activation: Int32, _ inputGradient: UnsafePointer<spectral_array>?
) -> spectral_status {
  report { try Handles.plans.object(plan).inputGradient(gradient, filter, bias, activation, inputGradient) }
}

@c @implementation
public func spectral_filter_gradient(
  _ plan: OpaquePointer?, _ gradient: UnsafePointer<spectral_array>?, _ input: UnsafePointer<spectral_array>?,
  _ filterGradient: UnsafePointer<spectral_array>?
) -> spectral_status {
  report { try Handles.plans.object(plan).filterGradient(gradient, input, filterGradient) }
}

@c @implementation
public func spectral_bias_gradient(
  _ gradient: UnsafePointer<spectral_array>?, _ biasGradient: UnsafePointer<spectral_array>?
) -> spectral_status {
  report {
    let description = try ArrayDescription(gradient, "gradient")
    guard description.rank >= 2 else {
      throw InterfaceError(SPECTRAL_SHAPE, "gradient is \(description.shape), and must have channels: [N, C, ...]")
    }
    func sum<Scalar: TensorScalar>(_: Scalar.Type) throws(InterfaceError) {
      let view = try ArrayView<Scalar>(description)
      let result = try result(biasGradient, "bias_gradient", [description.shape[1]], apartFrom: [view])
      result.store(view.tensor.sum(over: (0..<description.rank).filter { $0 != 1 }))
    }
    if description.dtype == SPECTRAL_FLOAT64 {
      try sum(Double.self)
    } else {
      guard description.dtype == SPECTRAL_FLOAT32 else {
        throw InterfaceError.invalid("gradient is complex, and must be of float32 or float64")
      }
      try sum(Float.self)
    }
  }
}

@c @implementation
public func spectral_filters_create(
  _ filter: UnsafePointer<spectral_array>?, _ filters: UnsafeMutablePointer<OpaquePointer?>?
) -> spectral_status {
  report {
    let place = try newHandlePlace(filters, "filters")
    let description = try ArrayDescription(filter, "filter")
    let made: any HeldFilters
    switch description.dtype {
    case SPECTRAL_FLOAT32: made = try Filters<Float>(description)
    case SPECTRAL_FLOAT64: made = try Filters<Double>(description)
    default: throw InterfaceError.invalid("filter is complex, and must be of float32 or float64")
    }
    place.pointee = Handles.filters.add(made)
  }
}

@c @implementation
public func spectral_filters_free(_ filters: OpaquePointer?) -> spectral_status {
  report { try Handles.filters.remove(filters) }
}

@c @implementation
public func spectral_forward_prepared(
  _ plan: OpaquePointer?, _ input: UnsafePointer<spectral_array>?, _ filters: OpaquePointer?,
  _ bias: UnsafePointer<spectral_array>?, _ activation: Int32, _ output: UnsafePointer<spectral_array>?
) -> spectral_status {
  report {
    try Handles.plans.object(plan).forward(input, Handles.filters.object(filters), bias, activation, output)
  }
}

@c @implementation
public func spectral_record(
  _ plan: OpaquePointer?, _ input: UnsafePointer<spectral_array>?, _ filter: UnsafePointer<spectral_array>?,
  _ bias: UnsafePointer<spectral_array>?, _ activation: Int32, _ output: UnsafePointer<spectral_array>?,
  _ tape: UnsafeMutablePointer<OpaquePointer?>?
) -> spectral_status {
  report {
    let place = try newHandlePlace(tape, "tape")
    place.pointee = Handles.tapes.add(
      try Handles.plans.object(plan).record(input, filter, bias, activation, output))
  }
}

@c @implementation
public func spectral_gradients(
  _ tape: OpaquePointer?, _ gradient: UnsafePointer<spectral_array>?,
  _ inputGradient: UnsafePointer<spectral_array>?, _ filterGradient: UnsafePointer<spectral_array>?
) -> spectral_status {
  report { try Handles.tapes.object(tape).gradients(gradient, inputGradient, filterGradient) }
}

@c @implementation
public func spectral_tape_free(_ tape: OpaquePointer?) -> spectral_status {
  report { try Handles.tapes.remove(tape) }
}
