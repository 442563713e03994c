import SpectralConvolution
import SpectralCore

/// How a pooling window slides over one plane: the sizes of both axes, checked.
struct PoolingWindows: Sendable {
  let vertical: ConvolutionAxis
  let horizontal: ConvolutionAxis

  /// The windows over planes `[N, C, H, W]`. Traps if they do not fit, or if one would see no pixel at all.
  init(_ layer: String, _ input: TensorShape, _ stage: PoolingStage) {
    let axes = stage.axes
    do throws(ConvolutionError) {
      vertical = try ConvolutionAxis(
        "row", input: input[2], kernel: axes[0].kernel, stride: axes[0].stride, dilation: axes[0].dilation,
        padding: axes[0].padding, sides: axes[0].sides, boundary: .zero)
      horizontal = try ConvolutionAxis(
        "column", input: input[3], kernel: axes[1].kernel, stride: axes[1].stride, dilation: axes[1].dilation,
        padding: axes[1].padding, sides: axes[1].sides, boundary: .zero)
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

/// One step of a pooling: windows over planes.
struct PoolingStage: Hashable, Sendable {
  /// How windows slide along an axis.
  struct Axis: Hashable, Sendable {
    var kernel = 1
    var stride = 1
    var dilation = 1
    var padding = Padding.valid
    var sides: Padding.Sides?
  }

  /// Down the rows and along the columns.
  let axes: [Axis]

  /// Two by two, side by side: the window of nearly every network, which has loops of its own.
  var isTwoByTwo: Bool { axes.allSatisfy { $0 == Axis(kernel: 2, stride: 2) } }
}

/// The windows of a pooling layer.
///
/// Windows are boxes, so the largest or the mean of one comes from those of its slices: of a volume every slice is pooled
/// first, `[N, C D, H, W]`, and the results along the depth then, `[N C, 1, D, H' W']`. A signal is a plane of one row.
struct PoolingBox<Rank: SpatialRank>: Hashable, Sendable {
  let kernel: AxisValues
  let stride: AxisValues
  let padding: Padding
  let dilation: AxisValues

  init(kernel: AxisValues, stride: AxisValues?, padding: Padding, dilation: AxisValues) {
    for (name, values) in [("kernel", kernel), ("stride", stride ?? 1), ("dilation", dilation)] {
      precondition(values.fits(rank: Rank.axes), "the \(name) \(values) of a pooling over \(Rank.batch)")
    }
    precondition(padding.fits(rank: Rank.axes), "the padding of a pooling over \(Rank.batch)")
    (self.kernel, self.stride, self.padding, self.dilation) = (kernel, stride ?? kernel, padding, dilation)
  }

  private func axis(_ index: Int) -> PoolingStage.Axis {
    PoolingStage.Axis(
      kernel: kernel[index], stride: stride[index], dilation: dilation[index],
      padding: padding, sides: padding.sides(axis: index))
  }

  /// The steps for an input, each with the shape of planes that it takes.
  func stages(_ layer: String, _ input: TensorShape) -> [(stage: PoolingStage, planes: TensorShape)] {
    precondition(input.rank == Rank.axes + 2, "\(layer) takes \(Rank.batch), not \(input)")
    let (batch, channels) = (input[0], input[1])
    switch Rank.axes {
    case 1: return [(PoolingStage(axes: [.init(), axis(0)]), [batch, channels, 1, input[2]])]
    case 2: return [(PoolingStage(axes: [axis(0), axis(1)]), input)]
    default:
      let slices = PoolingStage(axes: [axis(1), axis(2)])
      let planes: TensorShape = [batch, channels * input[2], input[3], input[4]]
      let windows = PoolingWindows(layer, planes, slices)
      let along = PoolingStage(axes: [axis(0), .init()])
      return [(slices, planes), (along, [batch * channels, 1, input[2], windows.outputPixels])]
    }
  }

  /// The shape of the output.
  func outputShape(_ layer: String, _ input: TensorShape) -> TensorShape {
    let windows = stages(layer, input).map { PoolingWindows(layer, $0.planes, $0.stage) }
    let extents =
      switch Rank.axes {
      case 1: [windows[0].horizontal.output]
      case 2: [windows[0].vertical.output, windows[0].horizontal.output]
      default: [windows[1].vertical.output, windows[0].vertical.output, windows[0].horizontal.output]
      }
    return TensorShape([input[0], input[1]] + extents)
  }

  /// The settings that are not the usual ones, behind the kernel.
  func label(_ note: String = "") -> String {
    func all(_ values: AxisValues) -> AxisValues { AxisValues(values.expanded(rank: Rank.axes)) }
    let stride = all(stride) == all(kernel) ? "" : ", stride \(all(stride))"
    let padding = padding == .valid ? "" : ", padding \(padding.label)\(note)"
    let dilation = dilation.isAll(1) ? "" : ", dilation \(all(dilation))"
    return "\(all(kernel))\(stride)\(padding)\(dilation)"
  }
}

extension Padding {
  /// E.g. `same`, `1`, or `1 0 1 0` for top, bottom, left, right.
  var label: String {
    switch self {
    case .valid: "valid"
    case .same: "same"
    case .full: "full"
    case .sides(let sides):
      Set(sides.flatMap { [$0.before, $0.after] }).count == 1
        ? "\(sides[0].before)" : sides.map { "\($0.before) \($0.after)" }.joined(separator: " ")
    }
  }
}
