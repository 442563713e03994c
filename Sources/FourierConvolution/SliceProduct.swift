import CKernels
import SpectralCore
import SpectralTransforms

/// The products at the frequencies of a column. See ``SliceEngine`` for the letters.
extension SliceEngine {
  /// Y[d] = Σ_t X[s d + δ t] W[t]ᴴ at the frequencies of a column.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiplyForward(
    _ y: Values, _ x: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, column v: Int, part: Int
  ) {
    guard layout.isMatrix else {
      return sumTaps(y, x, w + v * layout.filterSlab + part * tile.columnPitch, forward: true)
    }
    let row = outputMap.run * group
    var product = sk_product()
    (product.rows, product.terms, product.groups) = (layout.choice.segment, terms, outputMap.run)
    (product.c_row, product.a_stride, product.b_row) = (outputPitch, depth.stride * inputPitch, row)
    (product.c_group, product.a_group, product.b_group) = (tile.columnPitch, tile.columnPitch, group)
    (product.taps, product.a_tap, product.b_tap) = (
      depth.kernel, depth.dilation * inputPitch, layout.transposedPitch
    )
    (product.conjugated, product.ahead, product.b_ahead) = (2, group, layout.transposedPitch)
    for u in 0..<tile.size.height {
      for g in 0..<groups {
        Scalar.kernels.pointee.complex_product(
          y + u * group + g * outputMap.run * tile.columnPitch, x + u * group + g * inputMap.run * tile.columnPitch,
          w + (v * tile.size.height + u) * depth.kernel * layout.transposedPitch + g * terms * row, &product)
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiplyBackward(_ x: Values, _ g: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>) {
    guard layout.isMatrix else { return sumTaps(x, g, w, forward: false) }
    var product = sk_product()
    (product.terms, product.groups) = (outputs, inputMap.run)
    (product.c_row, product.a_stride) = (depth.stride * inputPitch, outputPitch)
    product.b_row = filterMap.run * tile.columnPitch
    (product.c_group, product.a_group, product.b_group) = (tile.columnPitch, tile.columnPitch, tile.columnPitch)
    (product.a_tap, product.b_tap, product.b_ahead) = (-depth.dilation * outputPitch, filterPitch, filterPitch)
    let (segment, reach) = (layout.choice.segment, depth.span - 1)
    // With stride 1, positions that see an output by every tap are summed over all of them at once.
    let whole = depth.stride == 1 && segment > reach ? reach..<segment : 0..<0
    for u in 0..<tile.size.height {
      for part in 0..<groups {
        let x = x + u * group + part * inputMap.run * tile.columnPitch
        let g = g + u * group + part * outputMap.run * tile.columnPitch
        let w = w + u * group + part * outputs * filterMap.run * tile.columnPitch
        for position in 0..<layout.positions where !whole.contains(position) {
          for run in 0..<inputMap.run {
            (x + position * inputPitch + run * tile.columnPitch).update(repeating: 0, count: group)
          }
        }
        if !whole.isEmpty {
          (product.rows, product.taps, product.accumulate) = (whole.count, depth.kernel, 0)
          Scalar.kernels.pointee.complex_product(x + reach * inputPitch, g + reach * outputPitch, w, &product)
        }
        (product.taps, product.accumulate) = (1, 1)
        for tap in 0..<depth.kernel {
          let offset = tap * depth.dilation
          let others = whole.isEmpty ? [0..<segment] : [0..<reach - offset, segment - offset..<segment]
          for outputs in others where !outputs.isEmpty {
            product.rows = outputs.count
            Scalar.kernels.pointee.complex_product(
              x + (outputs.lowerBound * depth.stride + offset) * inputPitch, g + outputs.lowerBound * outputPitch,
              w + tap * filterPitch, &product)
          }
        }
      }
    }
  }

  /// - Parameter sums: Room for a group of lanes of each tap.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiplyFilter(_ w: Values, _ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ sums: Values) {
    guard layout.isMatrix else { return correlateTaps(w, g, x, sums) }
    var product = sk_product()
    (product.rows, product.terms, product.groups) = (outputs, layout.choice.segment, filterMap.run)
    (product.rows_in_lanes, product.conjugated, product.accumulate) = (1, 1, 1)
    (product.c_row, product.a_stride) = (filterMap.run * tile.columnPitch, outputPitch)
    product.b_row = depth.stride * inputPitch
    (product.c_group, product.a_group, product.b_group) = (tile.columnPitch, tile.columnPitch, tile.columnPitch)
    (product.ahead, product.b_ahead) = (filterPitch, 0)
    for u in 0..<tile.size.height {
      for group in 0..<groups {
        for tap in 0..<depth.kernel {
          Scalar.kernels.pointee.complex_product(
            w + u * tile.group + group * outputs * filterMap.run * tile.columnPitch + tap * filterPitch,
            g + u * tile.group + group * outputMap.run * tile.columnPitch,
            x + u * tile.group + group * inputMap.run * tile.columnPitch + tap * depth.dilation * inputPitch, &product)
        }
      }
    }
  }

  // MARK: Sums lane by lane

  /// Calls `body` for each pair of groups of lanes that meet: where they lie among the groups of feature maps and images,
  /// where their filter lies at the first frequency of a column, and whether the image is the first that the feature map
  /// meets, and the other way round.
  private func forEachPair(_ body: (_ output: Int, _ input: Int, _ filter: Int, _ isFirst: (Bool, Bool)) -> Void) {
    if layout.lanes.isDepthwise && inputMap.arrangement == .channels {
      return body(0, 0, 0, (true, true))
    }
    for g in 0..<groups {
      for o in 0..<outputs {
        for term in 0..<terms {
          let (row, lane) =
            filterMap.arrangement == .tiles
            ? (term * filterMap.run + o / lanes, o % lanes)
            : ((g * outputs + o) * filterMap.run + term / lanes, term % lanes)
          body(
            (g * outputs + o) * outputMap.run, (g * terms + term) * inputMap.run, row * tile.columnPitch + lane,
            (term == 0, o == 0))
        }
      }
    }
  }

  /// Whether a filter is one number for all lanes.
  private var isBroadcast: Bool { inputMap.arrangement == .tiles }

  /// Y[d] = Σ_t X[s d + δ t] conj W[t] at the frequencies of a column, or dX[s d + δ t] += G[d] W[t].
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func sumTaps(_ result: Values, _ operand: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, forward: Bool) {
    var sum = sk_tap_sum()
    sum.broadcast = isBroadcast ? 1 : 0
    sum.conjugated = forward ? 1 : 0
    sum.w_tap = filterPitch
    let segment = layout.choice.segment
    forEachPair { output, input, filter, isFirst in
      let (to, from) = forward ? (output, input) : (input, output)
      for u in 0..<tile.size.height {
        let to = result + to * tile.columnPitch + u * group
        let from = operand + from * tile.columnPitch + u * group
        let w = w + filter + u * group
        if forward {
          (sum.rows, sum.taps, sum.step, sum.dilation) = (segment, depth.kernel, depth.stride, depth.dilation)
          (sum.count, sum.y_row, sum.x_pitch) = (layout.positions, outputPitch, inputPitch)
          sum.accumulate = isFirst.0 ? 0 : 1
          Scalar.kernels.pointee.tap_sum(to, from, w, &sum)
        } else if depth.stride == 1 {
          // The output that sees position p by tap t is p - δ t.
          (sum.rows, sum.taps, sum.step, sum.dilation) = (layout.positions, depth.kernel, 1, -depth.dilation)
          (sum.count, sum.y_row, sum.x_pitch) = (segment, inputPitch, outputPitch)
          sum.accumulate = isFirst.1 ? 0 : 1
          Scalar.kernels.pointee.tap_sum(to, from, w, &sum)
        } else {
          // Positions between the strides see nothing by some taps: one tap after the other.
          if isFirst.1 {
            for position in 0..<layout.positions { (to + position * inputPitch).initialize(repeating: 0, count: group) }
          }
          (sum.rows, sum.taps, sum.step, sum.dilation, sum.count) = (segment, 1, 1, 1, segment)
          (sum.y_row, sum.x_pitch, sum.accumulate) = (depth.stride * inputPitch, outputPitch, 1)
          for tap in 0..<depth.kernel {
            Scalar.kernels.pointee.tap_sum(to + tap * depth.dilation * inputPitch, from, w + tap * filterPitch, &sum)
          }
        }
      }
    }
  }

  /// dW[t] += Σ_d conj G[d] X[s d + δ t] at the frequencies of a column.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func correlateTaps(_ w: Values, _ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>, _ sums: Values) {
    var sum = sk_tap_sum()
    (sum.rows, sum.taps, sum.step, sum.dilation) = (depth.kernel, layout.choice.segment, depth.dilation, depth.stride)
    (sum.count, sum.x_pitch, sum.w_tap, sum.conjugated) = (layout.positions, inputPitch, outputPitch, 1)
    let isBroadcast = isBroadcast
    (sum.y_row, sum.accumulate) = isBroadcast ? (group, 0) : (filterPitch, 1)
    forEachPair { output, input, filter, _ in
      for u in 0..<tile.size.height {
        let g = g + output * tile.columnPitch + u * group
        let x = x + input * tile.columnPitch + u * group
        let w = w + filter + u * group
        guard isBroadcast else {
          Scalar.kernels.pointee.tap_sum(w, x, g, &sum)
          continue
        }
        // All tiles share a filter: their lanes are added up.
        Scalar.kernels.pointee.tap_sum(sums, x, g, &sum)
        for tap in 0..<depth.kernel {
          let (from, to) = (sums + tap * group, w + tap * filterPitch)
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
