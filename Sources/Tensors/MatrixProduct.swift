/// Whether a matrix enters a product as it is or transposed.
public enum MatrixOperand: Sendable {
  /// The matrix as it is.
  case plain
  /// Its transpose.
  case transposed
}

extension Tensor {
  /// The matrix product of two matrices, by BLAS, split over the threads of ``Parallel``.
  ///
  /// - Parameters:
  ///   - other: A matrix with as many rows (after `otherOperand`) as this one has columns (after `operand`).
  /// - Returns: `op(self) * op(other)`, `[M, N]`.
  public func matrixProduct(
    _ other: Tensor, _ operand: MatrixOperand = .plain, _ otherOperand: MatrixOperand = .plain
  ) -> Tensor {
    precondition(shape.rank == 2 && other.shape.rank == 2, "a matrix product of shapes \(shape) and \(other.shape)")
    let (m, k) = operand == .plain ? (shape[0], shape[1]) : (shape[1], shape[0])
    let (otherK, n) = otherOperand == .plain ? (other.shape[0], other.shape[1]) : (other.shape[1], other.shape[0])
    precondition(k == otherK, "a matrix with \(k) columns cannot multiply one with \(otherK) rows")
    let (lda, ldb) = (shape[1], other.shape[1])
    return withUnsafeElements { a in
      other.withUnsafeElements { b in
        Tensor([m, n]) { c in
          guard m * n > 0 else { return }
          guard k > 0 else { return c.initialize(repeating: 0) }
          let (a, b, c) = (a.baseAddress!, b.baseAddress!, c.baseAddress!)
          // Pieces of a size that depends on the shapes alone, so that the result does not depend on how many threads
          // there are. They are cut from the longer side: BLAS packs the other operand anew for each of them.
          let pieces = Swift.min(8, Swift.max(1, (m * n * k) >> 20))
          let side = Swift.max(m, n)
          let length = ((side + pieces - 1) / pieces + 15) & ~15
          Parallel.forEach((side + length - 1) / length) { piece in
            let first = piece * length
            let count = Swift.min(length, side - first)
            let (row, rows, column, columns) = m >= n ? (first, count, 0, n) : (0, m, first, count)
            Scalar.gemm(
              operand == .transposed, otherOperand == .transposed, rows, columns, k, 1,
              a + (operand == .plain ? row * lda : row), lda,
              b + (otherOperand == .plain ? column : column * ldb), ldb, 0, c + row * n + column, n)
          }
        }
      }
    }
  }
}
