import SpectralCore

/// `to[i] = row[columns[i]]` over a range, 0 where the column is negative.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func gatherColumns<Scalar: TensorScalar>(
  _ row: UnsafePointer<Scalar>, _ columns: UnsafePointer<Int32>, _ range: Range<Int>,
  to target: UnsafeMutablePointer<Scalar>
) {
  var target = target
  for i in range {
    let column = Int(columns[i])
    target.pointee = column < 0 ? 0 : row[column]
    target += 1
  }
}

/// `row[columns[i]] += from[i]` over a range, nothing where the column is negative.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func addColumns<Scalar: TensorScalar>(
  _ source: UnsafePointer<Scalar>, _ columns: UnsafePointer<Int32>, _ range: Range<Int>,
  to row: UnsafeMutablePointer<Scalar>
) {
  var source = source
  for i in range {
    let column = Int(columns[i])
    if column >= 0 { row[column] += source.pointee }
    source += 1
  }
}
