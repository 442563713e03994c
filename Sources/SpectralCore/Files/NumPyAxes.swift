extension NumPyHeader {
  /// What arrays of one, two and three axes are called, and how their axes are.
  private static let kinds = [("signal", "L"), ("image", "H x W"), ("volume", "D x H x W")]

  /// The axes of an array that is a signal, an image or a volume, and the channels that may follow them: L, H x W or
  /// D x H x W, or each x C.
  ///
  /// - Parameters:
  ///   - rank: How many axes there are beside that of the channels, 1 to 3.
  ///   - path: What errors call the file.
  /// - Throws: ``FileError`` if the array has other axes, or no numbers.
  package func axes(rank: Int, path: String) throws -> (extents: [Int], channels: Int) {
    guard (rank...rank + 1).contains(extents.count), !extents.contains(0) else {
      let shape = extents.isEmpty ? "scalar" : extents.map(String.init).joined(separator: " x ")
      let (name, axes) = Self.kinds[rank - 1]
      let hint =
        rank == 2 && extents.count == 1 && extents[0] > 0
        ? "; a signal as an image of one row is array[None, :]"
        : extents.count == rank + 2 && extents[0] == 1 ? "; of a batch of one \(name) save array[0]" : ""
      throw FileError(
        path, "an array of shape \(shape) is no \(name): it must be \(axes) or \(axes) x C, and not empty\(hint)")
    }
    return (Array(extents[..<rank]), extents.count > rank ? extents[rank] : 1)
  }

  /// The rows, columns and channels of an array that is an image: H x W, or H x W x C.
  ///
  /// - Parameter path: What errors call the file.
  /// - Throws: ``FileError`` if it is none, or one without pixels.
  package func imageExtents(path: String) throws -> (rows: Int, columns: Int, channels: Int) {
    let (extents, channels) = try axes(rank: 2, path: path)
    return (extents[0], extents[1], channels)
  }

  /// What to say of an image of this shape whose channels may come first, as those of PyTorch's do, and so be taken for
  /// rows, or which may be a volume; nil for all others.
  package static func shapeHint(_ extents: [Int]) -> String? {
    guard extents.count == 3, extents[2] > 4 else { return nil }
    let (shape, channels) = (extents.map(String.init).joined(separator: " x "), extents[2])
    let taken = "\(shape) is taken as H x W x C, \(channels) channels of \(extents[0]) x \(extents[1]) pixels"
    return extents[0] <= 4
      ? "\(taken): if the channels come first, save numpy.moveaxis(array, 0, -1)"
      : "\(taken), not as a volume D x H x W"
  }
}
