import SpectralKit

/// Two pictures of the same size side by side.
enum BeforeAfter {
  private static let gap = 8

  /// Before on the left, after on the right, a white gap between.
  static func image(_ before: Image, _ after: Image) -> Image {
    var canvas = Canvas(height: before.height, width: before.width + gap + after.width)
    canvas.draw(before, top: 0, left: 0)
    canvas.draw(after, top: 0, left: before.width + gap)
    return canvas.image
  }
}
