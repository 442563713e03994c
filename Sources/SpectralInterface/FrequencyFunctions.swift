// Functions have the names of the header.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpectral
import SpectralConvolution
import SpectralCore
import SpectralImaging
import SpectralTransforms

@c @implementation
public func spectral_frequency_defaults(
  _ options: UnsafeMutablePointer<spectral_frequency_options>?
) -> spectral_status {
  report {
    let options = try requirePointer(options, "the options")
    var defaults = spectral_frequency_options()
    defaults.struct_size = UInt64(MemoryLayout<spectral_frequency_options>.size)
    (defaults.dtype, defaults.axes) = (Int32(SPECTRAL_FLOAT32), 2)
    (defaults.boundary, defaults.padding) = (Int32(SPECTRAL_BOUNDARY_REFLECT), Int64(SPECTRAL_PAD_AUTOMATIC))
    options.pointee = defaults
  }
}

@c @implementation
public func spectral_frequency_filter_create(
  _ options: UnsafePointer<spectral_frequency_options>?, _ expression: UnsafePointer<CChar>?,
  _ filter: UnsafeMutablePointer<OpaquePointer?>?
) -> spectral_status {
  report {
    let place = try newHandlePlace(filter, "filter")
    let options = try requireOptions(options, \.struct_size)
    let text = String(cString: try requirePointer(expression, "the expression"))
    let steps = try FilterLine(text).steps
    let made: any FrequencyPlan =
      try isDouble(options.dtype) ? FilterRun<Double>(steps, options) : FilterRun<Float>(steps, options)
    place.pointee = Handles.frequencyFilters.add(made)
  }
}

@c @implementation
public func spectral_frequency_filter_free(_ filter: OpaquePointer?) -> spectral_status {
  report { try Handles.frequencyFilters.remove(filter) }
}

@c @implementation
public func spectral_frequency_filter_apply(
  _ filter: OpaquePointer?, _ array: UnsafePointer<spectral_array>?, _ result: UnsafePointer<spectral_array>?
) -> spectral_status {
  report { try Handles.frequencyFilters.object(filter).apply(array, result) }
}

/// A line of filters as the command takes them.
struct FilterLine {
  let steps: [FilterStep]

  init(_ text: String) throws {
    var words = text.split(whereSeparator: \.isWhitespace).map(String.init)[...]
    var steps: [FilterStep] = []
    while let word = words.popFirst() {
      let parts = word.drop { $0 == "-" }.split(separator: "=", maxSplits: 1).map(String.init)
      let name = parts.first ?? ""
      var arguments = parts.count > 1 ? parts[1] : ""
      if parts.count == 1, name != "laplacian", let next = words.first {
        arguments = next
        words.removeFirst()
      }
      do { steps.append(try FilterStep(named: name, arguments: arguments)) } catch {
        throw FrequencyFilterError(FilterKind(rawValue: name) == nil ? "\(error)" : "\(name) \(error)")
      }
    }
    guard !steps.isEmpty else {
      throw FrequencyFilterError("the expression is empty: e.g. lowpass \(FilterKind.lowpass.example())")
    }
    self.steps = try FilterSteps(steps).steps
  }
}

/// A filter by frequency for arrays of one size, in either precision.
protocol FrequencyPlan: AnyObject, Sendable {
  func apply(_ array: ArrayPointer?, _ result: ArrayPointer?) throws
}

/// Filters for arrays of one size, one after the other.
final class FilterRun<Scalar: FourierScalar>: FrequencyPlan {
  private enum Step {
    case images(FilterPlan<Scalar>)
    case arrays(RankedFilterPlan<Scalar>)
    case homomorphic(HomomorphicFilter)
  }

  private let size: [Int]
  private let steps: [Step]
  private let boundary: Boundary
  private let padding: FilterPadding
  private let memoryLimit: Int?

  init(_ given: [FilterStep], _ options: spectral_frequency_options) throws {
    let axes = try axisCount(options.axes)
    let size = leading(axes, options.sizes)
    guard canBeCounted(size) else {
      throw InterfaceError.invalid(
        "the sizes are \(size.map(String.init).joined(separator: " x ")): they are at least 0, and their product can "
          + "be counted")
    }
    let boundary = try SpectralInterface.boundary(options.boundary, options.boundary_value)
    let limit = try SpectralInterface.memoryLimit(options.memory_limit)
    let padding: FilterPadding
    switch Int(options.padding) {
    case SPECTRAL_PAD_AUTOMATIC: padding = .automatic
    case SPECTRAL_PAD_FULL: padding = .full
    case 0...1 << 28: padding = .pixels(Int(options.padding))
    default: throw InterfaceError.invalid("the padding is \(options.padding): it may be 0 to \(1 << 28), or a constant")
    }
    (self.size, self.boundary, self.padding, memoryLimit) = (size, boundary, padding, limit)
    steps = try given.map { step in
      switch step {
      case .linear(let filter) where axes == 2:
        return .images(
          try FilterPlan(
            filter, height: size[0], width: size[1], boundary: boundary, padding: padding, memoryLimit: limit))
      case .linear(let filter):
        return .arrays(
          try RankedFilterPlan(filter, size: size, boundary: boundary, padding: padding, memoryLimit: limit))
      case .homomorphic(let filter):
        guard axes == 2 else { throw FrequencyFilterError("a homomorphic filter is for images, which have two axes") }
        return .homomorphic(filter)
      case .periodicNoise, .mask: throw FrequencyFilterError("masks and periodic noise are for the command only")
      }
    }
  }

  func apply(_ array: ArrayPointer?, _ result: ArrayPointer?) throws {
    let description = try ArrayDescription(array, "array", ArrayView<Scalar>.dtype)
    guard description.shape.extents.suffix(size.count).elementsEqual(size) else {
      throw InterfaceError(
        SPECTRAL_SHAPE, "array is \(description.shape), and its last axes must be \(TensorShape(size))")
    }
    let array = try ArrayView<Scalar>(description)
    let result = try SpectralInterface.result(result, "result", array.shape, apartFrom: [array])
    guard array.shape.count > 0 else { return }
    try compute(result) {
      var planes = array.tensor
      for step in steps {
        switch step {
        case .images(let plan): planes = try plan(planes)
        case .arrays(let plan): planes = try plan(planes)
        case .homomorphic(let filter):
          planes = try filter.scaled(to: planes)
            .apply(to: planes, boundary: boundary, padding: padding, memoryLimit: memoryLimit)
        }
      }
      return planes
    }
  }
}
