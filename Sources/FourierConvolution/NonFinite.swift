import Layers
import Tensors

// One NaN or infinity poisons every output of its transform, where a direct sum spoils only the windows that see it.
// Convolution is linear: take those entries out, transform the rest, and add their terms one by one. What the passes
// call here happens only when a result was found not to be finite.

extension FourierConvolution {
  func repairedForward(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ bias: Tensor<Scalar>?, rectified: Bool,
    _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    let engine = engine(problem, .forward)
    let terms = WindowTerms(problem)
    let (x, w) = (FiniteParts(input), FiniteParts(filter))
    var output = scaledProduct(x.finite, w.finite) { x, w in
      engine.forward(x, engine.filterSpectra(w, forward: true, backward: false), bias: nil, rectified: false).output
    }
    output.withUnsafeMutableElements { y in
      filter.withUnsafeElements { w in
        addTerms(.forwardOfInput, x.strange, terms, y.baseAddress!, w.baseAddress!)
      }
      x.finite.withUnsafeElements { x in
        addTerms(.forwardOfTap, w.strange, terms, y.baseAddress!, x.baseAddress!)
      }
      if let bias {
        let plane = problem.vertical.output * problem.horizontal.output
        bias.withUnsafeElements { bias in
          for i in y.indices { y[i] += bias[i / plane % bias.count] }
        }
      }
    }
    if rectified { output.rectify() }
    return output
  }

  func repairedInputGradient(
    _ gradient: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    let engine = engine(problem, .inputGradient)
    let terms = WindowTerms(problem)
    let (g, w) = (FiniteParts(gradient), FiniteParts(filter))
    var result = scaledProduct(g.finite, w.finite) { g, w in
      engine.backward(
        g, images: nil, filters: engine.filterSpectra(w, forward: false, backward: true),
        blocksAtOnce: luxuries(engine, .inputGradient, tapeBudget: 0).backwardBlocks
      ).input!
    }
    result.withUnsafeMutableElements { dx in
      filter.withUnsafeElements { w in
        addTerms(.inputGradientOfOutput, g.strange, terms, dx.baseAddress!, w.baseAddress!)
      }
      g.finite.withUnsafeElements { g in
        addTerms(.inputGradientOfTap, w.strange, terms, dx.baseAddress!, g.baseAddress!)
      }
    }
    return result
  }

  func repairedFilterGradient(
    _ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    let engine = engine(problem, .filterGradient)
    let terms = WindowTerms(problem)
    let (g, x) = (FiniteParts(gradient), FiniteParts(input))
    var result = scaledProduct(g.finite, x.finite) { g, x in
      engine.backward(
        g, images: .images(x), filters: nil,
        blocksAtOnce: luxuries(engine, .filterGradient, tapeBudget: 0).backwardBlocks
      ).filter!
    }
    result.withUnsafeMutableElements { dw in
      input.withUnsafeElements { x in
        addTerms(.filterGradientOfOutput, g.strange, terms, dw.baseAddress!, x.baseAddress!)
      }
      g.finite.withUnsafeElements { g in
        addTerms(.filterGradientOfInput, x.strange, terms, dw.baseAddress!, g.baseAddress!)
      }
    }
    return result
  }

  /// A bilinear product that must not overflow on the way: if it did, once more with both factors scaled to about 1 by
  /// powers of two, which changes no digit.
  private func scaledProduct(
    _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ product: (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let plain = product(a, b)
    if plain.isFinite { return plain }
    func exponent(_ tensor: Tensor<Scalar>) -> Int { Int(max(Scalar(tensor.maximumMagnitude).exponent, -1000)) }
    func scaled(_ tensor: Tensor<Scalar>, _ exponent: Int) -> Tensor<Scalar> {
      tensor.map { Scalar(sign: .plus, exponent: Scalar.Exponent(exponent), significand: $0) }
    }
    let (m, n) = (exponent(a), exponent(b))
    return scaled(product(scaled(a, -m), scaled(b, -n)), m + n)
  }
}

/// A tensor taken apart into its finite numbers, with 0 in place of the others, and the others.
private struct FiniteParts<Scalar: TensorScalar> {
  let finite: Tensor<Scalar>
  let strange: [(Int, Scalar)]

  init(_ tensor: Tensor<Scalar>) {
    strange = tensor.withUnsafeElements { x in
      x.indices.compactMap { x[$0].isFinite ? nil : ($0, x[$0]) }
    }
    finite = strange.isEmpty ? tensor : tensor.map { $0.isFinite ? $0 : 0 }
  }
}

/// A pass, and the factor whose entries are not finite.
enum StrangeFactor {
  case forwardOfInput, forwardOfTap
  case inputGradientOfOutput, inputGradientOfTap
  case filterGradientOfOutput, filterGradientOfInput
}

/// Adds the terms of some entries of one factor to the result of a pass; `other` is the pass's other factor.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func addTerms<Scalar: TensorScalar>(
  _ factor: StrangeFactor, _ entries: [(Int, Scalar)], _ terms: WindowTerms,
  _ result: UnsafeMutablePointer<Scalar>, _ other: UnsafePointer<Scalar>
) {
  for (entry, value) in entries {
    switch factor {
    case .forwardOfInput:
      terms.forEachWindow(ofInput: entry) { output, tap in result[output] += value * other[tap] }
    case .filterGradientOfInput:
      terms.forEachWindow(ofInput: entry) { output, tap in result[tap] += value * other[output] }
    case .forwardOfTap:
      // Padding is a zero that is multiplied, too.
      terms.forEachWindow(ofTap: entry) { input, output in
        result[output] += value * (input < 0 ? 0 : other[input])
      }
    case .inputGradientOfTap:
      terms.forEachWindow(ofTap: entry) { input, output in
        if input >= 0 { result[input] += value * other[output] }
      }
    case .inputGradientOfOutput:
      terms.forEachWindow(ofOutput: entry) { input, tap in
        if input >= 0 { result[input] += value * other[tap] }
      }
    case .filterGradientOfOutput:
      terms.forEachWindow(ofOutput: entry) { input, tap in
        result[tap] += value * (input < 0 ? 0 : other[input])
      }
    }
  }
}

