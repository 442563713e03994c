extension NumPyFile {
  /// Writes several arrays that belong together.
  ///
  /// The numbers of all files are on their way to the disk before the first file takes its new name. So a full disk, a
  /// missing folder or a forbidden one leaves every target as it was.
  ///
  /// - Throws: ``FileError``.
  public static func write<Scalar: TensorScalar>(
    _ arrays: some Collection<(path: String, tensor: Tensor<Scalar>)>
  ) throws {
    try write(Array(arrays)[...])
  }

  private static func write<Scalar: TensorScalar>(_ arrays: ArraySlice<(path: String, tensor: Tensor<Scalar>)>) throws {
    guard let (path, tensor) = arrays.first else { return }
    try AtomicFile.write(to: path) { (file: inout AtomicFile.Handle) in
      try file.write(NumPyHeader(type: Scalar.elementType, extents: tensor.shape.extents).bytes)
      try tensor.withUnsafeElements { try file.write(UnsafeRawBufferPointer($0)) }
      // Within the writing of this file: it is renamed when all others have been.
      try file.flush()
      try write(arrays.dropFirst())
    }
  }
}
