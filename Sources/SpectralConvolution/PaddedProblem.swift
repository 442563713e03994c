import SpectralCore

/// A problem with a number of its own beyond the border, as one whose windows stay inside a padded copy.
package struct PaddedProblem<Scalar: TensorScalar>: Sendable {
  /// The problem over the padded array: no padding, so no boundary.
  package let inner: ConvolutionProblem
  private let problem: ConvolutionProblem

  /// The problem over padded arrays; nil if the boundary is none of a number of its own.
  package init?(_ problem: ConvolutionProblem) {
    guard problem.geometry.boundary.isConstant else { return nil }
    self.problem = problem
    var geometry = problem.geometry
    (geometry.padding, geometry.boundary) = (.valid, .zero)
    let extents = [problem.batch, problem.inputChannels] + problem.axes.map(\.padded)
    do {
      guard TensorShape.count(extents) != nil else {
        throw ConvolutionError("the padded input would have more elements than can be counted")
      }
      inner = try ConvolutionProblem(geometry, input: TensorShape(extents), filter: problem.filterShape)
    } catch { preconditionFailure("\(error)") }
  }

  /// The bytes of a padded copy.
  package var copyBytes: Int { Scratch<Scalar>.byteCount(inner.inputShape.count) }

  /// The result of a pass, which `method` computes of the inner problem.
  package func run(
    _ pass: ConvolutionPass, _ operands: PassOperands<Scalar>,
    by method: (ConvolutionProblem, PassOperands<Scalar>) -> Tensor<Scalar>
  ) -> Tensor<Scalar> {
    switch pass {
    case .forward:
      method(
        inner,
        PassOperands(
          padded(operands.first), operands.second, bias: operands.bias, activation: operands.activation,
          cache: operands.cache))
    case .inputGradient: cropped(method(inner, operands))
    case .filterGradient: method(inner, PassOperands(operands.first, padded(operands.second)))
    }
  }

  /// The input with the number around it.
  private func padded(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
    let value = Scalar(problem.geometry.boundary.value)
    return input.withUnsafeElements { x in
      Tensor(inner.inputShape) { target in
        target.initialize(repeating: value)
        guard !x.isEmpty else { return }
        nonisolated(unsafe) let (x, target) = (x.baseAddress!, target.baseAddress!)
        forEachRow { row, place in
          (target + place).update(from: x + row * problem.horizontal.input, count: problem.horizontal.input)
        }
      }
    }
  }

  /// The adjoint: of a gradient by the padded array the part that belongs to the input.
  private func cropped(_ gradient: Tensor<Scalar>) -> Tensor<Scalar> {
    gradient.withUnsafeElements { g in
      Tensor(result: problem.inputShape) { target in
        guard !target.isEmpty else { return }
        nonisolated(unsafe) let (g, target) = (g.baseAddress!, target.baseAddress!)
        forEachRow { row, place in
          (target + row * problem.horizontal.input).initialize(from: g + place, count: problem.horizontal.input)
        }
      }
    }
  }

  /// Calls `body` with the number of each row of the input and where it begins in the padded array.
  private func forEachRow(_ body: (_ row: Int, _ place: Int) -> Void) {
    let (depth, vertical, horizontal) = (problem.depth, problem.vertical, problem.horizontal)
    let planes = problem.batch * problem.inputChannels
    Parallel.forEach(planes * depth.input * vertical.input, grain: max(1, (1 << 13) / horizontal.padded)) { row in
      let (slice, line) = row.quotientAndRemainder(dividingBy: vertical.input)
      let (plane, level) = slice.quotientAndRemainder(dividingBy: depth.input)
      let paddedSlice = plane * depth.padded + level + depth.paddingBefore
      body(
        row,
        (paddedSlice * vertical.padded + line + vertical.paddingBefore) * horizontal.padded + horizontal.paddingBefore)
    }
  }
}
