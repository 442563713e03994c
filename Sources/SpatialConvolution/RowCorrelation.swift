import SpectralConvolution
import SpectralCore

/// Convolution row by row, for few channels: the rows of the padded image are correlated with the rows of the kernel.
///
/// Only a band of padded rows exists at a time, so memory does not grow with the image.
struct RowCorrelation<Scalar: RowScalar> {
  private let problem: ConvolutionProblem
  private let vertical: ConvolutionAxis
  private let horizontal: ConvolutionAxis
  /// Output rows that share a band of padded rows.
  private var rowsAtOnce: Int
  /// Threads for which a memory limit has room.
  private var workers = Int.max
  private let columnSources: [Int32]

  init(_ problem: ConvolutionProblem, _ memoryLimit: Int?) {
    self.problem = problem
    (vertical, horizontal) = (problem.vertical, problem.horizontal)
    let rowBytes = horizontal.padded * MemoryLayout<Scalar>.stride
    let share = memoryLimit ?? .max
    let rows = max(0, min(1 << 20, share) / rowBytes - vertical.span) / vertical.stride
    rowsAtOnce = max(1, min(vertical.output, max(rows, min(8, vertical.span))))
    columnSources = (0..<horizontal.padded).map { [horizontal] in horizontal.source($0).map(Int32.init) ?? -1 }
    guard let memoryLimit else { return }
    while rowsAtOnce > 1, stretches.bytes(threads: 1) > memoryLimit { rowsAtOnce -= max(1, rowsAtOnce / 8) }
    workers = max(1, stretches.threads(within: memoryLimit))
  }

  private var bandRows: Int { (rowsAtOnce - 1) * vertical.stride + vertical.span }
  /// What is held: the filters, if they have to be turned, a bias of zeros, a table, and bands.
  var stretches: [WorkingSet] {
    let bias = Scratch<Scalar>.byteCount(problem.outputChannels)
    return [
      WorkingSet(
        shared: problem.flippedBytes(Scalar.self) + bias + horizontal.padded * MemoryLayout<Int32>.stride,
        perThread: Scratch<Scalar>.byteCount(bandRows * horizontal.padded))
    ]
  }
  private var bands: Int { (vertical.output + rowsAtOnce - 1) / rowsAtOnce }
  private func rows(band: Int) -> Range<Int> { band * rowsAtOnce..<min(vertical.output, (band + 1) * rowsAtOnce) }
  private var inputPlane: Int { vertical.input * horizontal.input }
  private var outputPlane: Int { vertical.output * horizontal.output }
  private var taps: Int { vertical.kernel * horizontal.kernel }
  private var bandScratch: Scratch<Scalar> { Scratch(count: bandRows * horizontal.padded) }

  func forward(_ input: Tensor<Scalar>, _ weight: Tensor<Scalar>, _ bias: Tensor<Scalar>?) -> Tensor<Scalar> {
    let bias = bias ?? .zeros([problem.outputChannels])
    let (perGroup, outputs) = (problem.channelsPerGroup, problem.outputsPerGroup)
    return input.withUnsafeElements { x in
      weight.withUnsafeElements { w in
        bias.withUnsafeElements { bias in
          Tensor<Scalar>(problem.outputShape) { y in
            guard !y.isEmpty else { return }
            let (x, w, y) = (x.baseAddress!, w.baseAddress!, y.baseAddress!)
            Parallel.forEach(
              problem.batch * problem.geometry.groups * bands, atMost: workers, workspace: { bandScratch }
            ) { index, padded in
              let (plane, band) = index.quotientAndRemainder(dividingBy: bands)
              let rows = rows(band: band)
              let group = plane % problem.geometry.groups
              for o in 0..<outputs {
                let first = y + (plane * outputs + o) * outputPlane + rows.lowerBound * horizontal.output
                first.initialize(repeating: bias[group * outputs + o], count: rows.count * horizontal.output)
              }
              for channel in 0..<perGroup {
                pad(x + (plane * perGroup + channel) * inputPlane, rows, to: padded.base)
                for o in 0..<outputs {
                  let kernel = w + ((group * outputs + o) * perGroup + channel) * taps
                  forEachRow(rows) { row, kernelRow, offset in
                    Scalar.correlateRow(
                      y + (plane * outputs + o) * outputPlane + row * horizontal.output, padded.base + offset,
                      kernel + kernelRow * horizontal.kernel, horizontal.output, horizontal.kernel,
                      horizontal.stride, horizontal.dilation)
                  }
                }
              }
            }
          }
        }
      }
    }
  }

