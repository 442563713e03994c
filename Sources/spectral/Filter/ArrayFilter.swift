import SpectralImaging
import SpectralKit

/// Filters signals and volumes: numbers in, numbers out.
struct ArrayFilter {
  let steps: FilterSteps
  let boundary: Boundary
  let padding: FilterPadding
  let memoryLimit: Int?
  /// Hears how an array is padded; nil if nobody asked.
  let explain: (@Sendable (String) -> Void)?

  /// Filters one array, and writes the result.
  func run(_ array: AnyRankedArray, from path: String, to target: String, _ stages: inout StageTimes) throws {
    switch array {
    case .float(let array): try run(array, path, target, &stages)
    case .double(let array): try run(array, path, target, &stages)
    }
  }

  private func run<Scalar: AnyMethodScalar>(
    _ array: RankedArray<Scalar>, _ path: String, _ target: String, _ stages: inout StageTimes
  ) throws {
    var planes = array.planes
    do {
      for step in steps.steps {
        switch step {
        case .linear(let filter): planes = try apply(filter, planes, array.size, path, &stages)
        case .homomorphic(let homomorphic):
          let scaled = homomorphic.scaled(to: planes)
          let sums = try stages.measure("logarithms") { try scaled.logarithms(planes) }
          let filtered = try apply(scaled.filter, sums, array.size, path, &stages)
          planes = stages.measure("exponentials") { scaled.exponentials(filtered) }
        case .periodicNoise:
          throw FrequencyFilterError(
            "waves are found in images only: name one of a \(ArrayRank.name(array.rank)) by its frequency"
              + (array.rank == 1 ? ", as in --notch gaussian:0.25,0,0.01" : ", as in --bandstop gaussian:0.24,0.26"))
        case .mask: preconditionFailure("a mask that was not read")
        }
      }
    } catch let error as FrequencyFilterError {
      throw CommandError("\(path): \(error)")
    }
    let result = planes
    try stages.measure("encode") { try array.array(result).writeNPY(to: target) }
  }

  private func apply<Scalar: AnyMethodScalar>(
    _ filter: FrequencyFilter, _ planes: Tensor<Scalar>, _ size: [Int], _ path: String, _ stages: inout StageTimes
  ) throws -> Tensor<Scalar> {
    let plan = try stages.measure("plan") {
      try RankedFilterPlan<Scalar>(
        filter, size: size, boundary: boundary, padding: padding, memoryLimit: memoryLimit)
    }
    explain?(
      "\(path): \(TensorShape(size)) numbers in a transform of \(TensorShape(plan.points)) points (\(boundary.rawValue)), "
        + "\(ByteCount(plan.workingBytes)) of working memory")
    return try stages.measure("filter") { try plan(planes) }
  }
}
