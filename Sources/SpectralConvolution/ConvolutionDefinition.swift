import SpectralCore

/// The definition of a convolution: every output is the sum of what its window sees times the taps, term by term, in any
/// rank and for any geometry.
///
/// A zero beyond the border is no term, so an infinite weight over it adds nothing; a number beyond a constant boundary
/// is one. The methods fall back on it where operands are not finite and where nothing else fits in memory; it needs no
/// working memory but a table of columns.
package struct ConvolutionDefinition<Scalar: TensorScalar>: Sendable {
  private let problem: ConvolutionProblem
  /// The element that stands at each place of a padded row; -1 where none does.
  private let columns: [Int32]
  /// For every tap along a row whether its terms beyond the border count.
  private let hasValue: Bool
  private let value: Scalar

  package init(_ problem: ConvolutionProblem) {
    self.problem = problem
    columns = (0..<problem.horizontal.padded).map { problem.horizontal.source($0).map(Int32.init) ?? -1 }
    hasValue = problem.geometry.boundary.isConstant
    value = Scalar(problem.geometry.boundary.value)
  }

  private var inputPlane: Int { problem.axes.reduce(1) { $0 * $1.input } }
  private var outputPlane: Int { problem.axes.reduce(1) { $0 * $1.output } }
  private var isFlipped: Bool { problem.geometry.operation == .convolution }

  /// Calls `body` for each pair of an output row and a row of taps, with the input row that they share; nil beyond the
  /// border. The tap row's number is that of the correlation; `weights` is where its weights begin in the filter.
  @inline(__always)
  private func forEachRow(_ body: (_ output: Int, _ weights: Int, _ source: Int?) -> Void) {
    let (depth, vertical, horizontal) = (problem.depth, problem.vertical, problem.horizontal)
    for slice in 0..<depth.output {
      for row in 0..<vertical.output {
        let output = (slice * vertical.output + row) * horizontal.output
        for a in 0..<depth.kernel {
          let plane = depth.source(output: slice, tap: a)
          for b in 0..<vertical.kernel {
            let tap = a * vertical.kernel + b
            let weights = (isFlipped ? depth.kernel * vertical.kernel - 1 - tap : tap) * horizontal.kernel
            let line = vertical.source(output: row, tap: b)
            let source: Int? =
              if let plane, let line { (plane * vertical.input + line) * horizontal.input } else { nil }
            body(output, weights, source)
          }
        }
      }
    }
  }

  /// Where the weight of a tap along a row stands.
  @inline(__always)
  private func place(_ tap: Int) -> Int { isFlipped ? problem.horizontal.kernel - 1 - tap : tap }

  /// The feature maps, with the bias of each output channel.
  package func forward(_ input: Tensor<Scalar>, _ filter: Tensor<Scalar>, bias: Tensor<Scalar>?) -> Tensor<Scalar> {
    let bias = bias ?? .zeros([problem.outputChannels])
    let (perGroup, outputs) = (problem.channelsPerGroup, problem.outputsPerGroup)
    return input.withUnsafeElements { x in
      filter.withUnsafeElements { w in
        bias.withUnsafeElements { bias in
          Tensor<Scalar>(problem.outputShape) { y in
            guard !y.isEmpty else { return }
            nonisolated(unsafe) let (x, w, y) = (x.baseAddress!, w.baseAddress!, y.baseAddress!)
            nonisolated(unsafe) let bias = bias
            Parallel.forEach(problem.batch * problem.outputChannels) { index in
              let (image, o) = index.quotientAndRemainder(dividingBy: problem.outputChannels)
              let target = y + index * outputPlane
              target.initialize(repeating: bias[o], count: outputPlane)
              for channel in 0..<perGroup {
                let source = x + (image * problem.inputChannels + o / outputs * perGroup + channel) * inputPlane
                let kernel = w + (o * perGroup + channel) * problem.taps
                forEachRow { output, weights, row in
                  if row == nil && !hasValue { return }
                  addRow(target + output, row.map { source + $0 }, kernel + weights)
                }
              }
            }
          }
        }
      }
    }
  }

  /// Adds a row of terms to a row of outputs.
  @inline(__always)
  private func addRow(
    _ y: UnsafeMutablePointer<Scalar>, _ x: UnsafePointer<Scalar>?, _ w: UnsafePointer<Scalar>
  ) {
    let axis = problem.horizontal
    columns.withUnsafeBufferPointer { columns in
      for tap in 0..<axis.kernel {
        let weight = w[place(tap)]
        for i in 0..<axis.output {
          let column = columns[i * axis.stride + tap * axis.dilation]
          if let x, column >= 0 { y[i] += x[Int(column)] * weight } else if hasValue { y[i] += value * weight }
        }
      }
    }
  }

  /// The gradient by the input.
  package func inputGradient(_ gradient: Tensor<Scalar>, _ filter: Tensor<Scalar>) -> Tensor<Scalar> {
    let (perGroup, outputs) = (problem.channelsPerGroup, problem.outputsPerGroup)
    let axis = problem.horizontal
    return gradient.withUnsafeElements { g in
      filter.withUnsafeElements { w in
        Tensor<Scalar>(problem.inputShape) { dx in
          guard !dx.isEmpty else { return }
          nonisolated(unsafe) let (g, w, dx) = (g.baseAddress!, w.baseAddress!, dx.baseAddress!)
          Parallel.forEach(problem.batch * problem.inputChannels) { index in
            let (image, c) = index.quotientAndRemainder(dividingBy: problem.inputChannels)
            let (group, channel) = c.quotientAndRemainder(dividingBy: perGroup)
            let target = dx + index * inputPlane
            target.initialize(repeating: 0, count: inputPlane)
            for o in group * outputs..<(group + 1) * outputs {
              let source = g + (image * problem.outputChannels + o) * outputPlane
              let kernel = w + (o * perGroup + channel) * problem.taps
              forEachRow { output, weights, row in
                guard let row else { return }
                columns.withUnsafeBufferPointer { columns in
                  for tap in 0..<axis.kernel {
                    let weight = kernel[weights + place(tap)]
                    for i in 0..<axis.output {
                      let column = columns[i * axis.stride + tap * axis.dilation]
                      if column >= 0 { target[row + Int(column)] += source[output + i] * weight }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  /// The gradient by the filter.
  package func filterGradient(_ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>) -> Tensor<Scalar> {
    let (perGroup, outputs) = (problem.channelsPerGroup, problem.outputsPerGroup)
    let axis = problem.horizontal
    return gradient.withUnsafeElements { g in
      input.withUnsafeElements { x in
        Tensor<Scalar>(problem.filterShape) { dw in
          guard !dw.isEmpty else { return }
          dw.initialize(repeating: 0)
          guard problem.batch > 0 else { return }
          nonisolated(unsafe) let (g, x, dw) = (g.baseAddress!, x.baseAddress!, dw.baseAddress!)
          Parallel.forEach(problem.outputChannels * perGroup) { index in
            let (o, channel) = index.quotientAndRemainder(dividingBy: perGroup)
            let target = dw + index * problem.taps
            for image in 0..<problem.batch {
              let gradient = g + (image * problem.outputChannels + o) * outputPlane
              let source = x + (image * problem.inputChannels + o / outputs * perGroup + channel) * inputPlane
              forEachRow { output, weights, row in
                if row == nil && !hasValue { return }
                columns.withUnsafeBufferPointer { columns in
                  for tap in 0..<axis.kernel {
                    var sum: Scalar = 0
                    for i in 0..<axis.output {
                      let column = columns[i * axis.stride + tap * axis.dilation]
                      if let row, column >= 0 {
                        sum += gradient[output + i] * source[row + Int(column)]
                      } else if hasValue {
                        sum += gradient[output + i] * value
                      }
                    }
                    target[weights + place(tap)] += sum
                  }
                }
              }
            }
          }
        }
      }
    }
  }
}
