import Foundation
import SpectralKit

/// A kernel for images, by name and size, or from a file.
enum NamedKernel: Sendable {
  /// The mean of N x N pixels.
  case box(Int)
  /// A bell of standard deviation σ pixels, cut off at 3 σ and normalised to sum 1.
  case gaussian(Double)
  /// The mean over a disc of N pixels across.
  case disc(Int)
  /// N x N independent normal numbers divided by N.
  case random(Int)
  /// An array `[kH, kW]` in a `.npy` file.
  case file(String)
  /// Rows of numbers.
  case numbers([[Double]])

  /// The widest kernel that a name can ask for.
  static let widest = 2047

  /// The numbers, `[kH, kW]`.
  ///
  /// - Throws: `FileError` for a file that cannot be read or holds no kernel.
  func values() throws -> Tensor<Double> {
    switch self {
    case .box(let side): return Tensor([side, side], repeating: 1 / Double(side * side))
    case .gaussian(let deviation):
      let radius = Int((3 * deviation).rounded(.up))
      let bell = (-radius...radius).map { exp(-Double($0 * $0) / (2 * deviation * deviation)) }
      return Self.normalised(bell.count) { bell[$0] * bell[$1] }
    case .disc(let side):
      let (centre, radius) = (Double(side - 1) / 2, Double(side) / 2)
      return Self.normalised(side) { row, column in
        hypot(Double(row) - centre, Double(column) - centre) <= radius ? 1 : 0
      }
    case .random(let side):
      var random = RandomGenerator(seed: 1)
      return .normal([side, side], deviation: 1 / Double(side), using: &random)
    case .numbers(let rows): return Tensor([rows.count, rows[0].count], rows.flatMap { $0 })
    case .file(let path):
      let array = try Tensor<Double>(npy: path)
      let extents = array.shape.extents
      guard extents.count >= 2, extents.dropLast(2).allSatisfy({ $0 == 1 }), array.count > 0 else {
        throw FileError(path, "an array of shape \(array.shape) is no kernel: it must be kH x kW, and not empty")
      }
      guard array.isFinite else {
        throw FileError(path, "the kernel holds NaN or infinity, and no error bound holds for that: mend it first")
      }
      return array.reshaped(to: Shape(Array(extents.suffix(2))))
    }
  }

  private static func normalised(_ side: Int, _ value: (Int, Int) -> Double) -> Tensor<Double> {
    let kernel = Tensor<Double>([side, side]) { values in
      for i in values.indices { values[i] = value(i / side, i % side) }
    }
    return kernel / kernel.sum
  }
}

extension ValueFormat<NamedKernel> {
  /// A name and a size, a file, or the numbers themselves: commas between them, semicolons between rows.
  static var kernel: Self {
    Self("NAME:SIZE|FILE.npy|NUMBERS", example: "gaussian:4") { text throws(ValueError) in
      if let rows = numbers(text) {
        guard rows.allSatisfy({ $0.count == rows[0].count }) else {
          throw ValueError("must have rows of the same length")
        }
        return .numbers(rows)
      }
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let names = ["box", "gaussian", "disc", "random"]
      if names.contains(parts[0]), parts.count == 2 {
        if parts[0] == "gaussian" {
          let most = Double(NamedKernel.widest - 1) / 6
          guard let deviation = Double(parts[1]), deviation > 0, deviation <= most.rounded(.down) else {
            throw ValueError("must have a standard deviation in pixels, above 0 and up to \(Int(most))")
          }
          return .gaussian(deviation)
        }
        guard let side = Int(parts[1]), (1...NamedKernel.widest).contains(side) else {
          throw ValueError("must have a side in pixels from 1 to \(NamedKernel.widest)")
        }
        return parts[0] == "box" ? .box(side) : parts[0] == "disc" ? .disc(side) : .random(side)
      }
      guard text.hasSuffix(".npy") || text.contains("/") else {
        throw ValueError(
          "must be box:N, disc:N or random:N (N pixels across), gaussian:SIGMA (pixels), a file that ends in .npy, or numbers "
            + "such as 1,2,1;2,4,2;1,2,1"
            + hint(parts[0], names))
      }
      return .file(text)
    }
  }
}

/// Rows of finite numbers; nil if something else is there.
private func numbers(_ text: String) -> [[Double]]? {
  var rows: [[Double]] = []
  for row in text.split(separator: ";", omittingEmptySubsequences: false) {
    let numbers = row.split(separator: ",", omittingEmptySubsequences: false)
      .map { Double($0.drop { $0 == " " }) }
    guard !numbers.contains(where: { !($0?.isFinite ?? false) }) else { return nil }
    rows.append(numbers.map { $0! })
  }
  return rows
}
