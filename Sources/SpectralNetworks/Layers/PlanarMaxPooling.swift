import CKernels
import SpectralConvolution
import SpectralCore

/// The largest pixel of each window of planes, `[N, C, H, W]` to `[N, C, H', W']`: what ``MaxPooling`` is made of.
struct PlanarMaxPooling<Scalar: TensorScalar>: Sendable {
  let stage: PoolingStage

  /// The places of the largest. Sendable because they are written once, before anyone else sees them.
  struct Tape: @unchecked Sendable {
    let input: TensorShape
    /// For each output, the place of its pixel in its plane.
    let winners: Scratch<Int32>
  }

  private func windows(_ input: TensorShape) -> PoolingWindows {
    PoolingWindows("MaxPooling", input, stage)
  }

  private var isTwoByTwo: Bool { stage.isTwoByTwo }

  func forward(_ input: Tensor<Scalar>) -> (output: Tensor<Scalar>, tape: Tape) {
    let windows = windows(input.shape)
    precondition(windows.inputPixels <= Int32.max, "MaxPooling: a plane of more than 2^31 pixels")
    let winners = Scratch<Int32>(count: windows.outputShape(input.shape).count)
    return (pool(input, windows, winners.base), Tape(input: input.shape, winners: winners))
  }

  func callAsFunction(_ input: Tensor<Scalar>) -> Tensor<Scalar> {
    isTwoByTwo ? forward(input).output : pool(input, windows(input.shape), nil)
  }

  private func pool(
    _ input: Tensor<Scalar>, _ windows: PoolingWindows, _ winners: UnsafeMutablePointer<Int32>?
  ) -> Tensor<Scalar> {
    let plan = isTwoByTwo ? nil : MaximumPlan(windows)
    return input.withUnsafeElements { x in
      Tensor(windows.outputShape(input.shape)) { y in
        // Only reached within the closure, whose planes do not overlap.
        nonisolated(unsafe) let winners = winners
        windows.forEachPiece(of: input.shape) { planes in
          if let plan {
            largest(x, y, winners, planes, windows, plan)
          } else {
            largestOfFour(x, y, winners!, planes, windows)
          }
        }
      }
    }
  }

  func backward(
    _ gradient: Tensor<Scalar>, _ tape: Tape
  ) -> Tensor<Scalar> {
    let windows = windows(tape.input)
    precondition(
      gradient.shape == windows.outputShape(tape.input),
      "the gradient has shape \(gradient.shape), the output had \(windows.outputShape(tape.input))")
    return gradient.withUnsafeElements { g in
      Tensor<Scalar>(tape.input) { dx in
        windows.forEachPiece(of: tape.input) { planes in
          if isTwoByTwo {
            giveToWinnersOfFour(g, tape.winners.base, dx, planes, windows)
          } else {
            giveToWinners(g, tape.winners.base, dx, planes, windows)
          }
        }
      }
    }
  }
}

/// What every plane has in common, found once: which outputs each tap serves, and where each output looks first.
struct MaximumPlan: Sendable {
  /// For each tap along the columns, the outputs of a row that see a pixel through it.
  let columns: [Range<Int>]
  /// For each output of a row, the first column it sees.
  let firstColumn: [Int32]

  init(_ windows: PoolingWindows) {
    let axis = windows.horizontal
    columns = (0..<axis.kernel).map { axis.outputs(seenThrough: $0) }
    firstColumn = (0..<axis.output).map { output in
      Int32((0..<axis.kernel).lazy.compactMap { axis.source(output: output, tap: $0) }.first!)
    }
  }
}

// Taps outside, outputs inside: the inner loop runs along a row, whatever the window.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func largest<Scalar: TensorScalar>(
  _ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeMutableBufferPointer<Scalar>, _ winners: UnsafeMutablePointer<Int32>?,
  _ planes: Range<Int>, _ windows: PoolingWindows, _ plan: MaximumPlan
) {
  let (vertical, horizontal) = (windows.vertical, windows.horizontal)
  for plane in planes {
    let x = x.baseAddress! + plane * windows.inputPixels
    for i in 0..<vertical.output {
      let place = plane * windows.outputPixels + i * horizontal.output
      let y = y.baseAddress! + place
      let winners = winners.map { $0 + place }
      var isFirst = true
      for a in 0..<vertical.kernel {
        guard let row = vertical.source(output: i, tap: a) else { continue }
        let x = x + row * horizontal.input
        if isFirst {
          for j in 0..<horizontal.output { y[j] = x[Int(plan.firstColumn[j])] }
          if let winners {
            for j in 0..<horizontal.output { winners[j] = Int32(row * horizontal.input) + plan.firstColumn[j] }
          }
          isFirst = false
        }
        for (b, outputs) in plan.columns.enumerated() {
          let first = outputs.lowerBound
          let offset = first * horizontal.stride + horizontal.dilation * b - horizontal.paddingBefore
          largerRow(
            y + first, winners.map { $0 + first }, x + offset,
            Int32(truncatingIfNeeded: row * horizontal.input + offset), horizontal.stride, outputs.count)
        }
      }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func largerRow<Scalar: TensorScalar>(
  _ y: UnsafeMutablePointer<Scalar>, _ winners: UnsafeMutablePointer<Int32>?, _ x: UnsafePointer<Scalar>,
  _ place: Int32, _ stride: Int, _ count: Int
) {
  if let winners {
    Scalar.kernels.pointee.larger_row(y, winners, x, place, stride, count)
  } else {
    Scalar.kernels.pointee.larger_row_alone(y, x, stride, count)
  }
}

// Two by two, side by side: the window of nearly every network.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func largestOfFour<Scalar: TensorScalar>(
  _ x: UnsafeBufferPointer<Scalar>, _ y: UnsafeMutableBufferPointer<Scalar>, _ winners: UnsafeMutablePointer<Int32>,
  _ planes: Range<Int>, _ windows: PoolingWindows
) {
  let (input, output) = windows.starts(planes)
  let (x, y, winners) = (x.baseAddress! + input, y.baseAddress! + output, winners + output)
  let (height, width) = (windows.vertical.input, windows.horizontal.input)
  Scalar.kernels.pointee.largest_of_four(y, winners, x, planes.count, height, width)
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func giveToWinnersOfFour<Scalar: TensorScalar>(
  _ gradient: UnsafeBufferPointer<Scalar>, _ winners: UnsafePointer<Int32>,
  _ result: UnsafeMutableBufferPointer<Scalar>, _ planes: Range<Int>, _ windows: PoolingWindows
) {
  let (input, output) = windows.starts(planes)
  let (result, g, winners) = (result.baseAddress! + input, gradient.baseAddress! + output, winners + output)
  let (height, width) = (windows.vertical.input, windows.horizontal.input)
  Scalar.kernels.pointee.give_to_winners_of_four(result, g, winners, planes.count, height, width)
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func giveToWinners<Scalar: TensorScalar>(
  _ gradient: UnsafeBufferPointer<Scalar>, _ winners: UnsafePointer<Int32>,
  _ result: UnsafeMutableBufferPointer<Scalar>, _ planes: Range<Int>, _ windows: PoolingWindows
) {
  for plane in planes {
    let result = result.baseAddress! + plane * windows.inputPixels
    result.initialize(repeating: 0, count: windows.inputPixels)
    for i in plane * windows.outputPixels..<(plane + 1) * windows.outputPixels {
      result[Int(winners[i])] += gradient[i]
    }
  }
}
