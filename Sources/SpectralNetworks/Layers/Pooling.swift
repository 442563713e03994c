import SpectralConvolution
import SpectralCore

/// How a pooling window slides over one plane: the sizes of both axes, checked.
struct PoolingWindows: Sendable {
  let vertical: ConvolutionAxis
  let horizontal: ConvolutionAxis

  /// The windows over images of shape `[N, C, H, W]`. Traps if they do not fit, or if one would see no pixel at all.
  init(_ layer: String, _ input: TensorShape, kernel: Extent, stride: Extent, padding: Padding, dilation: Extent = 1) {
    precondition(input.rank == 4, "\(layer) takes images, N x C x H x W, not \(input)")
    do throws(ConvolutionError) {
      vertical = try ConvolutionAxis(
        "row", input: input[2], kernel: kernel.height, stride: stride.height, dilation: dilation.height,
        padding: padding, sides: padding.sides(axis: 0), boundary: .zero)
      horizontal = try ConvolutionAxis(
        "column", input: input[3], kernel: kernel.width, stride: stride.width, dilation: dilation.width,
        padding: padding, sides: padding.sides(axis: 1), boundary: .zero)
    } catch { preconditionFailure("\(layer): \(error)") }
    for axis in [vertical, horizontal] {
      for output in 0..<axis.output {
        let seen = (0..<axis.kernel).contains { axis.source(output: output, tap: $0) != nil }
        precondition(seen, "\(layer): a window lies in the padding alone: pad at most half of the kernel's span")
      }
    }
  }

  /// Pixels of a plane that goes in.
  var inputPixels: Int { vertical.input * horizontal.input }
  /// Pixels of a plane that comes out.
  var outputPixels: Int { vertical.output * horizontal.output }

  /// Where the first of some planes starts, going in and coming out.
  func starts(_ planes: Range<Int>) -> (input: Int, output: Int) {
    (planes.lowerBound * inputPixels, planes.lowerBound * outputPixels)
  }

  func outputShape(_ input: TensorShape) -> TensorShape { [input[0], input[1], vertical.output, horizontal.output] }

  /// Calls `body` with neighbouring planes, on several threads if there is work for them.
  func forEachPiece(of input: TensorShape, _ body: (Range<Int>) -> Void) {
    forEachRange(input[0] * input[1], size: rowGrain(inputPixels), body)
  }
}

extension ConvolutionAxis {
  /// The outputs whose window sees a pixel of the image through a tap; they are neighbours.
  func outputs(seenThrough tap: Int) -> Range<Int> {
    // paddingBefore <= stride * output + dilation * tap < paddingBefore + input
    let lowest = paddingBefore - dilation * tap
    let first = lowest <= 0 ? 0 : (lowest + stride - 1) / stride
    let last = (lowest + input - 1 >= 0) ? (lowest + input - 1) / stride : -1
    let end = min(last + 1, output)
    return min(first, end)..<end
  }
}
