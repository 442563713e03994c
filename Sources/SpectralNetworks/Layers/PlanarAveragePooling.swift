import CKernels
import SpectralConvolution
import SpectralCore

/// The mean of each window of planes, `[N, C, H, W]` to `[N, C, H', W']`: what ``AveragePooling`` is made of.
struct PlanarAveragePooling<Scalar: TensorScalar>: Sendable {
  let stage: PoolingStage
  /// Whether added pixels count as zeros of the mean.
  let countsPadding: Bool

  private func windows(_ input: TensorShape) -> PoolingWindows {
    PoolingWindows("AveragePooling", input, stage)
  }

  private var isTwoByTwo: Bool { stage.isTwoByTwo }

  func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
    let windows = windows(input.shape)
    let plan = isTwoByTwo ? nil : AveragePlan<Scalar>(windows, countsPadding: countsPadding)
    return input.withUnsafeElements { x in
      Tensor(windows.outputShape(input.shape)) { y in
        windows.forEachPiece(of: input.shape) { planes in
          if let plan { average(x, y, planes, windows, plan) } else { meanOfFour(x, y, planes, windows) }
        }
      }
    }
  }

  func backward(
    _ gradient: Tensor<Scalar>, _ tape: TensorShape
  ) -> Tensor<Scalar> {
    let windows = windows(tape)
    let plan = isTwoByTwo ? nil : AveragePlan<Scalar>(windows, countsPadding: countsPadding)
    return gradient.withUnsafeElements { g in
      Tensor<Scalar>(tape) { dx in
        windows.forEachPiece(of: tape) { planes in
          if let plan { spread(g, dx, planes, windows, plan) } else { shareAmongFour(g, dx, planes, windows) }
        }
      }
    }
  }
}

/// What every plane has in common, found once. The mean of a window is its sum times a factor for its rows times one
/// for its columns.
struct AveragePlan<Scalar: TensorScalar>: Sendable {
  /// For each tap along the columns, the outputs of a row that see a pixel through it.
  let columns: [Range<Int>]
  let rowFactors: [Scalar]
  let columnFactors: [Scalar]

  init(_ windows: PoolingWindows, countsPadding: Bool) {
    columns = (0..<windows.horizontal.kernel).map { windows.horizontal.outputs(seenThrough: $0) }
    func factors(_ axis: ConvolutionAxis) -> [Scalar] {
      (0..<axis.output).map { output in
        let seen = (0..<axis.kernel).count { axis.source(output: output, tap: $0) != nil }
        return 1 / Scalar(countsPadding ? axis.kernel : seen)
      }
    }
    rowFactors = factors(windows.vertical)
    columnFactors = factors(windows.horizontal)
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func average<Scalar: TensorScalar>(
  _ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeMutableBufferPointer<Scalar>, _ planes: Range<Int>,
  _ windows: PoolingWindows, _ plan: AveragePlan<Scalar>
) {
  let (vertical, horizontal) = (windows.vertical, windows.horizontal)
  for plane in planes {
    let x = x.baseAddress! + plane * windows.inputPixels
    for i in 0..<vertical.output {
      let y = y.baseAddress! + plane * windows.outputPixels + i * horizontal.output
      y.initialize(repeating: 0, count: horizontal.output)
      for a in 0..<vertical.kernel {
        guard let row = vertical.source(output: i, tap: a) else { continue }
        for b in 0..<horizontal.kernel {
          let outputs = plan.columns[b]
          let first = outputs.lowerBound
          let place = row * horizontal.input + first * horizontal.stride + b - horizontal.paddingBefore
          Scalar.kernels.pointee.add_strided(y + first, x + place, horizontal.stride, outputs.count)
        }
      }
      for j in 0..<horizontal.output { y[j] *= plan.rowFactors[i] * plan.columnFactors[j] }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func spread<Scalar: TensorScalar>(
  _ gradient: UnsafeBufferPointer<Scalar>, _ result: UnsafeMutableBufferPointer<Scalar>, _ planes: Range<Int>,
  _ windows: PoolingWindows, _ plan: AveragePlan<Scalar>
) {
  let (vertical, horizontal) = (windows.vertical, windows.horizontal)
  for plane in planes {
    let result = result.baseAddress! + plane * windows.inputPixels
    result.initialize(repeating: 0, count: windows.inputPixels)
    for i in 0..<vertical.output {
      let gradient = gradient.baseAddress! + plane * windows.outputPixels + i * horizontal.output
      for a in 0..<vertical.kernel {
        guard let row = vertical.source(output: i, tap: a) else { continue }
        let result = result + row * horizontal.input
        for b in 0..<horizontal.kernel {
          let offset = b - horizontal.paddingBefore
          for j in plan.columns[b] {
            result[j * horizontal.stride + offset] += gradient[j] * (plan.rowFactors[i] * plan.columnFactors[j])
          }
        }
      }
    }
  }
}

// Two by two, side by side: the window of nearly every network.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func meanOfFour<Scalar: TensorScalar>(
  _ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeMutableBufferPointer<Scalar>, _ planes: Range<Int>,
  _ windows: PoolingWindows
) {
  let (input, output) = windows.starts(planes)
  let (x, y) = (x.baseAddress! + input, y.baseAddress! + output)
  let (height, width) = (windows.vertical.input, windows.horizontal.input)
  Scalar.kernels.pointee.mean_of_four(y, x, planes.count, height, width)
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func shareAmongFour<Scalar: TensorScalar>(
  _ gradient: UnsafeBufferPointer<Scalar>, _ result: UnsafeMutableBufferPointer<Scalar>, _ planes: Range<Int>,
  _ windows: PoolingWindows
) {
  let (input, output) = windows.starts(planes)
  let (result, gradient) = (result.baseAddress! + input, gradient.baseAddress! + output)
  let (height, width) = (windows.vertical.input, windows.horizontal.input)
  Scalar.kernels.pointee.share_among_four(result, gradient, planes.count, height, width)
}
