import AutomaticConvolution
import CSpectral
import SpectralConvolution
import SpectralCore
import SpectralTransforms

/// Filters that are used again and again, of either precision.
protocol HeldFilters: AnyObject, Sendable {}

/// Filters in memory of their own. Methods keep what they make of them as long as they are held.
final class Filters<Scalar: FourierScalar>: HeldFilters {
  let tensor: Tensor<Scalar>

  init(_ filter: ArrayDescription) throws(InterfaceError) {
    try requireRoom(for: filter.shape, Scalar.self)
    tensor = try ArrayView<Scalar>(filter).copied
  }
}

/// The tape of a training step of either precision.
protocol StepTape: AnyObject, Sendable {
  func gradients(_ gradient: ArrayPointer?, _ input: ArrayPointer?, _ filter: ArrayPointer?) throws
}

/// What a training step has kept.
///
/// Sendable because what the views point to is only read, which the caller has promised to leave alone.
final class Tape<Scalar: AnyMethodScalar>: StepTape, @unchecked Sendable {
  private let plan: Plan<Scalar>
  private let method: any ConvolutionMethod<Scalar>
  private let tape: ConvolutionTape<Scalar>
  private let input: ArrayView<Scalar>
  private let filter: ArrayView<Scalar>

  init(
    plan: Plan<Scalar>, method: any ConvolutionMethod<Scalar>, tape: ConvolutionTape<Scalar>, input: ArrayView<Scalar>,
    filter: ArrayView<Scalar>
  ) {
    (self.plan, self.method, self.tape, self.input, self.filter) = (plan, method, tape, input, filter)
  }

  func gradients(_ gradient: ArrayPointer?, _ input: ArrayPointer?, _ filter: ArrayPointer?) throws {
    let gradient = try ArrayView<Scalar>(gradient, "gradient", plan.outputShape)
    let operands = [gradient, self.input, self.filter]
    let inputResult = try input.map {
      try result($0, "input_gradient", plan.inputShape, apartFrom: operands)
    }
    let filterResult = try filter.map {
      try result($0, "filter_gradient", plan.filterShape, apartFrom: operands + [inputResult])
    }
    guard let filterResult else {
      guard let inputResult else { throw InterfaceError.invalid("neither gradient is wanted: give memory for one") }
      compute(inputResult) { method.inputGradient(gradient.tensor, tape.filter, tape.problem) }
      return
    }
    let memory = ResultMemory()
    // Of results of one shape it could not be told which one goes where.
    if plan.inputShape != plan.filterShape {
      inputResult?.offer(to: memory)
      filterResult.offer(to: memory)
    }
    let gradients = memory.whileOffered {
      method.gradients(gradient.tensor, tape, wantsInput: inputResult != nil)
    }
    if let inputResult { inputResult.store(gradients.input!) }
    filterResult.store(gradients.filter)
  }
}
