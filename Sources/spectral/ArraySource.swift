import SpectralKit

/// An array as the command line has it: in a file, or number by number.
struct ArraySource: Sendable {
  /// What it is made from.
  enum Source: Sendable {
    /// A `.npy` file.
    case file(String)
    case numbers([[Double]])
  }

  /// As it was written.
  let text: String
  let source: Source

  /// The numbers in the precision that they have; numbers that are no file are doubles.
  ///
  /// - Throws: `FileError` for a file that cannot be read.
  func values(rank: Int) throws -> NumPyArray.Values {
    switch source {
    case .file(let path): try NumPyFile.read(path).values
    case .numbers: .double(try tensor(Double.self, rank: rank))
    }
  }

  /// The numbers in a precision.
  ///
  /// - Parameter rank: How many axes numbers get that are no file: the last are rows and columns, the others have extent 1;
  ///   with one axis they follow each other.
  /// - Throws: `FileError` for a file that cannot be read.
  func tensor<Scalar: TensorScalar>(_: Scalar.Type, rank: Int) throws -> Tensor<Scalar> {
    switch source {
    case .file(let path): return try Tensor<Scalar>(npy: path)
    case .numbers(let rows):
      let extents = rank == 1 ? [rows.joined().count] : [rows.count, rows[0].count]
      let shape = TensorShape(Array(repeating: 1, count: rank - extents.count) + extents)
      return Tensor<Double>(shape, rows.flatMap { $0 }).converted(to: Scalar.self)
    }
  }
}

extension ValueFormat<ArraySource> {
  /// A file, or the numbers themselves: commas between them, semicolons between rows.
  static func array(example: String) -> Self {
    Self("FILE|NUMBERS", example: example, role: .input) { text throws(ValueError) in
      guard !text.isEmpty else { throw ValueError("must not be empty") }
      guard let rows = numbers(text) else { return ArraySource(text: text, source: .file(text)) }
      guard rows.allSatisfy({ $0.count == rows[0].count }) else {
        throw ValueError("must have rows of the same length", example: "1,2,1;2,4,2;1,2,1")
      }
      return ArraySource(text: text, source: .numbers(rows))
    }
  }
}
