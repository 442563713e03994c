import CKernels
import SpectralCore
import SpectralTransforms

/// Products summed over the slices of a kernel, lane by lane: where volumes have too few channels for products of matrices.
/// See ``TileEngine`` for the letters.
extension TileEngine {
  /// Calls `body` for each pair of groups of lanes that meet: where they lie among the groups of feature maps and images,
  /// where their filter lies at the first frequency of a column, and whether the image is the first that the feature map
  /// meets, and the other way round.
  private func forEachPair(
    _ firstGroup: Int, _ body: (_ output: Int, _ input: Int, _ filter: Int, _ isFirst: (Bool, Bool)) -> Void
  ) {
    let filterMap = filter.map
    if layout.isDepthwise && layout.byChannels { return body(0, 0, firstGroup * tile.columnPitch, (true, true)) }
    for g in 0..<groups {
      for o in 0..<outputs {
        for term in 0..<terms {
          let (row, lane) =
            filterMap.arrangement == .tiles
            ? (term * filterMap.run + o / filterMap.lanes, o % filterMap.lanes)
            : ((g * outputs + o) * filterMap.run + term / filterMap.lanes, term % filterMap.lanes)
          body(
            (g * outputs + o) * output.spectra.run, (g * terms + term) * input.spectra.run,
            row * tile.columnPitch + lane,
            (term == 0, o == 0))
        }
      }
    }
  }

  /// Y[d] = Σ_t X[s d + δ t] conj W[t] at each frequency of a range, or dX[s d + δ t] += G[d] W[t].
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func sumTaps(
    _ range: Range<Int>, to result: UnsafeMutablePointer<Scalar>, _ operand: UnsafePointer<Scalar>,
    _ w: UnsafePointer<Scalar>, firstGroup: Int, forward: Bool
  ) {
    let (segment, positions) = (layout.choice.segment, input.spectra.positions)
    let (inputPitch, outputPitch) = (input.spectra.positionPitch, output.spectra.positionPitch)
    let (source, target) = forward ? (input, output) : (output, input)
    var sum = sk_tap_sum()
    // Whether a filter is one number for all lanes.
    (sum.broadcast, sum.conjugated) = (layout.byChannels ? 0 : 1, forward ? 1 : 0)
    (sum.w_tap, sum.taps) = (filter.spectra.positionPitch, depth.kernel)
    if forward {
      (sum.rows, sum.step, sum.dilation) = (segment, depth.stride, depth.dilation)
      (sum.count, sum.y_row, sum.x_pitch) = (positions, outputPitch, inputPitch)
    } else if depth.stride == 1 {
      // The output that sees position p by tap t is p - δ t.
      (sum.rows, sum.step, sum.dilation) = (positions, 1, -depth.dilation)
      (sum.count, sum.y_row, sum.x_pitch) = (segment, inputPitch, outputPitch)
    } else {
      // Positions between the strides see nothing by some taps: one tap after the other.
      (sum.rows, sum.taps, sum.step, sum.dilation, sum.count) = (segment, 1, 1, 1, segment)
      (sum.y_row, sum.x_pitch, sum.accumulate) = (depth.stride * inputPitch, outputPitch, 1)
    }
    forEachPair(firstGroup) { output, input, filterOffset, isFirst in
      let (to, from, isFirst) = forward ? (output, input, isFirst.0) : (input, output, isFirst.1)
      for f in range {
        let to = result + to + offset(f, target)
        let from = operand + from + offset(f, source)
        let w = w + filterOffset + offset(f, filter)
        guard !forward && depth.stride > 1 else {
          sum.accumulate = isFirst ? 0 : 1
          Scalar.kernels.pointee.tap_sum(to, from, w, &sum)
          continue
        }
        if isFirst {
          for position in 0..<positions { (to + position * inputPitch).initialize(repeating: 0, count: group) }
        }
        for tap in 0..<depth.kernel {
          Scalar.kernels.pointee.tap_sum(to + tap * depth.dilation * inputPitch, from, w + tap * sum.w_tap, &sum)
        }
      }
    }
  }

  /// dW[t] += Σ_d conj G[d] X[s d + δ t] at each frequency of a range.
  ///
  /// - Parameter sums: From ``makeFilterWork()``.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func correlateTaps(
    _ range: Range<Int>, to w: UnsafeMutablePointer<Scalar>, _ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>,
    _ sums: Scratch<Scalar>?, firstGroup: Int
  ) {
    let (isBroadcast, lanes, sums) = (!layout.byChannels, group / 2, sums!.base)
    var sum = sk_tap_sum()
    (sum.rows, sum.taps, sum.step, sum.dilation) = (depth.kernel, layout.choice.segment, depth.dilation, depth.stride)
    (sum.count, sum.x_pitch) = (input.spectra.positions, input.spectra.positionPitch)
    (sum.w_tap, sum.conjugated) = (output.spectra.positionPitch, 1)
    (sum.y_row, sum.accumulate) = isBroadcast ? (group, 0) : (filter.spectra.positionPitch, 1)
    forEachPair(firstGroup) { outputOffset, inputOffset, filterOffset, _ in
      for f in range {
        let g = g + outputOffset + offset(f, output)
        let x = x + inputOffset + offset(f, input)
        let w = w + filterOffset + offset(f, filter)
        guard isBroadcast else {
          Scalar.kernels.pointee.tap_sum(w, x, g, &sum)
          continue
        }
        // All tiles share a filter: their lanes are added up.
        Scalar.kernels.pointee.tap_sum(sums, x, g, &sum)
        for tap in 0..<depth.kernel {
          let (from, to) = (sums + tap * group, w + tap * filter.spectra.positionPitch)
          var (real, imaginary): (Scalar, Scalar) = (0, 0)
          for lane in 0..<lanes {
            real += from[lane]
            imaginary += from[lanes + lane]
          }
          to[0] += real
          to[lanes] += imaginary
        }
      }
    }
  }
}
