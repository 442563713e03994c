import SpectralConvolution
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
    _ input: Tensor<Double>, _ filter: Tensor<Double>, _ epilogue: ConvolutionEpilogue<Double>,
    _ problem: ConvolutionProblem
  ) -> Tensor<Double> {
    problem.check(input: input, filter: filter, bias: epilogue.bias)
    let beyond = problem.geometry.boundary.value
    var output = Tensor<Double>.zeros(problem.outputShape)
    output.withUnsafeMutableElements { y in
      input.withUnsafeElements { x in
        filter.withUnsafeElements { w in
          Terms(problem).forEach { xi, wi, yi in y[yi] += (xi < 0 ? beyond : x[xi]) * w[wi] }
        }
      }
    }
    epilogue.apply(to: &output)
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
          Terms(problem).forEach { xi, wi, yi in if xi >= 0 { dx[xi] += g[yi] * w[wi] } }
        }
      }
    }
    return result
  }

  public func filterGradient(
    _ gradient: Tensor<Double>, _ input: Tensor<Double>, _ problem: ConvolutionProblem
  ) -> Tensor<Double> {
    problem.check(input: input, gradient: gradient)
    let beyond = problem.geometry.boundary.value
    var result = Tensor<Double>.zeros(problem.filterShape)
    result.withUnsafeMutableElements { dw in
      gradient.withUnsafeElements { g in
        input.withUnsafeElements { x in
          Terms(problem).forEach { xi, wi, yi in dw[wi] += g[yi] * (xi < 0 ? beyond : x[xi]) }
        }
      }
    }
    return result
  }

  public func workingMemory(_ pass: ConvolutionPass, _ problem: ConvolutionProblem) throws(ConvolutionError) -> Int {
    0
  }
}

/// Every product that a convolution adds up: the places of its input, filter and output elements. The input's is negative
/// where the number beyond a constant boundary stands.
private struct Terms {
  let problem: ConvolutionProblem
  /// For each output of an axis, the taps that see an element: the element, and the tap's place in the kernel.
  let depth, rows, columns: [[(element: Int, tap: Int)]]

  init(_ problem: ConvolutionProblem) {
    self.problem = problem
    func sources(_ axis: ConvolutionAxis) -> [[(element: Int, tap: Int)]] {
      (0..<axis.output).map { output in
        (0..<axis.kernel).compactMap { tap in
          let element = axis.source(output: output, tap: tap)
          if element == nil && !problem.geometry.boundary.isConstant { return nil }
          return (element ?? -1, problem.geometry.operation == .convolution ? axis.kernel - 1 - tap : tap)
        }
      }
    }
    (depth, rows, columns) = (sources(problem.depth), sources(problem.vertical), sources(problem.horizontal))
  }

  @inline(__always)
  func forEach(_ body: (_ input: Int, _ filter: Int, _ output: Int) -> Void) {
    let (height, width) = (problem.vertical.input, problem.horizontal.input)
    let (kernelHeight, kernelWidth) = (problem.vertical.kernel, problem.horizontal.kernel)
    let volume = problem.depth.input * height * width
    for n in 0..<problem.batch {
      for o in 0..<problem.outputChannels {
        let group = o / problem.outputsPerGroup
        for c in 0..<problem.channelsPerGroup {
          let input = (n * problem.inputChannels + group * problem.channelsPerGroup + c) * volume
          let filter = (o * problem.channelsPerGroup + c) * problem.taps
          var output = (n * problem.outputChannels + o) * depth.count * rows.count * columns.count
          for slice in depth {
            for row in rows {
              for column in columns {
                for (z, a) in slice {
                  for (y, b) in row {
                    for (x, c) in column {
                      let isBeyond = z < 0 || y < 0 || x < 0
                      body(
                        isBeyond ? -1 : input + (z * height + y) * width + x,
                        filter + (a * kernelHeight + b) * kernelWidth + c, output)
                    }
                  }
                }
                output += 1
              }
            }
          }
        }
      }
    }
  }
}
