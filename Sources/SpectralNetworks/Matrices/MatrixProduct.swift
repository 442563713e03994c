import CKernels
import SpectralCore

/// Whether a matrix enters a product as it is or transposed.
public enum MatrixOperand: Sendable {
  /// The matrix as it is.
  case plain
  /// Its transpose.
  case transposed
}

extension Tensor {
  /// The matrix product of two matrices, split over the threads of ``Parallel``: small ones by a kernel of our own, large
  /// ones by BLAS.
  ///
  /// - Parameters:
  ///   - other: A matrix with as many rows (after `otherOperand`) as this one has columns (after `operand`).
  ///   - bias: `[N]`, added to every row.
  /// - Returns: `op(self) * op(other) + bias`, `[M, N]`.
  public func matrixProduct(
    _ other: Tensor, _ operand: MatrixOperand = .plain, _ otherOperand: MatrixOperand = .plain, bias: Tensor? = nil
  ) -> Tensor {
    precondition(shape.rank == 2 && other.shape.rank == 2, "a matrix product of shapes \(shape) and \(other.shape)")
    let problem = MatrixProblem(
      rows: operand == .plain ? shape[0] : shape[1], columns: otherOperand == .plain ? other.shape[1] : other.shape[0],
      terms: operand == .plain ? shape[1] : shape[0], operand: operand, otherOperand: otherOperand, lda: shape[1],
      ldb: other.shape[1])
    let otherTerms = otherOperand == .plain ? other.shape[0] : other.shape[1]
    precondition(
      problem.terms == otherTerms, "a matrix with \(problem.terms) columns cannot multiply one with \(otherTerms) rows")
    precondition(
      bias == nil || bias!.shape == [problem.columns],
      "the bias must have one number for each of \(problem.columns) columns")
    // Empty, and never read, if there is none.
    let addend = bias ?? Tensor([0]) { _ in }
    return withUnsafeElements { a in
      other.withUnsafeElements { b in
        addend.withUnsafeElements { addend in
          Tensor([problem.rows, problem.columns]) { c in
            guard !c.isEmpty else { return }
            problem.forEachPiece { multiply(a, b, bias == nil ? nil : addend.baseAddress!, c, problem, $0, $1) }
          }
        }
      }
    }
  }
}

/// The sizes of a matrix product, and how the matrices are stored.
private struct MatrixProblem: Sendable {
  let rows: Int
  let columns: Int
  let terms: Int
  let operand: MatrixOperand
  let otherOperand: MatrixOperand
  /// The columns of the left matrix as it is stored.
  let lda: Int
  /// The columns of the right matrix as it is stored.
  let ldb: Int

  /// Whether BLAS is worth its overhead: it packs both operands, and takes a lock for the memory to do so.
  var isLarge: Bool { rows * columns * terms > 1 << 24 }

  /// Calls `body` with ranges of rows and columns that together are the whole result, on several threads if there is
  /// work for them.
  func forEachPiece(_ body: (Range<Int>, Range<Int>) -> Void) {
    // Pieces of a size that depends on the shapes alone, so that the result does not depend on how many threads there
    // are. They are cut from the longer side: the other operand is packed anew for each of them.
    let pieces = min(8, max(1, (rows * columns * terms) >> (isLarge ? 20 : 18)))
    let side = max(rows, columns)
    let length = ((side + pieces - 1) / pieces + 31) & ~31
    Parallel.forEach((side + length - 1) / length) { piece in
      let range = piece * length..<min(side, (piece + 1) * length)
      if rows >= columns { body(range, 0..<columns) } else { body(0..<rows, range) }
    }
  }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func multiply<Scalar: TensorScalar>(
  _ a: UnsafeBufferPointer<Scalar>, _ b: UnsafeBufferPointer<Scalar>, _ bias: UnsafePointer<Scalar>?,
  _ c: UnsafeMutableBufferPointer<Scalar>, _ problem: MatrixProblem, _ rows: Range<Int>, _ columns: Range<Int>
) {
  let (aRow, aTerm) = problem.operand == .plain ? (problem.lda, 1) : (1, problem.lda)
  let (bTerm, bColumn) = problem.otherOperand == .plain ? (problem.ldb, 1) : (1, problem.ldb)
  let c = c.baseAddress! + rows.lowerBound * problem.columns + columns.lowerBound
  let bias = bias.map { $0 + columns.lowerBound }
  if problem.isLarge {
    if let bias {
      for row in 0..<rows.count { (c + row * problem.columns).update(from: bias, count: columns.count) }
    }
    gemm(
      problem.operand == .transposed, problem.otherOperand == .transposed, rows.count, columns.count, problem.terms, 1,
      a.baseAddress! + rows.lowerBound * aRow, problem.lda, b.baseAddress! + columns.lowerBound * bColumn, problem.ldb,
      bias == nil ? 0 : 1, c, problem.columns)
    return
  }
  // A matrix without terms has no elements, and perhaps no address.
  Scalar.kernels.pointee.matrix_product(
    c, problem.columns, a.baseAddress.map { $0 + rows.lowerBound * aRow }, aRow, aTerm,
    b.baseAddress.map { $0 + columns.lowerBound * bColumn }, bTerm, bColumn, bias, rows.count, columns.count,
    problem.terms)
}
