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
      return StageTime(
        stage: stage, seconds: seconds[stage]!, operations: work.operations, bytes: work.bytes)
    }
  }
}

extension TileEngine {
  /// Operations and bytes of a stage in one pass.
  fileprivate func work(_ stage: ConvolutionStage, training: Bool) -> (operations: Double, bytes: Double) {
    let (inputMap, outputMap, filterMap) = (input.map, output.map, filter.map)
    let (blocks, tiles, frequencies, isDepthwise) = (
      layout.blocks, layout.tiles, layout.frequencies, layout.isDepthwise
    )
    let lanes = Double(inputMap.lanes)
    let points = Double(size.height * size.width)
    func logarithm(_ count: Int) -> Double { log2(Double(max(count, 2))) }
    // Of a group of lanes, rows and columns.
    let (rows, columns) = (2.5 * points * logarithm(size.width) * lanes, 2.5 * points * logarithm(size.height) * lanes)
    let pixels = points * lanes * Double(MemoryLayout<Scalar>.stride)
    let spectra = Double(frequencies) * Double(tile.group) * Double(MemoryLayout<Scalar>.stride)
    let (inputs, outputs) = (Double(blocks * inputMap.count), Double(blocks * outputMap.count))
    let filters = Double(filterMap.count)
    // Where columns are part of the product, what goes between is half-transformed. Gradients are, with many channels.
    let isFusedBack = isDepthwise && inputMap.arrangement == .channels
    func transform(_ groups: Double, isFused: Bool) -> (Double, Double) {
      (groups * (isFused ? rows : rows + columns), groups * (pixels + spectra))
    }
    func product(isFused: Bool, operands: Double) -> (Double, Double) {
      let sums =
        isDepthwise
        ? inputs
        : inputMap.arrangement == .channels
          ? Double(tiles * filterMap.signals * inputMap.groups * outputMap.run)
          : Double(blocks * filterMap.signals * outputMap.groups * outputMap.channels * outputMap.run)
      let operations = 8 * Double(frequencies) * sums * lanes + (isFused ? (inputs + outputs) * columns : 0)
      return (operations, operands * spectra)
    }
    func sum(_ a: (Double, Double), _ b: (Double, Double)) -> (operations: Double, bytes: Double) {
      (a.0 + b.0, a.1 + b.1)
    }
    switch stage {
    case .filters: return training ? sum(transform(2 * filters, isFused: false), (0, 0)) : (0, 0)
    case .transform, .inverse:
      let (first, second) = stage == .transform ? (inputs, outputs) : (outputs, inputs)
      let forward = transform(first, isFused: isDepthwise)
      return sum(forward, training ? transform(second, isFused: isFusedBack) : (0, 0))
    case .product:
      let perBlock = filters * Double(blocks)
      let forward = product(isFused: isDepthwise, operands: inputs + outputs + perBlock)
      guard training else { return sum(forward, (0, 0)) }
      // G meets W and X, and makes dX and dW.
      let back = product(isFused: isFusedBack, operands: inputs + outputs + perBlock)
      let filter = product(isFused: false, operands: inputs + outputs + filters)
      return sum(forward, sum(back, filter))
    }
  }
}
