import SpectralNetworks
import SpectralCore

/// Compares a layer's gradients with central differences in Double: the input's and every parameter's, element by
/// element, of the loss `<r, layer(x)>` with random r.
///
/// With a step of 1e-6 the truncation error is of the order 1e-12 and rounding gives about 1e-10 of the loss, so the
/// promised `atol 1e-5, rtol 1e-3` leaves only wrong formulas outside.
///
/// It also checks what else must hold of every layer: that the shapes are the ones it states, that `forward` gives the
/// same twice, that `parameterGradient` agrees with `backward`, and that the layer, its parameters and their gradient
/// are visited in one order under one set of names.
///
/// - Parameters:
///   - input: Where to take the gradient; random, normally distributed unless given.
/// - Returns: What is wrong, one line for each; empty if all is well, so `#expect(checkGradients(...) == [])`.
public func checkGradients<L: Layer>(
  _ layer: L, _ inputShape: TensorShape, input: Tensor<Double>? = nil, seed: UInt64 = 1, step: Double = 1e-6,
  absolute: Double = 1e-5, relative: Double = 1e-3
) -> [String] where L.Scalar == Double {
  var random = RandomGenerator(seed: seed)
  let input = input ?? .normal(inputShape, using: &random)
  let (output, tape) = layer.forward(input)
  var wrong: [String] = []
  func require(_ condition: Bool, _ sentence: @autoclosure () -> String) { if !condition { wrong.append(sentence()) } }

  let stated = layer.outputShape(for: inputShape)
  require(output.shape == stated, "the output has shape \(output.shape), outputShape says \(stated)")
  require(layer.forward(input).output == output, "forward gives something else the second time")
  let direction = Tensor<Double>.normal(output.shape, using: &random)
  func difference(_ above: Tensor<Double>, _ below: Tensor<Double>) -> Double {
    direction.dot(above - below) / (2 * step)
  }
  func compare(_ name: String, _ index: Int, _ computed: Double, _ expected: Double) {
    let close = abs(computed - expected) <= absolute + relative * abs(expected)
    require(close, "\(name)[\(index)]: the gradient is \(computed), differences give \(expected)")
  }

  let gradient = layer.backward(direction, tape)
  require(gradient.input.shape == inputShape, "the input gradient has shape \(gradient.input.shape)")
  for (i, computed) in gradient.input.elements.enumerated() {
    var (above, below) = (input, input)
    above.withUnsafeMutableElements { $0[i] += step }
    below.withUnsafeMutableElements { $0[i] -= step }
    compare("input", i, computed, difference(layer.forward(above).output, layer.forward(below).output))
  }

  var names: [String] = []
  var shapes: [TensorShape] = []
  var copy = layer
  copy.updateParameters { name, tensor in
    names.append(name)
    shapes.append(tensor.shape)
  }
  var gradients: [(name: String, tensor: Tensor<Double>)] = []
  gradient.parameters.forEach { gradients.append(($0, $1)) }
  var alone: [Tensor<Double>] = []
  layer.parameterGradient(direction, tape).forEach { alone.append($1) }
  var own: [String] = []
  layer.parameters.forEach { name, _ in own.append(name) }
  require(names == own && names == gradients.map(\.name), "names: \(names), \(own), \(gradients.map(\.name))")
  require(Set(names).count == names.count, "two parameters share a name: \(names)")
  guard shapes == gradients.map(\.tensor.shape), alone.count == gradients.count else {
    return wrong + ["the parameters have shapes \(shapes), their gradients \(gradients.map(\.tensor.shape))"]
  }
  for (p, (name, tensor)) in gradients.enumerated() {
    let apart = largestDifference(alone[p], tensor)
    require(apart <= 1e-12 * max(1, tensor.maximumMagnitude), "\(name): parameterGradient differs by \(apart)")
    for (i, computed) in tensor.elements.enumerated() {
      func output(_ change: Double) -> Tensor<Double> {
        var changed = layer
        changed.updateParameters { visited, tensor in
          if visited == name { tensor.withUnsafeMutableElements { $0[i] += change } }
        }
        return changed.forward(input).output
      }
      compare(name, i, computed, difference(output(step), output(-step)))
    }
  }
  return wrong
}
