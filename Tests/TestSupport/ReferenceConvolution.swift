import SpectralConvolution
import SpectralNetworks
import SpectralCore

/// The definition of a convolution, in float64: what every other method is compared with.
///
/// All three passes walk through the same terms `g · x · w` of the trilinear form and differ only in which of the three
/// they add up. There is nothing to get wrong twice: a wrong index would break the forward pass, which hand-made cases
/// and PyTorch's numbers check.
public struct ReferenceConvolution: ConvolutionMethod {
  /// The reference method.
  public init() {}

  public var name: String { "reference" }

  public func forward(
    _ input: Tensor<Double>, _ filter: Tensor<Double>, bias: Tensor<Double>?, _ problem: ConvolutionProblem
  ) -> Tensor<Double> {
    problem.check(input: input, filter: filter, bias: bias)
    var output = Tensor<Double>.zeros(problem.outputShape)
    output.withUnsafeMutableElements { y in
      input.withUnsafeElements { x in
        filter.withUnsafeElements { w in
          Terms(problem).forEach { xi, wi, yi in y[yi] += x[xi] * w[wi] }
        }
      }
      guard let bias = bias?.elements else { return }
      let pixels = problem.vertical.output * problem.horizontal.output
      for i in y.indices { y[i] += bias[i / pixels % bias.count] }
    }
    return output
  }

  public func inputGradient(
    _ gradient: Tensor<Double>, _ filter: Tensor<Double>, _ problem: ConvolutionProblem
  ) -> Tensor<Double> {
    problem.check(filter: filter, gradient: gradient)
    var result = Tensor<Double>.zeros(problem.inputShape)
    result.withUnsafeMutableElements { dx in
      gradient.withUnsafeElements { g in
        filter.withUnsafeElements { w in
          Terms(problem).forEach { xi, wi, yi in dx[xi] += g[yi] * w[wi] }
        }
      }
    }
    return result
  }

  public func filterGradient(
    _ gradient: Tensor<Double>, _ input: Tensor<Double>, _ problem: ConvolutionProblem
  ) -> Tensor<Double> {
    problem.check(input: input, gradient: gradient)
    var result = Tensor<Double>.zeros(problem.filterShape)
    result.withUnsafeMutableElements { dw in
      gradient.withUnsafeElements { g in
        input.withUnsafeElements { x in
          Terms(problem).forEach { xi, wi, yi in dw[wi] += g[yi] * x[xi] }
        }
      }
    }
    return result
  }

  public func workingMemory(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) throws(ConvolutionError) -> Int {
    0
  }
}

/// Every product that a convolution adds up: the places of its image, filter and output elements.
private struct Terms {
  let problem: ConvolutionProblem
  /// For each output of an axis, the taps that see a pixel of the image: the pixel, and the tap's place in the kernel.
  let rows: [[(pixel: Int, tap: Int)]]
  let columns: [[(pixel: Int, tap: Int)]]

  init(_ problem: ConvolutionProblem) {
    self.problem = problem
    func sources(_ axis: ConvolutionAxis) -> [[(pixel: Int, tap: Int)]] {
      (0..<axis.output).map { output in
        (0..<axis.kernel).compactMap { tap in
          guard let pixel = axis.source(output: output, tap: tap) else { return nil }
          return (pixel, problem.geometry.operation == .convolution ? axis.kernel - 1 - tap : tap)
        }
      }
    }
    rows = sources(problem.vertical)
    columns = sources(problem.horizontal)
  }

  @inline(__always)
  func forEach(_ body: (_ image: Int, _ filter: Int, _ output: Int) -> Void) {
    let (height, width) = (problem.vertical.input, problem.horizontal.input)
    let (kernelHeight, kernelWidth) = (problem.vertical.kernel, problem.horizontal.kernel)
    for n in 0..<problem.batch {
      for o in 0..<problem.outputChannels {
        let group = o / problem.outputsPerGroup
        for c in 0..<problem.channelsPerGroup {
          let image = (n * problem.inputChannels + group * problem.channelsPerGroup + c) * height * width
          let filter = (o * problem.channelsPerGroup + c) * kernelHeight * kernelWidth
          var output = (n * problem.outputChannels + o) * rows.count * columns.count
          for row in rows {
            for column in columns {
              for (y, a) in row {
                for (x, b) in column { body(image + y * width + x, filter + a * kernelWidth + b, output) }
              }
              output += 1
            }
          }
        }
      }
    }
  }
}
