import SpectralKit

/// The scores of all places as a picture or as numbers.
struct ScoreMap<Scalar: AnyMethodScalar> {
  /// `[H - h + 1, W - w + 1]`.
  let scores: Tensor<Scalar>
  let matches: [Match]
  let template: Extent
  let method: MatchingMethod

  /// The best score there is.
  var highest: Double { scores.elements.reduce(-.infinity) { max($0, Double($1)) } }

  /// Writes the numbers to a `.npy` file, or a picture.
  ///
  /// - Throws: `FileError`.
  func write(to path: String, as format: OutputFormat) throws {
    if format == .npy { return try scores.writeNPY(to: path) }
    try framed(picture).write(to: path, as: format)
    Console.say("\(path): mid-grey is 0, the ends are ±\(significant(limit)); a .npy file holds the numbers")
  }

  private var limit: Double { method == .normalized ? 1 : scores.maximumMagnitude }

  /// A picture of the image's size with each score at the template's middle; where the template would leave the image
  /// it is mid-grey.
  private var picture: RasterImage {
    let (rows, columns) = (scores.shape[0], scores.shape[1])
    let (height, width) = (rows + template.height - 1, columns + template.width - 1)
    let (top, left) = (template.height / 2, template.width / 2)
    let whole = Tensor<Scalar>([1, height, width]) { target in
      scores.withUnsafeElements { source in
        for i in target.indices { target[i] = 0 }
        for row in 0..<rows {
          for column in 0..<columns { target[(row + top) * width + column + left] = source[row * columns + column] }
        }
      }
    }
    return SignedPicture(ImagePlanes(planes: whole), limit: limit).image
  }

  /// A picture of the image's size with a frame around each place.
  func framed(_ image: RasterImage) -> RasterImage {
    var canvas = DrawingCanvas(height: image.height, width: image.width)
    canvas.draw(image, top: 0, left: 0)
    let thickness = max(1, min(image.height, image.width) / 256)
    for match in matches {
      // White within black shows on any ground.
      for (color, distance) in [(RGBColor.grey(0), thickness), (RGBColor.grey(1), 0)] {
        canvas.frame(
          color, top: match.row - distance, left: match.column - distance, height: template.height + 2 * distance,
          width: template.width + 2 * distance, thickness: thickness)
      }
    }
    return canvas.image
  }
}
