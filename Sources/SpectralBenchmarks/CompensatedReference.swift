import SpectralConvolution
import SpectralCore

/// Outputs of a depthwise convolution in twice the working precision, by the definition: what methods in double
/// precision are judged by.
///
/// Products and sums carry their rounding errors along (Ogita, Rump and Oishi, "Accurate sum and dot product", 2005,
/// algorithm Dot2). That takes some ten operations a term, so of a large image only some pixels are computed.
struct CompensatedReference {
  /// Where, as indices into the output.
  let places: [Int]
  /// What should be there.
  let values: [Double]

  /// The most products to add up in all.
  private static let termLimit = 20_000_000

  /// How many outputs there can be references at.
  private static func count(_ problem: ConvolutionProblem) -> Int {
    min(problem.outputShape.count, max(1, termLimit / problem.taps))
  }

  /// The bytes that the references take.
  static func byteCount(_ problem: ConvolutionProblem) -> Int {
    count(problem) * (MemoryLayout<Int>.stride + MemoryLayout<Double>.stride)
  }

  /// References at all outputs, or at random ones where there are too many.
  ///
  /// - Precondition: one image, and as many groups and filters as channels.
  init(_ x: Tensor<Double>, _ w: Tensor<Double>, _ problem: ConvolutionProblem) {
    let (slices, rows, columns) = (problem.depth, problem.vertical, problem.horizontal)
    let (all, count) = (problem.outputShape.count, Self.count(problem))
    var random = RandomGenerator(seed: 7)
    let places =
      count == all ? Array(0..<all) : (0..<count).map { _ in Int.random(in: 0..<all, using: &random) }
    let flips = problem.geometry.operation == .convolution
    let constant = problem.geometry.boundary.value
    self.places = places
    values = x.withUnsafeElements { x in
      w.withUnsafeElements { w in
        [Double](unsafeUninitializedCapacity: places.count) { values, initialized in
          nonisolated(unsafe) let values = values
          Parallel.forEach(places.count, grain: 16) { i in
            let (line, column) = places[i].quotientAndRemainder(dividingBy: columns.output)
            let (level, row) = line.quotientAndRemainder(dividingBy: rows.output)
            let (channel, slice) = level.quotientAndRemainder(dividingBy: slices.output)
            let seen = (0..<columns.kernel).map { columns.source(output: column, tap: $0) }
            var sum = CompensatedSum()
            // A flipped kernel meets its last tap first.
            var tap = channel * problem.taps + (flips ? problem.taps - 1 : 0)
            for t in 0..<slices.kernel {
              let z = slices.source(output: slice, tap: t)
              for v in 0..<rows.kernel {
                let line = z.flatMap { z in
                  rows.source(output: row, tap: v).map {
                    ((channel * slices.input + z) * rows.input + $0) * columns.input
                  }
                }
                for u in 0..<columns.kernel {
                  if let line, let place = seen[u] {
                    sum.add(x[line + place], times: w[tap])
                  } else if constant != 0 {
                    sum.add(constant, times: w[tap])
                  }
                  tap += flips ? -1 : 1
                }
              }
            }
            values[i] = sum.value
          }
          initialized = places.count
        }
      }
    }
  }
}

/// A sum of products that remembers what rounding took away.
private struct CompensatedSum {
  private var sum = 0.0
  private var lost = 0.0

  mutating func add(_ a: Double, times b: Double) {
    let product = a * b
    let productError = (-product).addingProduct(a, b)
    let new = sum + product
    let part = new - sum
    lost += ((sum - (new - part)) + (product - part)) + productError
    sum = new
  }

  var value: Double { sum + lost }
}
