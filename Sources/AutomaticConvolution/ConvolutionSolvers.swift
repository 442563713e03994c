import FourierConvolution
import SpatialConvolution
import SpectralConvolution
import SpectralTransforms

/// The ways to compute a convolution, by name: `direct.window`, `fft.whole` and so on.
public enum ConvolutionSolvers {
  /// All of them: names, and what each does. Whether one can do a pass of a problem, `workingMemory` of its method says.
  public static var all: [(name: String, summary: String)] {
    SpatialConvolution<Float>.solvers + FourierSolver.allCases.map { ($0.rawValue, $0.summary) }
  }

  /// - Throws: `ConvolutionError` if there is no solver of a name.
  public static func check(_ name: String) throws(ConvolutionError) {
    let names = all.map(\.name)
    guard names.contains(name) else {
      throw ConvolutionError("there is no solver \(name): take one of \(names.joined(separator: ", "))")
    }
  }

  /// The method that computes by one solver alone.
  ///
  /// - Throws: `ConvolutionError` if there is none of the name.
  public static func method<Scalar: AnyMethodScalar>(
    named name: String, for _: Scalar.Type = Scalar.self, memoryLimit: Int? = nil,
    transforms: TransformProvider = .fastest
  ) throws(ConvolutionError) -> any ConvolutionMethod<Scalar> {
    if let solver = FourierSolver(rawValue: name) {
      return FourierConvolution<Scalar>(
        memoryLimit: memoryLimit, transforms: transforms, rigor: .estimate, solver: solver)
    }
    try check(name)
    return try SpatialConvolution<Scalar>(solver: name, memoryLimit: memoryLimit)
  }
}
