import Layers
import Tensors

/// Convolution as matrix products of unfolded windows ("im2col"): a row for each tap of each channel, a column for each
/// output position. Only a block of that matrix exists at a time.
///
/// The rows come in units of one kernel row of one channel, `channel * kH + kernelRow`, each with kW taps: the order in
/// which the weight stores them, so that a block of units is a block of the weight's columns.
struct Unfolding<Scalar: TensorScalar> {
  private let problem: ConvolutionProblem
  private let vertical: ConvolutionAxis
  private let horizontal: ConvolutionAxis
  /// Kernel rows of all channels of a group.
  private let units: Int
  /// Units of a block.
  private let unitsAtOnce: Int
  /// Output positions of a block: several rows, or a part of one.
  private let rowsAtOnce: Int
  private let columnsAtOnce: Int
  /// Threads for which a memory limit has room.
  private let workers: Int
  /// Source pixel of each tap for each output, `[tap][output]`; -1 for zero.
  private let columnSources: [Int32]

  private var taps: Int { horizontal.kernel }
  private var positions: Int { vertical.output * horizontal.output }
  private var outputs: Int { problem.outputsPerGroup }
  private var weightColumns: Int { units * taps }

  init(_ problem: ConvolutionProblem, _ memoryLimit: Int?) {
    self.problem = problem
    (vertical, horizontal) = (problem.vertical, problem.horizontal)
    let (taps, width) = (horizontal.kernel, horizontal.output)
    units = problem.channelsPerGroup * vertical.kernel
    // A block of about 1 MiB stays in the second-level cache while BLAS reads it; a limit makes blocks smaller.
    let share = memoryLimit ?? .max
    let elements = max(min(1 << 20, share) / MemoryLayout<Scalar>.stride, taps)
    unitsAtOnce = max(1, min(units, min(512, elements / 64) / taps))
    let columns = max(1, elements / (unitsAtOnce * taps))
    rowsAtOnce = max(1, min(vertical.output, columns / width))
    columnsAtOnce = min(width, columns)
    let bytes = unitsAtOnce * taps * rowsAtOnce * columnsAtOnce * MemoryLayout<Scalar>.stride
    workers = memoryLimit.map { max(1, $0 / bytes) } ?? .max
    let (axis, outputs) = (horizontal, horizontal.output)
    columnSources = (0..<taps).flatMap { tap in
      (0..<outputs).map { output in axis.source(output: output, tap: tap).map(Int32.init) ?? -1 }
    }
  }

  /// The bytes that so many threads work in.
  func workingBytes(threads: Int) -> Int { min(threads, workers) * blockCount * MemoryLayout<Scalar>.stride }
  private var blockCount: Int { unitsAtOnce * taps * rowsAtOnce * columnsAtOnce }

  /// A block of output positions.
  private struct Positions {
    let rows: Range<Int>
    let columns: Range<Int>
    var count: Int { rows.count * columns.count }
  }

  private var columnBlocks: Int { (horizontal.output + columnsAtOnce - 1) / columnsAtOnce }
  private var positionBlocks: Int { (vertical.output + rowsAtOnce - 1) / rowsAtOnce * columnBlocks }

  private func positions(block: Int) -> Positions {
    let (row, column) = (block / columnBlocks * rowsAtOnce, block % columnBlocks * columnsAtOnce)
    return Positions(
      rows: row..<min(vertical.output, row + rowsAtOnce),
      columns: column..<min(horizontal.output, column + columnsAtOnce))
  }

  private var unitBlocks: Int { (units + unitsAtOnce - 1) / unitsAtOnce }
  private func units(block: Int) -> Range<Int> { block * unitsAtOnce..<min(units, (block + 1) * unitsAtOnce) }

