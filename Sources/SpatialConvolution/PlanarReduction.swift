import CKernels
import SpectralConvolution
import SpectralCore

/// A problem over volumes as problems over images.
///
/// Along the depth axis windows are unfolded (im2col along one axis): the slices that an output slice sees become channels
/// of an image, `[D', C kD, H, W]`, and the filters `[O, C/groups, kD, kH, kW]` are `[O, C/groups kD, kH, kW]` as they
/// stand in memory. That serves every method that computes images, and all three passes. Output slices are taken a block at
/// a time, so that the copies stay small.
struct PlanarReduction<Scalar: TensorScalar>: Reformulation {
  private let problem: ConvolutionProblem
  /// Output slices that are computed at once.
  private let slicesAtOnce: Int

  /// The bytes of copies for which slices are taken together where no limit says otherwise.
  private static var usualBytes: Int { 1 << 26 }

  /// The reduction of a problem; nil if it is not one over volumes.
  ///
  /// - Parameters:
  ///   - limit: The bytes that the copies and what the method needs beside them may take.
  ///   - memory: What the method needs for a problem over images; nil if it cannot compute it within the limit.
  init?(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, limit: Int?, memory: (ConvolutionProblem) -> Int?) {
    guard problem.rank == 3 else { return nil }
    self.problem = problem
    let slices = max(1, problem.batch * problem.depth.output)
    let each = Self.bytes(problem, pass, slices: 1)
    var count = max(1, min(slices, Self.usualBytes / max(1, each)))
    if let limit {
      while count > 1,
        Self.bytes(problem, pass, slices: count) + (memory(Self.planar(problem, slices: count)) ?? limit) > limit
      {
        count = (count + 1) / 2
      }
    }
    slicesAtOnce = count
  }

  /// The problem over images that a block of slices is.
  var inner: ConvolutionProblem { Self.planar(problem, slices: slicesAtOnce) }
  /// The bytes of the copies.
  func copyBytes(_ pass: ConvolutionPass) -> Int { Self.bytes(problem, pass, slices: slicesAtOnce) }
  /// How many blocks there are.
  var blocks: Int { (slices + slicesAtOnce - 1) / slicesAtOnce }

  private var slices: Int { problem.batch * problem.depth.output }
  private var inputPlane: Int { problem.vertical.input * problem.horizontal.input }
  private var channels: Int { problem.inputChannels * problem.depth.kernel }
  private var outputPlane: Int { problem.vertical.output * problem.horizontal.output }

  private static func planar(_ problem: ConvolutionProblem, slices: Int) -> ConvolutionProblem {
    let (vertical, horizontal) = (problem.vertical, problem.horizontal)
    let geometry = ConvolutionGeometry(
      stride: [vertical.stride, horizontal.stride], dilation: [vertical.dilation, horizontal.dilation],
      padding: .explicit(
        top: vertical.paddingBefore, bottom: vertical.paddingAfter, left: horizontal.paddingBefore,
        right: horizontal.paddingAfter),
      groups: problem.geometry.groups, boundary: problem.geometry.boundary, operation: problem.geometry.operation)
    do {
      return try ConvolutionProblem(
        geometry,
        input: [slices, problem.inputChannels * problem.depth.kernel, vertical.input, horizontal.input],
        filter: [
          problem.outputChannels, problem.channelsPerGroup * problem.depth.kernel, vertical.kernel, horizontal.kernel,
        ])
    } catch { preconditionFailure("\(error)") }
  }

  private static func bytes(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, slices: Int) -> Int {
    let planar = planar(problem, slices: slices)
    var shapes = [planar.inputShape, planar.outputShape]
    // The gradient of a block is added to that of the others.
    if pass == .filterGradient { shapes.append(planar.filterShape) }
    return shapes.reduce(0) { $0 + Scratch<Scalar>.byteCount($1.count) }
  }

  /// The result of a pass.
  func run(
    _ pass: ConvolutionPass, _ operands: PassOperands<Scalar>,
    by method: (ConvolutionProblem, PassOperands<Scalar>) -> Tensor<Scalar>
  ) -> Tensor<Scalar> {
    func planes(_ range: Range<Int>) -> ConvolutionProblem { Self.planar(problem, slices: range.count) }
    switch pass {
    case .forward:
      let filter = operands.second.reshaped(to: inner.filterShape)
      return Tensor(result: problem.outputShape) { y in
        guard !y.isEmpty else { return }
        forEachBlock { range in
          let operands = PassOperands(
            unfolded(operands.first, range), filter, bias: operands.bias, cache: operands.cache)
          move(method(planes(range), operands), range, intoSlices: y.baseAddress!)
        }
      }
    case .inputGradient:
      let filter = operands.second.reshaped(to: inner.filterShape)
      return Tensor(result: problem.inputShape) { dx in
        guard !dx.isEmpty else { return }
        dx.initialize(repeating: 0)
        forEachBlock { range in
          let operands = PassOperands(slices(of: operands.first, range), filter)
          fold(method(planes(range), operands), range, addingTo: dx.baseAddress!)
        }
      }
    case .filterGradient:
      var sum: Tensor<Scalar>?
      forEachBlock { range in
        let operands = PassOperands(slices(of: operands.first, range), unfolded(operands.second, range))
        let part = method(planes(range), operands)
        if sum == nil { sum = part } else { sum! += part }
      }
      return sum?.reshaped(to: problem.filterShape) ?? .zeros(problem.filterShape)
    }
  }

