import CKernels
import SpectralConvolution
import SpectralTransforms
import SpectralCore

/// The products at one frequency. See ``TileEngine`` for the letters.
///
/// The vectors run over channels or over tiles (``LaneMap/Arrangement``); the other factor is read number by number. Of a
/// volume whose vectors run over channels, the output slices of a tile are the rows, and what is summed over the slices of the
/// kernel is one product of so many more terms.
extension TileEngine {
  var depth: ConvolutionAxis { problem.depth }
  var groups: Int { problem.geometry.groups }
  var outputs: Int { output.map.channels }
  var terms: Int { filter.map.signals }
  var group: Int { tile.group }
  /// Whether outputs stand in the lanes of the filters' spectra; otherwise terms do.
  private var byOutputs: Bool { filter.map.arrangement == .tiles }

  /// Where a frequency of a block begins. Frequencies are numbered down the columns.
  @inline(__always)
  func offset(_ frequency: Int, _ operand: TileOperand) -> Int {
    let (v, u) = frequency.quotientAndRemainder(dividingBy: size.height)
    return v * operand.spectra.slab + u * group
  }

  /// A product whose vectors are groups of lanes of some operand, with what lies ahead of this frequency's operands.
  private func product(groups: Int, terms: Int) -> sk_product {
    var product = sk_product()
    (product.terms, product.groups) = (terms, groups)
    (product.c_group, product.a_group, product.b_group) = (tile.columnPitch, tile.columnPitch, tile.columnPitch)
    (product.ahead, product.b_ahead) = (group, group)
    return product
  }