  func forward(_ input: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ bias: Tensor<Scalar>?) -> Tensor<Scalar> {
    let groups = problem.geometry.groups
    return input.withUnsafeElements { x in
      weight.withUnsafeElements { w in
        Tensor<Scalar>(problem.outputShape) { y in
          fillWithBias(y, bias)
          guard !y.isEmpty else { return }
          let (x, w, y) = (x.baseAddress!, w.baseAddress!, y.baseAddress!)
          Parallel.forEach(
            problem.batch * groups * positionBlocks, atMost: workers, workspace: { Scratch<Scalar>(count: blockCount) }
          ) { index, matrix in
            let (plane, block) = index.quotientAndRemainder(dividingBy: positionBlocks)
            let positions = positions(block: block)
            let first =
              y + plane * outputs * self.positions + positions.rows.lowerBound * horizontal.output
              + positions.columns.lowerBound
            for unitBlock in 0..<unitBlocks {
              let units = units(block: unitBlock)
              unfold(x, plane: plane, units, positions, to: matrix.base)
              Scalar.gemm(
                false, false, outputs, positions.count, units.count * taps, 1,
                w + plane % groups * outputs * weightColumns + units.lowerBound * taps, weightColumns,
                matrix.base, positions.count, 1, first, self.positions)
            }
          }
        }
      }
    }
  }

  func inputGradient(_ gradient: Tensor<Scalar>, _ weight: Tensor<Scalar>) -> Tensor<Scalar> {
    let groups = problem.geometry.groups
    // Channels are handed out whole, so that no two threads add to the same plane.
    let channelsAtOnce = max(1, min(unitsAtOnce / vertical.kernel, (problem.channelsPerGroup + 3) / 4))
    let channelBlocks = (problem.channelsPerGroup + channelsAtOnce - 1) / channelsAtOnce
    var result = Tensor<Scalar>.zeros(problem.inputShape)
    result.withUnsafeMutableElements { dx in
      gradient.withUnsafeElements { g in
        weight.withUnsafeElements { w in
          guard !dx.isEmpty else { return }
          let (dx, g, w) = (dx.baseAddress!, g.baseAddress!, w.baseAddress!)
          Parallel.forEach(
            problem.batch * groups * channelBlocks, atMost: workers, workspace: { Scratch<Scalar>(count: blockCount) }
          ) { index, matrix in
            let (plane, channelBlock) = index.quotientAndRemainder(dividingBy: channelBlocks)
            let channels =
              channelBlock * channelsAtOnce..<min(problem.channelsPerGroup, (channelBlock + 1) * channelsAtOnce)
            let all = channels.lowerBound * vertical.kernel..<channels.upperBound * vertical.kernel
            for block in 0..<positionBlocks {
              let positions = positions(block: block)
              let first =
                g + plane * outputs * self.positions + positions.rows.lowerBound * horizontal.output
                + positions.columns.lowerBound
              for start in stride(from: all.lowerBound, to: all.upperBound, by: unitsAtOnce) {
                let units = start..<min(all.upperBound, start + unitsAtOnce)
                Scalar.gemm(
                  true, false, units.count * taps, positions.count, outputs, 1,
                  w + plane % groups * outputs * weightColumns + units.lowerBound * taps, weightColumns,
                  first, self.positions, 0, matrix.base, positions.count)
                fold(matrix.base, units, positions, addingTo: dx, plane: plane)
              }
            }
          }
        }
      }
    }
    return result
  }

  func filterGradient(_ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>) -> Tensor<Scalar> {
    let groups = problem.geometry.groups
    // Units are handed out whole; each thread sums its columns of the weight over all images and positions.
    let unitsAtOnce = max(1, min(unitsAtOnce, (units + 3) / 4))
    let unitBlocks = (units + unitsAtOnce - 1) / unitsAtOnce
    var result = Tensor<Scalar>.zeros(problem.filterShape)
    result.withUnsafeMutableElements { dw in
      gradient.withUnsafeElements { g in
        input.withUnsafeElements { x in
          guard !g.isEmpty else { return }
          let (dw, g, x) = (dw.baseAddress!, g.baseAddress!, x.baseAddress!)
          Parallel.forEach(groups * unitBlocks, atMost: workers, workspace: { Scratch<Scalar>(count: blockCount) }) {
            index, matrix in
            let (group, unitBlock) = index.quotientAndRemainder(dividingBy: unitBlocks)
            let units = unitBlock * unitsAtOnce..<min(self.units, (unitBlock + 1) * unitsAtOnce)
            for image in 0..<problem.batch {
              let plane = image * groups + group
              for block in 0..<positionBlocks {
                let positions = positions(block: block)
                unfold(x, plane: plane, units, positions, to: matrix.base)
                let first =
                  g + plane * outputs * self.positions + positions.rows.lowerBound * horizontal.output
                  + positions.columns.lowerBound
                Scalar.gemm(
                  false, true, outputs, units.count * taps, positions.count, 1, first, self.positions, matrix.base,
                  positions.count, 1, dw + group * outputs * weightColumns + units.lowerBound * taps, weightColumns)
              }
            }
          }
        }
      }
    }
    return result
  }

