import SpectralKit
import SpectralCore

/// A blur by name and size, or from a file.
enum PointSpreadSource: Sendable {
  /// A kernel of the library.
  case shape(KernelShape)
  /// An array or a picture.
  case file(String)

  /// The blur. A file is read here, and nowhere else: the standard input can be read only once.
  ///
  /// - Throws: `FileError` for a file that cannot be read, holds no blur, or is refused.
  func pointSpread(_ warnings: FileWarnings) throws -> PointSpread<Double> {
    switch self {
    case .shape(let shape): return try PointSpread(Kernel(shape).taps)
    case .file(let path):
      let kernel = try Kernel(path: path) { try warnings.tell($0, of: path) }
      do { return try PointSpread(kernel.taps) } catch { throw FileError(path, error.description) }
    }
  }
}

extension ValueFormat<PointSpreadSource> {
  /// A name and sizes in pixels, or a file.
  static var pointSpread: Self {
    Self("NAME:SIZES|FILE", example: "motion:21,30", role: .input) { text throws(ValueError) in
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let names = ["motion", "disk", "gaussian", "box"]
      guard names.contains(parts[0]) else {
        guard text.contains(".") || text.contains("/") else {
          throw ValueError(
            "must be motion:LENGTH,ANGLE, disk:DIAMETER, gaussian:SIGMA, box:SIDE, or a file, .npy or a picture"
              + hint(parts[0], names))
        }
        return .file(text)
      }
      let numbers = (parts.count > 1 ? parts[1] : "").split(separator: ",", omittingEmptySubsequences: false)
        .map { Double($0) ?? .nan }
      let shape: KernelShape
      switch (parts[0], numbers.count) {
      case ("motion", 2): shape = .motion(length: numbers[0], angle: numbers[1])
      case ("disk", 1): shape = .disk(diameter: numbers[0])
      case ("gaussian", 1): shape = .gaussian(deviation: numbers[0])
      case ("box", 1) where numbers[0] >= 1 && numbers[0] <= 1e6 && numbers[0] == numbers[0].rounded():
        shape = .box(Extent(Int(numbers[0])))
      case ("motion", _): throw ValueError("must give a length in pixels and an angle in degrees, as in motion:21,30")
      case ("disk", _): throw ValueError("must give a diameter in pixels, as in disk:5")
      case ("gaussian", _): throw ValueError("must give a standard deviation in pixels, as in gaussian:2")
      default: throw ValueError("must give a whole number of pixels, as in box:9")
      }
      do { try shape.check(within: KernelShape.usualBudget) } catch { throw ValueError("is no blur: \(error)") }
      return .shape(shape)
    }
  }
}
