import Tensors

/// The products at one frequency. See ``TileEngine`` for the letters.
extension TileEngine {
  private var groups: Int { problem.geometry.groups }
  private var outputs: Int { problem.outputsPerGroup }

  /// Y = X Wᴴ for each frequency of a range.
  func multiplyForward(
    _ range: Range<Int>, rows: Int, _ y: UnsafeMutablePointer<Scalar>, _ x: UnsafePointer<Scalar>,
    _ filters: FilterSpectra<Scalar>
  ) {
    let (terms, outputs) = (terms, outputs)
    let (ldx, ldy) = (inputMap.count, outputMap.count)
    if isDepthwise {
      for f in range {
        Scalar.lanesTimesConjugate(
          y + 2 * f * outputMap.pitch, x + 2 * f * inputMap.pitch, filters.values.base + 2 * f * filterMap.pitch, rows,
          ldx)
      }
      return
    }
    let adjoint = filters.adjoint!.base
    for f in range {
      for g in 0..<groups {
        Scalar.complexProduct(
          y + 2 * (f * outputMap.pitch + g * outputs), ldy, x + 2 * (f * inputMap.pitch + g * terms), ldx, 1,
          adjoint + 2 * (f * filterMap.count + g * outputs * terms), outputs, rows, outputs, terms,
          conjugated: false, accumulate: false)
      }
    }
  }

  /// dX = G W for each frequency of a range.
  func multiplyBackward(
    _ range: Range<Int>, rows: Int, _ x: UnsafeMutablePointer<Scalar>, _ g: UnsafePointer<Scalar>,
    _ filters: FilterSpectra<Scalar>
  ) {
    let (terms, outputs) = (terms, outputs)
    let (ldx, ldg) = (inputMap.count, outputMap.count)
    for f in range {
      let w = filters.values.base + 2 * f * filterMap.pitch
      if isDepthwise {
        Scalar.lanesTimes(x + 2 * f * inputMap.pitch, g + 2 * f * outputMap.pitch, w, rows, ldx)
        continue
      }
      for group in 0..<groups {
        Scalar.complexProduct(
          x + 2 * (f * inputMap.pitch + group * terms), ldx, g + 2 * (f * outputMap.pitch + group * outputs), ldg, 1,
          w + 2 * group * outputs * terms, terms, rows, terms, outputs, conjugated: false, accumulate: false)
      }
    }
  }

  /// dW += Gᴴ X for one frequency.
  func multiplyFilter(
    _ f: Int, rows: Int, _ w: UnsafeMutablePointer<Scalar>, _ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>
  ) {
    let (terms, outputs) = (terms, outputs)
    let (ldx, ldg) = (inputMap.count, outputMap.count)
    let (x, g, w) = (x + 2 * f * inputMap.pitch, g + 2 * f * outputMap.pitch, w + 2 * f * filterMap.pitch)
    if isDepthwise { return Scalar.lanesCorrelate(w, g, x, rows, ldx) }
    for group in 0..<groups {
      Scalar.complexProduct(
        w + 2 * group * outputs * terms, terms, g + 2 * group * outputs, 1, ldg, x + 2 * group * terms, ldx, outputs,
        terms, rows, conjugated: true, accumulate: true)
    }
  }
}
