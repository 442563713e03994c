import CKernels
import SpectralConvolution

/// About how long a pass over single planes takes, in cycles of one core: what the choice between the two kinds of bands is
/// made by.
struct WindowCost {
  /// Cycles from plain bands, and from interleaved ones.
  let plain: Double
  let interleaved: Double
  /// Cycles that either spends on memory.
  let moving: Double

  /// The seconds of one of the two.
  func seconds(interleaved isInterleaved: Bool) -> Double { ((isInterleaved ? interleaved : plain) + moving) / 2.7e9 }

  /// - Parameters:
  ///   - lanes: Numbers of a vector.
  ///   - vectors: Vectors of columns that are summed together.
  init(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, lanes: Int, vectors: Int) {
    // Rows of zeros pass by no sum, and columns of them as few as there are in a block.
    var (rows, columns) = (problem.vertical.output, problem.horizontal.output)
    var columnVectors = (columns + lanes - 1) / lanes
    if pass == .inputGradient {
      let reach = columns + (problem.horizontal.span - 1) / problem.horizontal.stride
      let isFolded = !problem.hasUnitStride || problem.geometry.boundary != .zero
      let all = isFolded ? reach : problem.horizontal.input
      columnVectors = min((all + lanes - 1) / lanes, columnVectors + vectors)
      columns = min(all, columns + vectors)
    }
    if problem.geometry.boundary == .zero { rows = min(rows, problem.vertical.input) }
    let groups = problem.geometry.groups
    let planes = problem.batch * groups
    // The filter gradient adds up images.
    let blocks =
      pass == .filterGradient
      ? problem.batch * ((groups + lanes - 1) / lanes) : (planes + lanes - 1) / lanes
    let pairs = Double(
      problem.channelsPerGroup * problem.outputsPerGroup * problem.taps)
    let copied = Double(problem.inputShape.count + problem.outputShape.count)
    let rowVectors = Double(planes) * Double(rows) * Double(columnVectors)
    // Two multiply-adds a cycle, less what loads and short rows cost, or the latency of four where too few sums are in
    // registers beside each other.
    let isFilterGradient = pass == .filterGradient
    let (axis, kernel) = (problem.vertical, problem.horizontal.kernel)
    let rowsApart = isFilterGradient ? axis.stride : axis.dilation
    let rowsTogether = min(SK_WINDOW_ROWS, max(1, (isFilterGradient ? axis.kernel : axis.output) / rowsApart))
    func cyclesPerProduct(_ columns: Int) -> Double {
      let sums = rowsTogether * max(1, min(vectors, isFilterGradient ? kernel : columns))
      return sums < 4 ? 4 / Double(sums) : 0.5
    }
    // Pixels of a plain band begin anywhere in a line of the cache, so a load takes two cycles; as many rows of sums share it
    // as there are taps down a kernel.
    let rowsPerLoad = isFilterGradient ? rowsTogether : min(rowsTogether, axis.kernel)
    let plainCycles = max(cyclesPerProduct((columns + lanes - 1) / lanes), 2 / Double(rowsPerLoad))
    // The products; the copies; and what it takes to begin.
    plain = rowVectors * pairs * plainCycles * 1.1 + 1.5 * copied / Double(lanes) + 1500 * Double(planes)
    interleaved =
      Double(blocks) * (Double(rows) * Double(columns) * pairs * cyclesPerProduct(columns) + 3000)
      + 2.5 * copied / Double(lanes) * Double(blocks * lanes) / Double(max(planes, 1))
    moving = 0.65 * copied * 16 / Double(lanes)
  }
}
