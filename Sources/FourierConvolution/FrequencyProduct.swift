import CKernels
import Fourier
import Tensors

/// The products at one frequency. See ``TileEngine`` for the letters.
///
/// The vectors run over channels or over tiles (``LaneMap/Arrangement``); the other factor is read number by number.
extension TileEngine {
  private var groups: Int { filterMap.groups / outputs }
  private var outputs: Int { outputMap.channels }
  private var terms: Int { filterMap.signals }
  private var byChannels: Bool { inputMap.arrangement == .channels }

  /// Y = X Wᴴ for each frequency of a range.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiplyForward(
    _ range: Range<Int>, tiles: Int, _ y: UnsafeMutablePointer<Scalar>, _ x: UnsafePointer<Scalar>,
    _ filters: FilterSpectra<Scalar>
  ) {
    var factor = sk_factor(rows_in_lanes: 0, stride: byChannels ? inputMap.tilePitch : filterMap.runPitch)
    for f in range {
      let (y, x) = (y + f * outputMap.pitch, x + f * inputMap.pitch)
      for g in 0..<groups {
        if byChannels {
          Scalar.complexProduct(
            y + g * outputMap.runPitch, outputMap.tilePitch, x + g * inputMap.runPitch, &factor,
            filters.transposed!.base + f * transposedPitch + g * terms * outputMap.runPitch, outputMap.runPitch,
            rows: tiles, groups: outputMap.run, terms: terms, .second, accumulate: false)
        } else {
          Scalar.complexProduct(
            y + g * outputs * outputMap.runPitch, outputMap.runPitch,
            filters.values!.base + f * filterMap.pitch + g * outputs * filterMap.runPitch, &factor,
            x + g * terms * inputMap.runPitch, inputMap.runPitch, rows: outputs, groups: outputMap.run, terms: terms,
            .first, accumulate: false)
        }
      }
    }
  }

  /// dX = G W for each frequency of a range.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiplyBackward(
    _ range: Range<Int>, tiles: Int, _ x: UnsafeMutablePointer<Scalar>, _ g: UnsafePointer<Scalar>,
    _ filters: FilterSpectra<Scalar>
  ) {
    var factor =
      byChannels
      ? sk_factor(rows_in_lanes: 0, stride: outputMap.tilePitch)
      : sk_factor(rows_in_lanes: 1, stride: filterMap.runPitch)
    for f in range {
      let (x, gradient) = (x + f * inputMap.pitch, g + f * outputMap.pitch)
      for g in 0..<groups {
        let w = filters.values!.base + f * filterMap.pitch + g * outputs * filterMap.runPitch
        if byChannels {
          Scalar.complexProduct(
            x + g * inputMap.runPitch, inputMap.tilePitch, gradient + g * outputMap.runPitch, &factor, w,
            filterMap.runPitch, rows: tiles, groups: inputMap.run, terms: outputs, .none, accumulate: false)
        } else {
          Scalar.complexProduct(
            x + g * terms * inputMap.runPitch, inputMap.runPitch, w, &factor,
            gradient + g * outputs * outputMap.runPitch, outputMap.runPitch, rows: terms, groups: inputMap.run,
            terms: outputs, .none, accumulate: false)
        }
      }
    }
  }

  /// dW += Gᴴ X for one frequency.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiplyFilter(
    _ f: Int, tiles: Int, _ w: UnsafeMutablePointer<Scalar>, _ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>
  ) {
    var factor = sk_factor(rows_in_lanes: 1, stride: outputMap.tilePitch)
    let (x, gradient) = (x + f * inputMap.pitch, g + f * outputMap.pitch)
    for g in 0..<groups {
      let w = w + f * filterMap.pitch + g * outputs * filterMap.runPitch
      if byChannels {
        Scalar.complexProduct(
          w, filterMap.runPitch, gradient + g * outputMap.runPitch, &factor, x + g * inputMap.runPitch,
          inputMap.tilePitch, rows: outputs, groups: filterMap.run, terms: tiles, .first, accumulate: true)
      } else {
        Scalar.laneDots(
          w, filterMap.runPitch, gradient + g * outputs * outputMap.runPitch, outputMap.runPitch,
          x + g * terms * inputMap.runPitch, inputMap.runPitch, rows: outputs, terms: terms, groups: inputMap.run)
      }
    }
  }

  /// Numbers from one frequency of Wᵀ to the next.
  var transposedPitch: Int { groups * terms * outputMap.runPitch }

  /// Wᵀ, `[frequency][group][term][output]`, of W, `[frequency][output][term]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func transposed(_ spectra: Scratch<Scalar>) -> Scratch<Scalar> {
    let transposed = Scratch<Scalar>(count: frequencies * transposedPitch)
    forEachFrequencyRange { range in
      for f in range {
        for g in 0..<groups {
          Scalar.transposeMatrix(
            transposed.base + f * transposedPitch + g * terms * outputMap.runPitch, outputMap.runPitch,
            spectra.base + f * filterMap.pitch + g * outputs * filterMap.runPitch, filterMap.runPitch, rows: outputs,
            columns: terms)
        }
      }
    }
    return transposed
  }
}