/// Every term of a convolution, found from any of its three factors by index: which input, which tap and which output
/// meet in a window.
struct WindowTerms {
  private let problem: ConvolutionProblem
  private let vertical: AxisTerms
  private let horizontal: AxisTerms

  private struct AxisTerms {
    let kernel: Int
    let output: Int
    /// Pixel seen by each tap of each window, `[output][tap]`; -1 for zero.
    let sources: [Int]
    /// Windows and taps that see each pixel, and where each pixel's begin.
    let windows: [(output: Int, tap: Int)]
    let starts: [Int]

    init(_ axis: ConvolutionAxis, flipped: Bool) {
      (kernel, output) = (axis.kernel, axis.output)
      sources = (0..<axis.output).flatMap { output in
        (0..<axis.kernel).map { tap in
          axis.source(output: output, tap: flipped ? axis.kernel - 1 - tap : tap) ?? -1
        }
      }
      var seen = [[(output: Int, tap: Int)]](repeating: [], count: axis.input)
      for (index, source) in sources.enumerated() where source >= 0 {
        seen[source].append((index / axis.kernel, index % axis.kernel))
      }
      windows = seen.flatMap { $0 }
      starts = seen.reduce(into: [0]) { $0.append($0.last! + $1.count) }
    }
  }

  init(_ problem: ConvolutionProblem) {
    self.problem = problem
    let flipped = problem.geometry.operation == .convolution
    vertical = AxisTerms(problem.vertical, flipped: flipped)
    horizontal = AxisTerms(problem.horizontal, flipped: flipped)
  }

  /// The four places of an index into a tensor of shape `[a, b, height, width]`.
  private func places(_ index: Int, _ shape: Shape) -> (Int, Int, Int, Int) {
    let (rest, column) = index.quotientAndRemainder(dividingBy: shape[3])
    let (planes, row) = rest.quotientAndRemainder(dividingBy: shape[2])
    return (planes / shape[1], planes % shape[1], row, column)
  }

  @inline(__always)
  func forEachWindow(ofInput index: Int, _ body: (_ output: Int, _ tap: Int) -> Void) {
    let (image, channel, row, column) = places(index, problem.inputShape)
    let (perGroup, outputs) = (problem.channelsPerGroup, problem.outputsPerGroup)
    let group = channel / perGroup
    for o in group * outputs..<(group + 1) * outputs {
      let outputPlane = (image * problem.outputChannels + o) * vertical.output
      let filterPlane = (o * perGroup + channel % perGroup) * vertical.kernel
      for v in vertical.starts[row]..<vertical.starts[row + 1] {
        let y = vertical.windows[v]
        let (outputRow, tapRow) = (
          (outputPlane + y.output) * horizontal.output, (filterPlane + y.tap) * horizontal.kernel
        )
        for h in horizontal.starts[column]..<horizontal.starts[column + 1] {
          let x = horizontal.windows[h]
          body(outputRow + x.output, tapRow + x.tap)
        }
      }
    }
  }

  /// `input` is negative where a tap sees a zero beyond the border.
  @inline(__always)
  func forEachWindow(ofOutput index: Int, _ body: (_ input: Int, _ tap: Int) -> Void) {
    let (image, o, row, column) = places(index, problem.outputShape)
    let perGroup = problem.channelsPerGroup
    let group = o / problem.outputsPerGroup
    for channel in 0..<perGroup {
      let inputPlane = (image * problem.inputChannels + group * perGroup + channel) * problem.vertical.input
      for tapY in 0..<vertical.kernel {
        let sourceY = vertical.sources[row * vertical.kernel + tapY]
        let tapRow = ((o * perGroup + channel) * vertical.kernel + tapY) * horizontal.kernel
        for tapX in 0..<horizontal.kernel {
          let sourceX = horizontal.sources[column * horizontal.kernel + tapX]
          let isInside = sourceY >= 0 && sourceX >= 0
          body(isInside ? (inputPlane + sourceY) * problem.horizontal.input + sourceX : -1, tapRow + tapX)
        }
      }
    }
  }

  /// `input` is negative where a window sees a zero beyond the border.
  @inline(__always)
  func forEachWindow(ofTap index: Int, _ body: (_ input: Int, _ output: Int) -> Void) {
    let (o, channel, tapY, tapX) = places(index, problem.filterShape)
    let first = o / problem.outputsPerGroup * problem.channelsPerGroup
    for image in 0..<problem.batch {
      let inputPlane = (image * problem.inputChannels + first + channel) * problem.vertical.input
      for row in 0..<vertical.output {
        let sourceY = vertical.sources[row * vertical.kernel + tapY]
        let outputRow = ((image * problem.outputChannels + o) * vertical.output + row) * horizontal.output
        for column in 0..<horizontal.output {
          let sourceX = horizontal.sources[column * horizontal.kernel + tapX]
          let isInside = sourceY >= 0 && sourceX >= 0
          body(isInside ? (inputPlane + sourceY) * problem.horizontal.input + sourceX : -1, outputRow + column)
        }
      }
    }
  }
}
