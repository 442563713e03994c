import Tensors

/// The products at one frequency, for every kind. See ``TileEngine`` for the letters.
extension TileEngine {
  private var groups: Int { problem.geometry.groups }
  private var outputs: Int { problem.outputsPerGroup }

  /// Y = X Wᴴ for each frequency of a range.
  func multiplyForward(
    _ range: Range<Int>, rows: Int, _ y: UnsafeMutablePointer<Scalar>, _ x: UnsafePointer<Scalar>,
    _ w: UnsafePointer<Scalar>
  ) {
    let (terms, outputs) = (terms, outputs)
    let (ldx, ldy) = (inputMap.count, outputMap.count)
    for f in range {
      let (x, y, w) = (x + 2 * f * inputMap.pitch, y + 2 * f * outputMap.pitch, w + 2 * f * filterMap.pitch)
      switch productKind {
      case .lanes: Scalar.lanesTimesConjugate(y, x, w, rows, ldx)
      case .small:
        for g in 0..<groups {
          Scalar.smallTimesAdjoint(
            y + 2 * g * outputs, ldy, x + 2 * g * terms, ldx, w + 2 * g * outputs * terms, terms, rows, outputs, terms)
        }
      case .matrix:
        for g in 0..<groups {
          Scalar.complexGEMM(
            x + 2 * g * terms, .identity, ldx, w + 2 * g * outputs * terms, .adjoint, terms, y + 2 * g * outputs, ldy,
            rows, outputs, terms, accumulate: false)
        }
      }
    }
  }

  /// dX = G W for each frequency of a range.
  func multiplyBackward(
    _ range: Range<Int>, rows: Int, _ x: UnsafeMutablePointer<Scalar>, _ g: UnsafePointer<Scalar>,
    _ w: UnsafePointer<Scalar>
  ) {
    let (terms, outputs) = (terms, outputs)
    let (ldx, ldg) = (inputMap.count, outputMap.count)
    for f in range {
      let (x, y, w) = (x + 2 * f * inputMap.pitch, g + 2 * f * outputMap.pitch, w + 2 * f * filterMap.pitch)
      switch productKind {
      case .lanes: Scalar.lanesTimes(x, y, w, rows, ldx)
      case .small:
        for g in 0..<groups {
          Scalar.smallTimes(
            x + 2 * g * terms, ldx, y + 2 * g * outputs, ldg, w + 2 * g * outputs * terms, terms, rows, outputs, terms)
        }
      case .matrix:
        for g in 0..<groups {
          Scalar.complexGEMM(
            y + 2 * g * outputs, .identity, ldg, w + 2 * g * outputs * terms, .identity, terms, x + 2 * g * terms, ldx,
            rows, terms, outputs, accumulate: false)
        }
      }
    }
  }

  /// dW += Gᴴ X for one frequency.
  func multiplyFilter(
    _ f: Int, rows: Int, _ w: UnsafeMutablePointer<Scalar>, _ g: UnsafePointer<Scalar>, _ x: UnsafePointer<Scalar>
  ) {
    let (terms, outputs) = (terms, outputs)
    let (ldx, ldg) = (inputMap.count, outputMap.count)
    let (x, y, w) = (x + 2 * f * inputMap.pitch, g + 2 * f * outputMap.pitch, w + 2 * f * filterMap.pitch)
    switch productKind {
    case .lanes: Scalar.lanesCorrelate(w, y, x, rows, ldx)
    case .small:
      for g in 0..<groups {
        Scalar.smallAdjointTimes(
          w + 2 * g * outputs * terms, terms, y + 2 * g * outputs, ldg, x + 2 * g * terms, ldx, rows, outputs, terms)
      }
    case .matrix:
      for g in 0..<groups {
        Scalar.complexGEMM(
          y + 2 * g * outputs, .adjoint, ldg, x + 2 * g * terms, .identity, ldx, w + 2 * g * outputs * terms, terms,
          outputs, terms, rows, accumulate: true)
      }
    }
  }
}
