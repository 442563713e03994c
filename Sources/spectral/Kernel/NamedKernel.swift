import Foundation
import SpectralImaging
import SpectralKit
import SpectralCore

/// A kernel as the command line has it: by name, from a file, or number by number.
struct NamedKernel: Sendable {
  /// What it is made from.
  enum Source: Sendable {
    case shape(KernelShape)
    /// A `.npy` file or a picture.
    case file(String)
    case numbers([[Double]])
  }

  /// As it was written.
  let text: String
  let source: Source

  /// The kernel.
  ///
  /// - Parameters:
  ///   - budget: What it may take.
  ///   - bytesPerTap: Those of a number in double precision, unless there are copies.
  ///   - others: What else is held while there is the kernel.
  ///   - warnings: What to do about a picture that is not in order.
  /// - Throws: `FileError` for a file that cannot be read or holds no kernel, `MemoryError` for one that is too large.
  func kernel(
    within budget: MemoryBudget = KernelShape.usualBudget, bytesPerTap: Int = MemoryLayout<Double>.stride,
    beside others: MemoryEstimate = MemoryEstimate(), _ warnings: FileWarnings
  ) throws -> Kernel {
    switch source {
    case .file(let path):
      return try Kernel(path: path, budget: budget, bytesPerTap: bytesPerTap, beside: others) {
        try warnings.tell($0, of: path)
      }
    case .numbers(let rows): return Kernel(rows: rows)
    case .shape(let shape):
      do { try shape.check(within: budget, bytesPerTap: bytesPerTap, beside: others) } catch {
        throw CommandError("\(text): \(error)")
      }
      return Kernel(shape)
    }
  }
}

extension ValueFormat<NamedKernel> {
  /// A name with its arguments, a file, or the numbers themselves: commas between them, semicolons between rows.
  static var kernel: Self {
    Self("NAME:ARGS|FILE|NUMBERS", example: "gaussian:4", role: .input) { text throws(ValueError) in
      if let rows = numbers(text) {
        guard rows.allSatisfy({ $0.count == rows[0].count }) else {
          throw ValueError("must have rows of the same length", example: "1,2,1;2,4,2;1,2,1")
        }
        return NamedKernel(text: text, source: .numbers(rows))
      }
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      if let name = KernelName.all.first(where: { $0.names.contains(parts[0]) }) {
        do throws(KernelName.Misuse) {
          return NamedKernel(text: text, source: .shape(try name.shape(parts.count > 1 ? parts[1] : nil)))
        } catch {
          throw ValueError(error.problem, example: error.example)
        }
      }
      let ending = (text as NSString).pathExtension.lowercased()
      guard
        ending == "npy" || text.contains("/") || (try? ImageFormat(path: text)) != nil
          || FileSystem.exists(text)
      else {
        throw ValueError(
          "must be the name of a kernel (\(KernelName.all.map(\.names[0]).joined(separator: ", "))), a file that ends in "
            + ".npy or .png, or numbers such as 1,2,1;2,4,2;1,2,1" + hint(parts[0], KernelName.all.flatMap(\.names)))
      }
      return NamedKernel(text: text, source: .file(text))
    }
  }
}

/// Rows of finite numbers, commas between them, semicolons between rows; nil if something else is there.
func numbers(_ text: String) -> [[Double]]? {
  var rows: [[Double]] = []
  for row in text.split(separator: ";", omittingEmptySubsequences: false) {
    let numbers = row.split(separator: ",", omittingEmptySubsequences: false)
      .map { Double($0.drop { $0 == " " }) }
    guard !numbers.contains(where: { !($0?.isFinite ?? false) }) else { return nil }
    rows.append(numbers.map { $0! })
  }
  return rows
}
