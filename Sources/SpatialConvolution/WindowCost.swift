import SpectralConvolution

/// About how long a pass over single planes takes: what the choice between the two kinds of bands, and between the
/// direct method and spectra, is made by.
struct WindowCost {
  /// Cycles of one core from plain bands, and from interleaved ones.
  let plain: Double
  let interleaved: Double
  /// Cycles that either spends on memory.
  let moving: Double

  var seconds: Double { (min(plain, interleaved) + moving) / 2.7e9 }

  /// - Parameter lanes: Numbers of a vector.
  init(_ problem: ConvolutionProblem, _ pass: ConvolutionPass, lanes: Int) {
    var (rows, columns) = (problem.vertical.output, problem.horizontal.output)
    if pass == .inputGradient {
      // Sums for the whole reach of the windows.
      rows += (problem.vertical.span - 1) / problem.vertical.stride
      columns += (problem.horizontal.span - 1) / problem.horizontal.stride
      if problem.isDense, problem.geometry.boundary == .zero {
        (rows, columns) = (problem.vertical.input, problem.horizontal.input)
      }
    }
    let groups = problem.geometry.groups
    let planes = problem.batch * groups
    // The filter gradient adds up images.
    let blocks =
      pass == .filterGradient
      ? problem.batch * ((groups + lanes - 1) / lanes) : (planes + lanes - 1) / lanes
    let pairs = Double(
      problem.channelsPerGroup * problem.outputsPerGroup * problem.vertical.kernel * problem.horizontal.kernel)
    let copied = Double(problem.inputShape.count + problem.outputShape.count)
    let rowVectors = Double(planes) * Double(rows) * Double((columns + lanes - 1) / lanes)
    // Two multiply-adds a cycle, less what loads and short rows cost; the copies; and what it takes to begin.
    plain = rowVectors * pairs / 2 * 1.1 + 1.5 * copied / Double(lanes) + 1500 * Double(planes)
    interleaved =
      Double(blocks) * (Double(rows) * Double(columns) * pairs / 2 + 3000)
      + 2.5 * copied / Double(lanes) * Double(blocks * lanes) / Double(max(planes, 1))
    moving = 0.65 * copied * 16 / Double(lanes)
  }
}
