import Foundation
import SpectralImaging
import SpectralKit
import SpectralCore

/// A kernel as the command line has it: by name, from a file, or number by number.
struct NamedKernel: Sendable {
  /// What it is made from.
  enum Source: Sendable {
    /// A kernel of the library and its arguments.
    case named(KernelName, String?)
    /// A `.npy` file or a picture.
    case file(String)
    case numbers([[Double]])
  }

  /// As it was written.
  let text: String
  let source: Source

  /// The kernel for images.
  ///
  /// - Parameters: As those of ``loaded(within:bytesPerTap:beside:_:)``.
  /// - Throws: `FileError` for a file that cannot be read or holds no kernel, `MemoryError` for one that is too large.
  func kernel(
    within budget: MemoryBudget = KernelShape.usualBudget, bytesPerTap: Int = MemoryLayout<Double>.stride,
    beside others: MemoryEstimate = MemoryEstimate(), _ warnings: FileWarnings
  ) throws -> Kernel {
    Kernel(
      try loaded(within: budget, bytesPerTap: bytesPerTap, beside: others, warnings).taps(rank: 2))
  }

  /// The kernel for arrays of whichever rank; a file is read now.
  ///
  /// - Parameters:
  ///   - budget: What it may take.
  ///   - bytesPerTap: Those of a number in double precision, unless there are copies.
  ///   - others: What else is held while there is the kernel.
  ///   - warnings: What to do about a picture that is not in order.
  /// - Throws: `FileError` for a file that cannot be read or holds no kernel, `MemoryError` for one that is too large.
  func loaded(
    within budget: MemoryBudget = KernelShape.usualBudget, bytesPerTap: Int = MemoryLayout<Double>.stride,
    beside others: MemoryEstimate = MemoryEstimate(), _ warnings: FileWarnings
  ) throws -> LoadedKernel {
    switch source {
    case .file(let path):
      let array = try Kernel.array(path: path, budget: budget, bytesPerTap: bytesPerTap, beside: others) {
        try warnings.tell($0, of: path)
      }
      let kernel = LoadedKernel(text: text, ranks: (1...3).filter { Kernel.taps(of: array, rank: $0) != nil }) {
        Kernel.taps(of: array, rank: $0)!
      }
      guard !kernel.ranks.isEmpty else {
        throw FileError(
          path, "an array of shape \(array.shape) is no kernel: it must be kL, kH x kW or kD x kH x kW, and not empty")
      }
      return kernel
    case .numbers(let rows):
      let taps = Kernel(rows: rows).taps
      return LoadedKernel(text: text, ranks: rows.count == 1 ? [1, 2] : [2]) { Kernel.taps(of: taps, rank: $0)! }
    case .named(let name, let arguments):
      let shape = try? name.shape(arguments)
      let ranks = (1...3).filter { name.pattern(arguments, rank: $0) != nil || ($0 == 2 && shape != nil) }
      return LoadedKernel(text: text, ranks: ranks) { [text] rank in
        do {
          if rank == 2, let shape {
            try shape.check(within: budget, bytesPerTap: bytesPerTap, beside: others)
            return Kernel(shape).taps
          }
          let pattern = name.pattern(arguments, rank: rank)!
          try pattern.check(rank: rank, within: budget, bytesPerTap: bytesPerTap, beside: others)
          return pattern.taps(rank: rank)
        } catch {
          throw CommandError("\(text): \(error)")
        }
      }
    }
  }
}

/// A kernel that is there, for arrays of some ranks.
struct LoadedKernel {
  /// As it was written.
  let text: String
  /// The numbers of axes that it can have.
  let ranks: [Int]
  private let make: (Int) throws -> Tensor<Double>

  init(text: String, ranks: [Int], _ make: @escaping (Int) throws -> Tensor<Double>) {
    (self.text, self.ranks, self.make) = (text, ranks, make)
  }

  /// The taps for arrays of a rank.
  ///
  /// - Throws: `CommandError` if there is no such kernel, `MemoryError` if it is too large.
  func taps(rank: Int) throws -> Tensor<Double> {
    guard ranks.contains(rank) else {
      let names = ["signals", "images", "volumes"]
      throw CommandError(
        "\(text) is a kernel for \(ranks.map { names[$0 - 1] }.joined(separator: " or ")), not for \(names[rank - 1]): it must "
          + "be \(["kL", "kH x kW", "kD x kH x kW"][rank - 1])")
    }
    return try make(rank)
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
        let arguments = parts.count > 1 ? parts[1] : nil
        do throws(KernelName.Misuse) { _ = try name.shape(arguments) } catch {
          // Some arguments mean something for signals or volumes alone.
          guard (1...3).contains(where: { name.pattern(arguments, rank: $0) != nil }) else {
            throw ValueError(error.problem, example: error.example)
          }
        }
        return NamedKernel(text: text, source: .named(name, arguments))
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
