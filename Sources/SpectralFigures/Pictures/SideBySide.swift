import SpectralImaging

/// Pictures beside each other, each under its name: before and after, for instance.
public struct SideBySide: Sendable {
  /// The pictures with their names, from left to right.
  public var parts: [(name: String, picture: RasterImage)]

  /// Pictures beside each other.
  public init(_ parts: [(name: String, picture: RasterImage)]) { self.parts = parts }

  private static let margin = 16
  private static let gap = 16
  private static let head = 32

  /// All in one picture. A name that is wider than its picture makes room for itself.
  public var image: RasterImage {
    let widths = parts.map { max($0.picture.width, Int(DrawingCanvas.width(of: $0.name).rounded(.up))) }
    var canvas = DrawingCanvas(
      height: Self.head + (parts.map(\.picture.height).max() ?? 0) + Self.margin,
      width: 2 * Self.margin + widths.reduce(0, +) + Self.gap * max(parts.count - 1, 0))
    var left = Self.margin
    for (part, width) in zip(parts, widths) {
      canvas.write(part.name, x: Double(left), baseline: 22, color: RGBColor(0.11, 0.16, 0.21))
      canvas.draw(part.picture, top: Self.head, left: left)
      left += width + Self.gap
    }
    return canvas.image
  }
}