  private func forEachBlock(_ body: (Range<Int>) -> Void) {
    var first = 0
    while first < slices {
      body(first..<min(slices, first + slicesAtOnce))
      first += slicesAtOnce
    }
  }

  /// The slice of the input that stands in a channel of an unfolded slice; nil beyond the border.
  private func source(_ slice: Int, tap: Int) -> Int? {
    let depth = problem.depth
    // A flipped kernel begins with its last slice.
    let tap = problem.geometry.operation == .convolution ? depth.kernel - 1 - tap : tap
    return depth.source(output: slice % depth.output, tap: tap)
  }

  /// What some output slices see, `[slices, C kD, H, W]`.
  private func unfolded(_ input: Tensor<Scalar>, _ range: Range<Int>) -> Tensor<Scalar> {
    let (depth, plane) = (problem.depth, inputPlane)
    return input.withUnsafeElements { x in
      Tensor([range.count, channels, problem.vertical.input, problem.horizontal.input]) { target in
        nonisolated(unsafe) let (x, target) = (x.baseAddress!, target.baseAddress!)
        Parallel.forEach(range.count * channels, grain: max(1, (1 << 13) / plane)) { index in
          let (item, channel) = index.quotientAndRemainder(dividingBy: channels)
          let slice = range.lowerBound + item
          let (c, tap) = channel.quotientAndRemainder(dividingBy: depth.kernel)
          let target = target + index * plane
          guard let source = source(slice, tap: tap) else { return target.initialize(repeating: 0, count: plane) }
          let volume = slice / depth.output * problem.inputChannels + c
          target.initialize(from: x + (volume * depth.input + source) * plane, count: plane)
        }
      }
    }
  }

  /// The adjoint of ``unfolded(_:_:)``: adds gradients to the slices that they belong to.
  private func fold(_ gradient: Tensor<Scalar>, _ range: Range<Int>, addingTo dx: UnsafeMutablePointer<Scalar>) {
    let (depth, plane) = (problem.depth, inputPlane)
    let images = range.lowerBound / depth.output...(range.upperBound - 1) / depth.output
    gradient.withUnsafeElements { g in
      nonisolated(unsafe) let (g, dx) = (g.baseAddress!, dx)
      // A channel of a volume is added up by one thread, in the order of slices and taps.
      Parallel.forEach(images.count * problem.inputChannels) { index in
        let (item, c) = index.quotientAndRemainder(dividingBy: problem.inputChannels)
        let image = images.lowerBound + item
        let volume = dx + (image * problem.inputChannels + c) * depth.input * plane
        for slice in range.clamped(to: image * depth.output..<(image + 1) * depth.output) {
          for tap in 0..<depth.kernel {
            guard let source = source(slice, tap: tap) else { continue }
            let from = g + ((slice - range.lowerBound) * channels + c * depth.kernel + tap) * plane
            let to = volume + source * plane
            Scalar.kernels.pointee.combine(sk_plus, to, to, 1, from, 1, plane)
          }
        }
      }
    }
  }

  /// Some slices of feature maps `[N, O, D', H', W']` as images `[slices, O, H', W']`.
  private func slices(of gradient: Tensor<Scalar>, _ range: Range<Int>) -> Tensor<Scalar> {
    gradient.withUnsafeElements { g in
      Tensor([range.count, problem.outputChannels, problem.vertical.output, problem.horizontal.output]) { target in
        nonisolated(unsafe) let (g, target) = (g.baseAddress!, target.baseAddress!)
        forEachMap(range) { map, slice in
          (target + map * outputPlane).initialize(from: g + slice * outputPlane, count: outputPlane)
        }
      }
    }
  }

  /// The inverse of ``slices(of:_:)``.
  private func move(_ maps: Tensor<Scalar>, _ range: Range<Int>, intoSlices y: UnsafeMutablePointer<Scalar>) {
    maps.withUnsafeElements { maps in
      nonisolated(unsafe) let (maps, y) = (maps.baseAddress!, y)
      forEachMap(range) { map, slice in
        (y + slice * outputPlane).initialize(from: maps + map * outputPlane, count: outputPlane)
      }
    }
  }

  /// Calls `body` for each feature map of some slices with its number among them and among all slices of the volumes.
  private func forEachMap(_ range: Range<Int>, _ body: (_ map: Int, _ slice: Int) -> Void) {
    let (depth, outputs) = (problem.depth.output, problem.outputChannels)
    Parallel.forEach(range.count * outputs, grain: max(1, (1 << 13) / max(1, outputPlane))) { map in
      let (item, o) = map.quotientAndRemainder(dividingBy: outputs)
      let (image, slice) = (range.lowerBound + item).quotientAndRemainder(dividingBy: depth)
      body(map, (image * outputs + o) * depth + slice)
    }
  }
}
