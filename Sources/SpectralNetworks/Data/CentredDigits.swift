/// The package's own digits with their centres of mass in the middle of the image, as those of MNIST are.
///
/// The digits are drawn anywhere on the paper. Centred ones are the easier task, and a network that has seen no others
/// shows what it knows of places that it has never seen ink at.
package enum CentredDigits {
  /// Rows and columns.
  package static let side = ProceduralDigits.side

  /// Draws the digits of a seed, images `[1, 28, 28]`, and centres each.
  package static func load(
    training: Int = DatasetKind.digitCounts.training, test: Int = DatasetKind.digitCounts.test, seed: UInt64 = 0
  ) -> DatasetPair {
    let digits = ProceduralDigits(seed: seed)
    let (learned, judged) = (digits.dataset(.training, count: training), digits.dataset(.test, count: test))
    var pair = DatasetPair(training: centred(learned), test: centred(judged))
    // What is judged is scaled as what was learned.
    pair.test.normalization = pair.training.normalization
    return pair
  }

  private static func centred(_ dataset: Dataset) -> Dataset {
    guard case .bytes(let bytes) = dataset.pixels else { preconditionFailure("digits that are no bytes") }
    var moved = [UInt8](repeating: 0, count: bytes.count)
    for image in 0..<dataset.count {
      let pixels = bytes[image * side * side..<(image + 1) * side * side]
      let (down, right) = offset(of: pixels)
      move(pixels, down: down, right: right, into: &moved, at: image * side * side)
    }
    return Dataset(
      name: "centred \(dataset.name)", bytes: moved, imageShape: dataset.imageShape, labels: dataset.labels,
      classNames: dataset.classNames)
  }

  /// How far a digit must be moved so that its centre of mass is in the middle.
  package static func offset(of pixels: ArraySlice<UInt8>) -> (down: Int, right: Int) {
    var (mass, row, column) = (0.0, 0.0, 0.0)
    for (i, pixel) in pixels.enumerated() {
      // Paper is noisy; only ink counts.
      let ink = Double(pixel) > 100 ? Double(pixel) : 0
      mass += ink
      row += ink * Double(i / side)
      column += ink * Double(i % side)
    }
    let middle = Double(side - 1) / 2
    guard mass > 0 else { return (0, 0) }
    return (Int((middle - row / mass).rounded()), Int((middle - column / mass).rounded()))
  }

  /// Puts a digit into black pixels that begin at `start`, moved.
  package static func move(
    _ pixels: ArraySlice<UInt8>, down: Int, right: Int, into target: inout [UInt8], at start: Int
  ) {
    for y in 0..<side where (0..<side).contains(y - down) {
      for x in 0..<side where (0..<side).contains(x - right) {
        target[start + y * side + x] = pixels[pixels.startIndex + (y - down) * side + x - right]
      }
    }
  }
}
