extension NumPyHeader {
  /// The rows, columns and channels of an array that is an image: H x W, or H x W x C.
  ///
  /// - Parameter path: What errors call the file.
  /// - Throws: ``FileError`` if it is none, or one without pixels.
  package func imageExtents(path: String) throws -> (rows: Int, columns: Int, channels: Int) {
    guard (2...3).contains(extents.count), !extents.contains(0) else {
      let shape = extents.isEmpty ? "scalar" : extents.map(String.init).joined(separator: " x ")
      let hint =
        extents.count == 1 && extents[0] > 0
        ? "; save a signal as array[None, :]"
        : extents.count == 4 && extents[0] == 1 ? "; of a batch of one image save array[0]" : ""
      throw FileError(
        path, "an array of shape \(shape) is no image: it must be H x W or H x W x C, and not empty\(hint)")
    }
    return (extents[0], extents[1], extents.count == 3 ? extents[2] : 1)
  }

  /// What to say of an image of this shape whose channels may come first, as those of PyTorch's do, and so be taken for
  /// rows; nil for all others.
  package static func channelsFirstHint(_ extents: [Int]) -> String? {
    guard extents.count == 3, extents[0] <= 4, extents[2] > 4 else { return nil }
    return
      "\(extents[0]) x \(extents[1]) x \(extents[2]) is taken as H x W x C, \(extents[2]) channels of "
      + "\(extents[0]) x \(extents[1]) pixels: if the channels come first, save numpy.moveaxis(array, 0, -1)"
  }
}
