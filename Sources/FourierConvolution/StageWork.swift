import Foundation
import SpectralConvolution
import SpectralCore

extension FourierConvolution {
  /// What each stage takes and does while `body` computes a problem by this method: inference, the spectra of filters
  /// being kept, or a training step of ``record(_:_:_:_:)`` and ``gradients(_:_:wantsInput:)``. Whatever else the
  /// process convolves meanwhile counts too.
  public func stageTimes(_ problem: ConvolutionProblem, training: Bool, while body: () -> Void) -> [StageTime] {
    let engine = tiles(problem, training: training).engine
    let seconds = StageClock.seconds(body)
    return ConvolutionStage.allCases.map { stage in
      let work = engine.work(stage, training: training)
      return StageTime(stage: stage, seconds: seconds[stage.rawValue], operations: work.operations, bytes: work.bytes)
    }
  }
}

/// Operations, and bytes that are read and written.
private struct Work {
  var operations = 0.0
  var bytes = 0.0

  static func + (a: Work, b: Work) -> Work { Work(operations: a.operations + b.operations, bytes: a.bytes + b.bytes) }
}

extension TileEngine {
  /// The work of a stage in one pass.
  fileprivate func work(_ stage: ConvolutionStage, training: Bool) -> Work {
    let (points, frequencies) = (Double(size.height * size.width), Double(layout.frequencies))
    let scalarBytes = Double(MemoryLayout<Scalar>.stride)
    let (lanes, blocks) = (Double(input.map.lanes), Double(layout.blocks))
    func logarithm(_ count: Int) -> Double { log2(Double(max(count, 2))) }
    // Of a group of lanes, rows and columns.
    let (rows, columns) = (2.5 * points * logarithm(size.width) * lanes, 2.5 * points * logarithm(size.height) * lanes)
    let (pixels, spectra) = (points * lanes * scalarBytes, frequencies * Double(group) * scalarBytes)
    let (inputs, outputs) = (blocks * Double(input.spectra.units), blocks * Double(output.spectra.units))
    let filters = Double(filter.spectra.units)
    // Where columns are part of the product, what goes between is half-transformed. Gradients are, with many channels.
    let isFusedBack = layout.isFused && layout.byChannels
    func transform(_ groups: Double, isFused: Bool) -> Work {
      Work(operations: groups * (isFused ? rows : rows + columns), bytes: groups * (pixels + spectra))
    }
    func product(isFused: Bool, operands: Double) -> Work {
      let sums =
        layout.isDepthwise
        ? inputs
        : Double(terms * output.map.run)
          * (layout.byChannels ? Double(layout.tiles * groups) : blocks * Double(groups * self.outputs))
      return Work(
        operations: 8 * frequencies * sums * lanes + (isFused ? (inputs + outputs) * columns : 0),
        bytes: operands * spectra)
    }
    switch stage {
    case .filters: return training ? transform(2 * filters, isFused: false) : Work()
    case .transform, .inverse:
      let (first, second) = stage == .transform ? (inputs, outputs) : (outputs, inputs)
      return transform(first, isFused: layout.isFused) + (training ? transform(second, isFused: isFusedBack) : Work())
    case .product:
      let perBlock = inputs + outputs + filters * blocks
      let forward = product(isFused: layout.isFused, operands: perBlock)
      guard training else { return forward }
      // G meets W and X, and makes dX and dW.
      return forward + product(isFused: isFusedBack, operands: perBlock)
        + product(isFused: false, operands: inputs + outputs + filters)
    }
  }
}
