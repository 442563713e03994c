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
          // Slices of a fixed height, so that the result does not depend on how many threads there are.
          let height = Swift.max(16, (m + 15) / 16)
          Parallel.forEach((m + height - 1) / height, grain: Swift.max(1, 1 << 20 / (2 * height * n * k))) { slice in
            let first = slice * height
            let rows = Swift.min(height, m - first)
            Scalar.gemm(
              operand == .transposed, otherOperand == .transposed, rows, n, k, 1,
              a + (operand == .plain ? first * lda : first), lda, b, ldb, 0, c + first * n, n)
          }
        }
      }
    }
  }
}
