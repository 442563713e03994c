import SpectralKit

/// The package's own digits with their centres of mass in the middle of the image, as those of MNIST are.
///
/// The digits are drawn anywhere on the paper. Centred ones are the easier task, and a network that has seen no others
/// shows what it knows of places that it has never seen ink at.
package enum CentredDigits {
  package static func load(training: Int = 10_000, test: Int = 2_000) -> DatasetPair {
    let digits = ProceduralDigits()
    return DatasetPair(
      training: centred(digits.dataset(.training, count: training)), test: centred(digits.dataset(.test, count: test)))
  }

  private static func centred(_ dataset: Dataset) -> Dataset {
    guard case .bytes(let bytes) = dataset.pixels else { return dataset }
    let side = ProceduralDigits.side
    var moved = [UInt8](repeating: 0, count: bytes.count)
    for image in 0..<dataset.count {
      let start = image * side * side
      var (mass, row, column) = (0.0, 0.0, 0.0)
      for i in 0..<side * side {
        // Paper is noisy; only ink counts.
        let ink = Double(bytes[start + i]) > 100 ? Double(bytes[start + i]) : 0
        mass += ink
        row += ink * Double(i / side)
        column += ink * Double(i % side)
      }
      let middle = Double(side - 1) / 2
      let down = mass > 0 ? Int((middle - row / mass).rounded()) : 0
      let right = mass > 0 ? Int((middle - column / mass).rounded()) : 0
      for y in max(0, down)..<min(side, side + down) {
        for x in max(0, right)..<min(side, side + right) {
          moved[start + y * side + x] = bytes[start + (y - down) * side + x - right]
        }
      }
    }
    return Dataset(
      name: dataset.name, bytes: moved, imageShape: dataset.imageShape, labels: dataset.labels,
      classNames: dataset.classNames)
  }
}
