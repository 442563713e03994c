import SpectralKit

/// A digit that somebody has drawn, white on black, as the networks that learn digits want it.
package struct DrawnDigit: Sendable {
  /// Rows and columns.
  package static let side = CentredDigits.side
  private let pixels: [UInt8]

  /// A drawing.
  ///
  /// - Parameters:
  ///   - pixels: `side` rows of `side` bytes.
  ///   - isCentred: Whether its centre of mass is brought to the middle first, where those of the learned digits are.
  ///   - right: How far it is moved then; black comes in.
  ///   - down: The same, downwards.
  package init(_ pixels: [UInt8], isCentred: Bool, right: Int = 0, down: Int = 0) {
    precondition(pixels.count == Self.side * Self.side, "\(pixels.count) pixels of a digit")
    let offset = isCentred ? CentredDigits.offset(of: pixels[...]) : (down: 0, right: 0)
    var moved = [UInt8](repeating: 0, count: pixels.count)
    CentredDigits.move(pixels[...], down: offset.down + down, right: offset.right + right, into: &moved, at: 0)
    self.pixels = moved
  }

  /// The pixels, from 0 to 1.
  package var rows: [[Double]] {
    (0..<Self.side).map { row in pixels[row * Self.side..<(row + 1) * Self.side].map { Double($0) / 255 } }
  }

  /// The pixels as a network sees them, `[1, 1, side, side]`.
  package func image(_ normalization: Normalization) -> Tensor<Float> {
    let dataset = Dataset(
      name: "drawing", bytes: pixels, imageShape: [1, Self.side, Self.side], labels: [0], classNames: ["?"],
      normalization: normalization)
    return Batches<Float>(dataset, batchSize: 1)[0].images
  }
}
