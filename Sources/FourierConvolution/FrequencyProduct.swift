import CKernels
import SpectralTransforms
import SpectralCore

/// The products at one frequency. See ``TileEngine`` for the letters.
///
/// The vectors run over channels or over tiles (``LaneMap/Arrangement``); the other factor is read number by number.
extension TileEngine {
  private var groups: Int { problem.geometry.groups }
  private var outputs: Int { outputMap.channels }
  private var terms: Int { filterMap.signals }
  private var byChannels: Bool { inputMap.arrangement == .channels }
  /// Whether outputs stand in the lanes of the filters' spectra; otherwise terms do.
  private var byOutputs: Bool { filterMap.arrangement == .tiles }

  /// Numbers of a run of groups of lanes.
  private func run(_ map: LaneMap) -> Int { map.run * tile.columnPitch }
  /// Numbers from one tile to the next, where channels stand side by side.
  private func tilePitch(_ map: LaneMap) -> Int { map.groups * run(map) }

  /// Where a frequency of a block begins. Frequencies are numbered down the columns.
  @inline(__always)
  func offset(_ frequency: Int, _ map: LaneMap) -> Int {
    let (v, u) = frequency.quotientAndRemainder(dividingBy: size.height)
    return v * slab(map) + u * tile.group
  }

  /// Y = X Wᴴ at each frequency of a range, for some blocks.
  ///
  /// - Parameter spectra: The spectra of feature maps and images of a block.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiplyForward(
    _ range: Range<Int>, _ blocks: Range<Int>, _ filters: FilterSpectra<Scalar>,
    spectra: (Int) -> (y: UnsafeMutablePointer<Scalar>, x: UnsafeMutablePointer<Scalar>)
  ) {
    let (inputRun, outputRun, filterRun) = (run(inputMap), run(outputMap), run(filterMap))
    var product = sk_product()
    (product.terms, product.groups) = (terms, outputMap.run)
    (product.c_group, product.a_group, product.ahead) = (tile.columnPitch, tile.columnPitch, tile.group)
    // Wᵀ of one frequency, made where it is not kept: then all blocks are to follow.
    let turned = byChannels && filters.transposed == nil ? Scratch<Scalar>(count: transposedPitch) : nil
    for f in range {
      if let turned { transpose(f, filters.values!, to: turned.base) }
      for block in blocks {
        let tiles = tileRange(block).count
        let spectra = spectra(block)
        let (y, x) = (spectra.y + offset(f, outputMap), spectra.x + offset(f, inputMap))
        for g in 0..<groups {
          if byChannels {
            let w = turned?.base ?? (filters.transposed!.base + f * transposedPitch)
            product.rows = tiles
            (product.c_row, product.a_stride, product.b_row) = (
              tilePitch(outputMap), tilePitch(inputMap), outputMap.run * tile.group
            )
            (product.b_group, product.conjugated, product.b_ahead) = (tile.group, 2, transposedPitch)
            Scalar.kernels.pointee.complex_product(
              y + g * outputRun, x + g * inputRun, w + g * terms * outputMap.run * tile.group, &product)
          } else {
            product.rows = outputs
            product.rows_in_lanes = byOutputs ? 1 : 0
            (product.c_row, product.a_stride, product.b_row) = (outputRun, filterRun, inputRun)
            (product.b_group, product.conjugated, product.b_ahead) = (tile.columnPitch, 1, tile.group)
            Scalar.kernels.pointee.complex_product(
              y + g * outputs * outputRun, filters.values!.base + offset(f, filterMap) + g * outputs * filterRun,
              x + g * terms * inputRun, &product)
          }
        }
      }
    }
  }

  /// dX = G W at each frequency of a range, for one block.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiplyBackward(
    _ range: Range<Int>, tiles: Int, _ x: UnsafeMutablePointer<Scalar>, _ g: UnsafePointer<Scalar>,
    _ filters: FilterSpectra<Scalar>
  ) {
    let (inputRun, outputRun, filterRun) = (run(inputMap), run(outputMap), run(filterMap))
    let (byChannels, outputs, terms) = (byChannels, outputs, terms)
    let w = filters.values!.base
    var product = sk_product()
    (product.terms, product.groups) = (outputs, inputMap.run)
    (product.c_group, product.a_group, product.b_group) = (tile.columnPitch, tile.columnPitch, tile.columnPitch)
    (product.ahead, product.b_ahead) = (tile.group, tile.group)
    if byChannels {
      product.rows = tiles
      (product.c_row, product.a_stride, product.b_row) = (tilePitch(inputMap), tilePitch(outputMap), filterRun)
    } else {
      product.rows = terms
      product.rows_in_lanes = byOutputs ? 0 : 1
      (product.c_row, product.a_stride, product.b_row) = (inputRun, filterRun, outputRun)
    }
    for f in range {
      let (x, gradient, w) = (x + offset(f, inputMap), g + offset(f, outputMap), w + offset(f, filterMap))
      for g in 0..<groups {
        let w = w + g * outputs * filterRun
        if byChannels {
          Scalar.kernels.pointee.complex_product(x + g * inputRun, gradient + g * outputRun, w, &product)
        } else {
          Scalar.kernels.pointee.complex_product(
            x + g * terms * inputRun, w, gradient + g * outputs * outputRun, &product)
        }
      }
    }
  }

  /// dW = Gᴴ X at each frequency of a range, or dW += Gᴴ X.
  ///
  /// - Parameter turned: Room for Gᵀ or Xᵀ, from ``makeTurned(if:)``.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiplyFilter(
    _ range: Range<Int>, tiles: Int, _ w: UnsafeMutablePointer<Scalar>, _ g: UnsafePointer<Scalar>,
    _ x: UnsafePointer<Scalar>, _ turned: Scratch<Scalar>?, adding: Bool
  ) {
    let (inputRun, outputRun, filterRun) = (run(inputMap), run(outputMap), run(filterMap))
    let (byChannels, byOutputs, outputs, terms) = (byChannels, byOutputs, outputs, terms)
    let turned = turned?.base
    var product = sk_product()
    (product.terms, product.groups, product.c_row) = (tiles, filterMap.run, filterRun)
    (product.c_group, product.a_group) = (tile.columnPitch, tile.columnPitch)
    (product.accumulate, product.ahead) = (adding ? 1 : 0, tile.group)
    if byChannels {
      (product.rows, product.rows_in_lanes, product.conjugated) = (outputs, 1, 1)
      (product.a_stride, product.b_row) = (tilePitch(outputMap), tilePitch(inputMap))
      (product.b_group, product.b_ahead) = (tile.columnPitch, tile.group)
    } else {
      (product.b_row, product.b_group) = (filterMap.run * tile.group, tile.group)
      (product.rows, product.a_stride) = byOutputs ? (terms, inputRun) : (outputs, outputRun)
      product.conjugated = byOutputs ? 2 : 1
    }
    for f in range {
      let (w, gradient, x) = (w + offset(f, filterMap), g + offset(f, outputMap), x + offset(f, inputMap))
      for g in 0..<groups {
        let w = w + g * outputs * filterRun
        if byChannels {
          Scalar.kernels.pointee.complex_product(w, gradient + g * outputRun, x + g * inputRun, &product)
          continue
        }
        // Tiles stand in the lanes of both, but only one can give its numbers one by one: the other is turned.
        let (gradient, x) = (gradient + g * outputs * outputRun, x + g * terms * inputRun)
        if byOutputs {
          turn(gradient, outputRun, channels: outputs, tiles: tiles, to: turned!)
          Scalar.kernels.pointee.complex_product(w, x, turned!, &product)
        } else {
          turn(x, inputRun, channels: terms, tiles: tiles, to: turned!)
          Scalar.kernels.pointee.complex_product(w, gradient, turned!, &product)
        }
      }
    }
  }

  /// Room for Gᵀ or Xᵀ of a block at one frequency, if ``multiplyFilter`` will need it.
  func makeTurned(if wanted: Bool) -> Scratch<Scalar>? {
    wanted && !byChannels ? Scratch(count: tilesPerBlock * filterMap.run * tile.group) : nil
  }

  /// From channels of tiles to tiles of channels.
  private func turn(
    _ spectra: UnsafePointer<Scalar>, _ run: Int, channels: Int, tiles: Int, to turned: UnsafeMutablePointer<Scalar>
  ) {
    Scalar.kernels.pointee.transpose_matrix(
      turned, filterMap.run * tile.group, tile.group, spectra, run, tile.columnPitch, channels, tiles)
  }

  /// Numbers of Wᵀ at one frequency: `[group][term][output]`.
  private var transposedPitch: Int { groups * terms * outputMap.run * tile.group }

  /// Wᵀ of one frequency of W, `[frequency][output][term]`.
  private func transpose(_ f: Int, _ filters: Scratch<Scalar>, to transposed: UnsafeMutablePointer<Scalar>) {
    for g in 0..<groups {
      Scalar.kernels.pointee.transpose_matrix(
        transposed + g * terms * outputMap.run * tile.group, outputMap.run * tile.group, tile.group,
        filters.base + offset(f, filterMap) + g * outputs * run(filterMap), run(filterMap), tile.columnPitch, outputs,
        terms)
    }
  }

  /// Wᵀ, `[frequency][group][term][output]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func transposed(_ filters: Scratch<Scalar>) -> Scratch<Scalar> {
    let transposed = Scratch<Scalar>(count: frequencies * transposedPitch)
    forEachFrequencyRange { range in
      for f in range { transpose(f, filters, to: transposed.base + f * transposedPitch) }
    }
    return transposed
  }
}
