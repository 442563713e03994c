import Foundation
import Layers
import Tensors

// One NaN or infinity poisons every output of its transform, where a direct sum spoils only the windows that see it.
// Convolution is linear: take those entries out, transform the rest, and add their terms one by one. What the passes
// call here happens only when a result was found not to be finite.

extension FourierConvolution {
  func repairedForward(
    _ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ bias: Tensor<Scalar>?, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    let engine = engine(problem, training: false)
    let terms = WindowTerms(problem)
    let (x, w) = (FiniteParts(input), FiniteParts(filter))
    var output = scaledProduct(x.finite, w.finite) { x, w in
      engine.forward(x, engine.filterSpectra(w, forward: true), bias: nil, keeping: nil).output
    }
    output.withUnsafeMutableElements { y in
      filter.withUnsafeElements { w in
        for (entry, value) in x.strange {
          terms.forEachWindow(ofInput: entry) { output, tap in y[output] += value * w[tap] }
        }
      }
      x.finite.withUnsafeElements { x in
        for (entry, value) in w.strange {
          terms.forEachWindow(ofTap: entry) { input, output in y[output] += value * (input.map { x[$0] } ?? 0) }
        }
      }
      if let bias {
        let plane = problem.vertical.output * problem.horizontal.output
        bias.withUnsafeElements { bias in
          for i in y.indices { y[i] += bias[i / plane % bias.count] }
        }
      }
    }
    return output
  }

  func repairedInputGradient(
    _ gradient: Tensor<Scalar>, _ filter: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    let engine = engine(problem, training: true)
    let terms = WindowTerms(problem)
    let (g, w) = (FiniteParts(gradient), FiniteParts(filter))
    var result = scaledProduct(g.finite, w.finite) { g, w in
      engine.backward(g, images: nil, filters: engine.filterSpectra(w, forward: false), spectraBudget: 512 << 20).input!
    }
    result.withUnsafeMutableElements { dx in
      filter.withUnsafeElements { w in
        for (entry, value) in g.strange {
          terms.forEachWindow(ofOutput: entry) { input, tap in
            if let input { dx[input] += value * w[tap] }
          }
        }
      }
      g.finite.withUnsafeElements { g in
        for (entry, value) in w.strange {
          terms.forEachWindow(ofTap: entry) { input, output in
            if let input { dx[input] += value * g[output] }
          }
        }
      }
    }
    return result
  }

  func repairedFilterGradient(
    _ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>, _ problem: ConvolutionProblem
  ) -> Tensor<Scalar> {
    let engine = engine(problem, training: true)
    let terms = WindowTerms(problem)
    let (g, x) = (FiniteParts(gradient), FiniteParts(input))
    var result = scaledProduct(g.finite, x.finite) { g, x in
      engine.backward(g, images: .images(x), filters: nil, spectraBudget: 512 << 20).filter!
    }
    result.withUnsafeMutableElements { dw in
      input.withUnsafeElements { x in
        for (entry, value) in g.strange {
          terms.forEachWindow(ofOutput: entry) { input, tap in dw[tap] += value * (input.map { x[$0] } ?? 0) }
        }
      }
      g.finite.withUnsafeElements { g in
        for (entry, value) in x.strange {
          terms.forEachWindow(ofInput: entry) { output, tap in dw[tap] += value * g[output] }
        }
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

/// Every term of a convolution, found from any of its three factors by index: which input, which tap and which output
/// meet in a window.
struct WindowTerms {
  private let problem: ConvolutionProblem
  private let vertical: AxisTerms
  private let horizontal: AxisTerms

  private struct AxisTerms {
    /// Pixel seen by each tap of each window: `[output][tap]`; nil for zero.
    let sources: [[Int?]]
    /// Windows and taps that see each pixel.
    let windows: [[(output: Int, tap: Int)]]

    init(_ axis: ConvolutionAxis, flipped: Bool) {
      let sources = (0..<axis.output).map { output in
        (0..<axis.kernel).map { tap in
          axis.source(output: output, tap: flipped ? axis.kernel - 1 - tap : tap)
        }
      }
      var windows = [[(output: Int, tap: Int)]](repeating: [], count: axis.input)
      for (output, taps) in sources.enumerated() {
        for (tap, source) in taps.enumerated() {
          if let source { windows[source].append((output, tap)) }
        }
      }
      (self.sources, self.windows) = (sources, windows)
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

  private func offset(_ a: Int, _ b: Int, _ row: Int, _ column: Int, _ shape: Shape) -> Int {
    ((a * shape[1] + b) * shape[2] + row) * shape[3] + column
  }

  func forEachWindow(ofInput index: Int, _ body: (_ output: Int, _ tap: Int) -> Void) {
    let (image, channel, row, column) = places(index, problem.inputShape)
    let (perGroup, outputs) = (problem.channelsPerGroup, problem.outputsPerGroup)
    let group = channel / perGroup
    let (outputShape, filterShape) = (problem.outputShape, problem.filterShape)
    for o in group * outputs..<(group + 1) * outputs {
      for y in vertical.windows[row] {
        for x in horizontal.windows[column] {
          body(
            offset(image, o, y.output, x.output, outputShape),
            offset(o, channel % perGroup, y.tap, x.tap, filterShape))
        }
      }
    }
  }

  func forEachWindow(ofOutput index: Int, _ body: (_ input: Int?, _ tap: Int) -> Void) {
    let (image, o, row, column) = places(index, problem.outputShape)
    let perGroup = problem.channelsPerGroup
    let group = o / problem.outputsPerGroup
    let (inputShape, filterShape) = (problem.inputShape, problem.filterShape)
    for channel in 0..<perGroup {
      for (tapY, sourceY) in vertical.sources[row].enumerated() {
        for (tapX, sourceX) in horizontal.sources[column].enumerated() {
          var input: Int?
          if let sourceY, let sourceX {
            input = offset(image, group * perGroup + channel, sourceY, sourceX, inputShape)
          }
          body(input, offset(o, channel, tapY, tapX, filterShape))
        }
      }
    }
  }

  func forEachWindow(ofTap index: Int, _ body: (_ input: Int?, _ output: Int) -> Void) {
    let (o, channel, tapY, tapX) = places(index, problem.filterShape)
    let group = o / problem.outputsPerGroup
    let (inputShape, outputShape) = (problem.inputShape, problem.outputShape)
    for image in 0..<problem.batch {
      for (row, taps) in vertical.sources.enumerated() {
        for (column, columnTaps) in horizontal.sources.enumerated() {
          var input: Int?
          if let sourceY = taps[tapY], let sourceX = columnTaps[tapX] {
            input = offset(image, group * problem.channelsPerGroup + channel, sourceY, sourceX, inputShape)
          }
          body(input, offset(image, o, row, column, outputShape))
        }
      }
    }
  }
}