  private func fillWithBias(_ y: UnsafeMutableBufferPointer<Scalar>, _ bias: Tensor<Scalar>?) {
    guard let bias else { return y.initialize(repeating: 0) }
    bias.withUnsafeElements { bias in
      for plane in 0..<problem.batch * problem.outputChannels {
        (y.baseAddress! + plane * positions).initialize(repeating: bias[plane % bias.count], count: positions)
      }
    }
  }

  /// Writes the matrix of some units (rows) and positions (columns) of one image and group.
  private func unfold(
    _ x: UnsafePointer<Scalar>, plane: Int, _ units: Range<Int>, _ positions: Positions,
    to matrix: UnsafeMutablePointer<Scalar>
  ) {
    let planeCount = vertical.input * horizontal.input
    var target = matrix
    columnSources.withUnsafeBufferPointer { sources in
      for unit in units {
        let (channel, kernelRow) = unit.quotientAndRemainder(dividingBy: vertical.kernel)
        let source = x + (plane * problem.channelsPerGroup + channel) * planeCount
        for tap in 0..<taps {
          let columns = sources.baseAddress! + tap * horizontal.output
          for row in positions.rows {
            if let sourceRow = vertical.source(output: row, tap: kernelRow) {
              gatherColumns(source + sourceRow * horizontal.input, columns, positions.columns, to: target)
            } else {
              target.initialize(repeating: 0, count: positions.columns.count)
            }
            target += positions.columns.count
          }
        }
      }
    }
  }

  /// The adjoint of ``unfold``: adds the matrix back to where its elements came from.
  private func fold(
    _ matrix: UnsafePointer<Scalar>, _ units: Range<Int>, _ positions: Positions,
    addingTo x: UnsafeMutablePointer<Scalar>, plane: Int
  ) {
    let planeCount = vertical.input * horizontal.input
    var source = matrix
    columnSources.withUnsafeBufferPointer { sources in
      for unit in units {
        let (channel, kernelRow) = unit.quotientAndRemainder(dividingBy: vertical.kernel)
        let target = x + (plane * problem.channelsPerGroup + channel) * planeCount
        for tap in 0..<taps {
          let columns = sources.baseAddress! + tap * horizontal.output
          for row in positions.rows {
            if let targetRow = vertical.source(output: row, tap: kernelRow) {
              addColumns(source, columns, positions.columns, to: target + targetRow * horizontal.input)
            }
            source += positions.columns.count
          }
        }
      }
    }
  }
}

/// `to[i] = row[columns[i]]` over a range, 0 where the column is negative.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func gatherColumns<Scalar: TensorScalar>(
  _ row: UnsafePointer<Scalar>, _ columns: UnsafePointer<Int32>, _ range: Range<Int>,
  to target: UnsafeMutablePointer<Scalar>
) {
  var target = target
  for i in range {
    let column = Int(columns[i])
    target.pointee = column < 0 ? 0 : row[column]
    target += 1
  }
}

/// `row[columns[i]] += from[i]` over a range, nothing where the column is negative.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func addColumns<Scalar: TensorScalar>(
  _ source: UnsafePointer<Scalar>, _ columns: UnsafePointer<Int32>, _ range: Range<Int>,
  to row: UnsafeMutablePointer<Scalar>
) {
  var source = source
  for i in range {
    let column = Int(columns[i])
    if column >= 0 { row[column] += source.pointee }
    source += 1
  }
}