  /// Y = X Wᴴ at each frequency of a range, for some blocks.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiplyForward(
    _ range: Range<Int>, _ blocks: Range<Int>, _ filters: FilterSpectra<Scalar>, to y: BlockSpectra<Scalar>,
    _ x: BlockSpectra<Scalar>
  ) {
    if layout.sumsTaps {
      for block in blocks {
        sumTaps(
          range, to: y.block(block), x.block(block), filters.values!.base,
          firstGroup: self.block(block, of: input).firstGroup,
          forward: true)
      }
      return
    }
    let (isMatrix, groups, outputs, terms) = (layout.isMatrix, groups, outputs, terms)
    var product = product(groups: output.map.run, terms: terms)
    if isMatrix {
      (product.c_row, product.a_stride) = (output.spectra.tilePitch, depth.stride * input.spectra.tilePitch)
      (product.b_row, product.b_group, product.b_ahead) = (output.map.run * group, group, layout.transposedPitch)
      (product.taps, product.a_tap, product.b_tap) = (
        depth.kernel, depth.dilation * input.spectra.tilePitch, layout.transposedPitch
      )
      product.conjugated = 2
    } else {
      (product.rows, product.rows_in_lanes, product.conjugated) = (outputs, byOutputs ? 1 : 0, 1)
      (product.c_row, product.a_stride, product.b_row) = (output.spectra.run, filter.spectra.run, input.spectra.run)
    }
    // Wᵀ of one frequency, made where it is not kept: then all blocks are to follow.
    let transposed = isMatrix && filters.transposed == nil ? Scratch<Scalar>(count: layout.transposedSlab) : nil
    for f in range {
      if let transposed { transpose(f, filters.values!, to: transposed.base) }
      for block in blocks {
        let (y, x) = (y.block(block) + offset(f, output), x.block(block) + offset(f, input))
        for g in 0..<groups {
          if isMatrix {
            let w = transposed?.base ?? (filters.transposed!.base + f * layout.transposedSlab)
            product.rows = self.block(block, of: input).tiles.count * layout.choice.segment
            Scalar.kernels.pointee.complex_product(
              y + g * output.spectra.run, x + g * input.spectra.run, w + g * terms * output.map.run * group, &product)
          } else {
            Scalar.kernels.pointee.complex_product(
              y + g * outputs * output.spectra.run,
              filters.values!.base + offset(f, filter) + g * outputs * filter.spectra.run,
              x + g * terms * input.spectra.run, &product)
          }
        }
      }
    }
  }

  /// dX = G W at each frequency of a range, for one block.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiplyBackward(
    _ range: Range<Int>, _ block: Int, to x: UnsafeMutablePointer<Scalar>, _ g: UnsafePointer<Scalar>,
    _ filters: FilterSpectra<Scalar>
  ) {
    let (w, block) = (filters.values!.base, self.block(block, of: input))
    if layout.sumsTaps { return sumTaps(range, to: x, g, w, firstGroup: block.firstGroup, forward: false) }
    let (isMatrix, outputs, terms) = (layout.isMatrix, outputs, terms)
    var product = product(groups: input.map.run, terms: outputs)
    if isMatrix {
      (product.c_row, product.a_stride) = (depth.stride * input.spectra.tilePitch, output.spectra.tilePitch)
      product.b_row = filter.spectra.run
      (product.a_tap, product.b_tap) = (-depth.dilation * output.spectra.tilePitch, filter.spectra.positionPitch)
      if depth.kernel > 1 { (product.ahead, product.b_ahead) = (0, filter.spectra.positionPitch) }
    } else {
      (product.rows, product.rows_in_lanes) = (terms, byOutputs ? 0 : 1)
      (product.c_row, product.a_stride, product.b_row) = (input.spectra.run, filter.spectra.run, output.spectra.run)
    }
    for f in range {
      let (x, gradient, w) = (x + offset(f, input), g + offset(f, output), w + offset(f, filter))
      for g in 0..<groups {
        let w = w + g * outputs * filter.spectra.run
        if isMatrix {
          addTaps(
            x + g * input.spectra.run, gradient + g * output.spectra.run, w,
            rows: block.tiles.count * layout.choice.segment,
            &product)
        } else {
          Scalar.kernels.pointee.complex_product(
            x + g * terms * input.spectra.run, w, gradient + g * outputs * output.spectra.run, &product)
        }
      }
    }
  }

  /// dX[s d + δ t] += G[d] W[t] at one frequency, for some rows of G.
  @inline(__always)
  private func addTaps(
    _ x: UnsafeMutablePointer<Scalar>, _ g: UnsafePointer<Scalar>, _ w: UnsafePointer<Scalar>, rows: Int,
    _ product: inout sk_product
  ) {
    let (inputPitch, outputPitch, reach) = (input.spectra.tilePitch, output.spectra.tilePitch, depth.span - 1)
    // With stride 1, positions that see an output by every tap are summed over all of them at once.
    let whole = depth.stride == 1 && rows > reach ? reach..<rows : 0..<0
    if !whole.isEmpty {
      (product.rows, product.taps, product.accumulate) = (whole.count, depth.kernel, 0)
      Scalar.kernels.pointee.complex_product(x + reach * inputPitch, g + reach * outputPitch, w, &product)
      guard reach > 0 else { return }
    }
    for position in 0..<input.spectra.positions where !whole.contains(position) {
      for run in 0..<input.map.run {
        (x + position * inputPitch + run * tile.columnPitch).update(repeating: 0, count: group)
      }
    }
    (product.taps, product.accumulate) = (1, 1)
    for tap in 0..<depth.kernel {
      let offset = tap * depth.dilation
      for outputs in whole.isEmpty ? [0..<rows] : [0..<reach - offset, rows - offset..<rows] where !outputs.isEmpty {
        product.rows = outputs.count
        Scalar.kernels.pointee.complex_product(
          x + (outputs.lowerBound * depth.stride + offset) * inputPitch, g + outputs.lowerBound * outputPitch,
          w + tap * filter.spectra.positionPitch, &product)
      }
    }
  }

  /// dW = Gᴴ X at each frequency of a range, or dW += Gᴴ X.
  ///
  /// - Parameter work: From ``makeFilterWork()``.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiplyFilter(
    _ range: Range<Int>, _ block: Int, to w: UnsafeMutablePointer<Scalar>, _ g: UnsafePointer<Scalar>,
    _ x: UnsafePointer<Scalar>, _ work: Scratch<Scalar>?, adding: Bool
  ) {
    let block = self.block(block, of: input)
    if layout.sumsTaps { return correlateTaps(range, to: w, g, x, work, firstGroup: block.firstGroup) }
    let (isMatrix, byOutputs, outputs, terms, tiles) = (layout.isMatrix, byOutputs, outputs, terms, block.tiles.count)
    var product = product(groups: filter.map.run, terms: tiles * layout.choice.segment)
    (product.c_row, product.accumulate) = (filter.spectra.run, adding ? 1 : 0)
    if isMatrix {
      (product.rows, product.rows_in_lanes, product.conjugated) = (outputs, 1, 1)
      (product.a_stride, product.b_row) = (output.spectra.tilePitch, depth.stride * input.spectra.tilePitch)
      if depth.kernel > 1 { (product.ahead, product.b_ahead) = (filter.spectra.positionPitch, 0) }
    } else {
      (product.b_row, product.b_group) = (filter.map.run * group, group)
      (product.rows, product.a_stride) = byOutputs ? (terms, input.spectra.run) : (outputs, output.spectra.run)
      (product.conjugated, product.b_ahead) = (byOutputs ? 2 : 1, 0)
    }
    for f in range {
      let (w, gradient, x) = (w + offset(f, filter), g + offset(f, output), x + offset(f, input))
      for g in 0..<groups {
        let w = w + g * outputs * filter.spectra.run
        if isMatrix {
          for tap in 0..<depth.kernel {
            Scalar.kernels.pointee.complex_product(
              w + tap * filter.spectra.positionPitch, gradient + g * output.spectra.run,
              x + g * input.spectra.run + tap * depth.dilation * input.spectra.tilePitch, &product)
          }
          continue
        }
        // Tiles stand in the lanes of both, but only one can give its numbers one by one: the other is transposed.
        let (gradient, x, transposed) = (
          gradient + g * outputs * output.spectra.run, x + g * terms * input.spectra.run, work!.base
        )
        if byOutputs {
          transpose(gradient, output.spectra.run, channels: outputs, tiles: tiles, to: transposed)
          Scalar.kernels.pointee.complex_product(w, x, transposed, &product)
        } else {
          transpose(x, input.spectra.run, channels: terms, tiles: tiles, to: transposed)
          Scalar.kernels.pointee.complex_product(w, gradient, transposed, &product)
        }
      }
    }
  }

  /// What ``multiplyFilter(_:_:to:_:_:_:adding:)`` works in, if it needs anything.
  func makeFilterWork() -> Scratch<Scalar>? {
    layout.filterWorkCount == 0 ? nil : Scratch(count: layout.filterWorkCount)
  }

  /// From channels of tiles to tiles of channels, at one frequency of a block.
  private func transpose(
    _ spectra: UnsafePointer<Scalar>, _ run: Int, channels: Int, tiles: Int, to target: UnsafeMutablePointer<Scalar>
  ) {
    Scalar.kernels.pointee.transpose_matrix(
      target, filter.map.run * group, group, spectra, run, tile.columnPitch, channels, tiles)
  }

  /// Wᵀ of one frequency of W, `[tap][group][term][output]` of `[tap][group][output][term]`.
  private func transpose(_ f: Int, _ filters: Scratch<Scalar>, to target: UnsafeMutablePointer<Scalar>) {
    let row = output.map.run * group
    for tap in 0..<depth.kernel {
      let w = filters.base + offset(f, filter) + tap * filter.spectra.positionPitch
      for g in 0..<groups {
        Scalar.kernels.pointee.transpose_matrix(
          target + tap * layout.transposedPitch + g * terms * row, row, group, w + g * outputs * filter.spectra.run,
          filter.spectra.run, tile.columnPitch, outputs, terms)
      }
    }
  }

  /// Wᵀ, `[frequency][tap][group][term][output]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func transposed(_ filters: Scratch<Scalar>) -> Scratch<Scalar> {
    let transposed = Scratch<Scalar>(count: layout.frequencies * layout.transposedSlab)
    forEachFrequencyRange(by: allThreads) { range in
      for f in range { transpose(f, filters, to: transposed.base + f * layout.transposedSlab) }
    }
    return transposed
  }
}