  func inputGradient(_ gradient: Tensor<Scalar>, _ weight: Tensor<Scalar>) -> Tensor<Scalar> {
    let (perGroup, outputs) = (problem.channelsPerGroup, problem.outputsPerGroup)
    var result = Tensor<Scalar>.zeros(problem.inputShape)
    result.withUnsafeMutableElements { dx in
      gradient.withUnsafeElements { g in
        weight.withUnsafeElements { w in
          guard !dx.isEmpty else { return }
          let (dx, g, w) = (dx.baseAddress!, g.baseAddress!, w.baseAddress!)
          Parallel.forEach(problem.batch * problem.inputChannels, atMost: workers, workspace: { bandScratch }) {
            index, padded in
            let (plane, channel) = index.quotientAndRemainder(dividingBy: perGroup)
            let group = plane % problem.geometry.groups
            for band in 0..<bands {
              let rows = rows(band: band)
              let height = (rows.count - 1) * vertical.stride + vertical.span
              padded.base.initialize(repeating: 0, count: height * horizontal.padded)
              for o in 0..<outputs {
                let kernel = w + ((group * outputs + o) * perGroup + channel) * taps
                forEachRow(rows) { row, kernelRow, offset in
                  Scalar.spreadRow(
                    padded.base + offset, g + (plane * outputs + o) * outputPlane + row * horizontal.output,
                    kernel + kernelRow * horizontal.kernel, horizontal.output, horizontal.kernel,
                    horizontal.stride, horizontal.dilation)
                }
              }
              unpad(padded.base, rows, addingTo: dx + index * inputPlane)
            }
          }
        }
      }
    }
    return result
  }

  func filterGradient(_ gradient: Tensor<Scalar>, _ input: Tensor<Scalar>) -> Tensor<Scalar> {
    let (groups, perGroup, outputs) = (problem.geometry.groups, problem.channelsPerGroup, problem.outputsPerGroup)
    var result = Tensor<Scalar>.zeros(problem.filterShape)
    result.withUnsafeMutableElements { dw in
      gradient.withUnsafeElements { g in
        input.withUnsafeElements { x in
          guard !g.isEmpty else { return }
          let (dw, g, x) = (dw.baseAddress!, g.baseAddress!, x.baseAddress!)
          Parallel.forEach(problem.inputChannels, atMost: workers, workspace: { bandScratch }) { index, padded in
            let (group, channel) = index.quotientAndRemainder(dividingBy: perGroup)
            for image in 0..<problem.batch {
              let plane = image * groups + group
              for band in 0..<bands {
                let rows = rows(band: band)
                pad(x + (plane * perGroup + channel) * inputPlane, rows, to: padded.base)
                for o in 0..<outputs {
                  let kernel = dw + ((group * outputs + o) * perGroup + channel) * taps
                  forEachRow(rows) { row, kernelRow, offset in
                    Scalar.dotRow(
                      kernel + kernelRow * horizontal.kernel,
                      g + (plane * outputs + o) * outputPlane + row * horizontal.output, padded.base + offset,
                      horizontal.output, horizontal.kernel, horizontal.stride, horizontal.dilation)
                  }
                }
              }
            }
          }
        }
      }
    }
    return result
  }

  /// Calls `body` for each pair of an output row and a kernel row, with the offset of the padded row that they share.
  @inline(__always)
  private func forEachRow(_ rows: Range<Int>, _ body: (_ row: Int, _ kernelRow: Int, _ offset: Int) -> Void) {
    for row in rows {
      for kernelRow in 0..<vertical.kernel {
        let paddedRow = (row - rows.lowerBound) * vertical.stride + kernelRow * vertical.dilation
        body(row, kernelRow, paddedRow * horizontal.padded)
      }
    }
  }

  /// Copies the padded rows that some output rows see.
  private func pad(_ plane: UnsafePointer<Scalar>, _ rows: Range<Int>, to padded: UnsafeMutablePointer<Scalar>) {
    let height = (rows.count - 1) * vertical.stride + vertical.span
    columnSources.withUnsafeBufferPointer { columns in
      for row in 0..<height {
        let target = padded + row * horizontal.padded
        if let source = vertical.source(rows.lowerBound * vertical.stride + row) {
          gatherColumns(
            plane + source * horizontal.input, columns.baseAddress!, 0..<horizontal.padded, to: target)
        } else {
          target.initialize(repeating: 0, count: horizontal.padded)
        }
      }
    }
  }

  /// The adjoint of ``pad``: adds padded rows to where their pixels came from.
  private func unpad(_ padded: UnsafePointer<Scalar>, _ rows: Range<Int>, addingTo plane: UnsafeMutablePointer<Scalar>)
  {
    let height = (rows.count - 1) * vertical.stride + vertical.span
    columnSources.withUnsafeBufferPointer { columns in
      for row in 0..<height {
        guard let target = vertical.source(rows.lowerBound * vertical.stride + row) else { continue }
        addColumns(
          padded + row * horizontal.padded, columns.baseAddress!, 0..<horizontal.padded,
          to: plane + target * horizontal.input)
      }
    }
  }
}
