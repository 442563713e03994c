import SpectralKit

/// What lessons work on: a picture, and labelled images.
public struct LessonMaterial: Sendable {
  /// The picture.
  public var image: RasterImage
  /// What to call it, e.g. the name of its file.
  public var imageName: String
  /// Images to train on, and to be judged by.
  public var data: DatasetPair
  /// What to call them.
  public var dataName: String

  /// A picture and labelled images; what is not given is drawn by the package.
  public init(image: (RasterImage, name: String)? = nil, data: (DatasetPair, name: String)? = nil) {
    let (picture, name) = image ?? (Scene.street(side: 384), "a street that the package draws")
    // Reports are white.
    (self.image, imageName) = (picture.composed(on: .white), name)
    (self.data, dataName) = data ?? (CentredDigits.load(), "digits that the package draws, centred")
  }

  /// The middle of the picture as a square of `side` x `side` pixels, `[3, side, side]`, 0 to 1.
  public func color(side: Int) -> Tensor<Float> {
    let square = min(image.height, image.width)
    let (top, left) = ((image.height - square) / 2, (image.width - square) / 2)
    let channels = image.pixels.shape[0]
    let (height, width) = (image.height, image.width)
    let cropped = image.pixels.withUnsafeElements { source in
      Tensor<Float>([3, square, square]) { target in
        for i in target.indices {
          let (c, y, x) = (i / (square * square), i / square % square, i % square)
          target[i] = source[(min(c, channels - 1) * height + top + y) * width + left + x]
        }
      }
    }
    return RasterImage(pixels: cropped).resized(height: side, width: side).pixels
  }

  /// The same in grey, `[side, side]`.
  public func grey(side: Int) -> Tensor<Double> {
    RasterImage(pixels: color(side: side)).luminance.pixels.reshaped(to: [side, side]).converted()
  }
}

/// How a lesson tells of its progress, and learns that it shall stop.
public struct LessonProgress: Sendable {
  /// Says something in a line, e.g. how long what follows takes.
  public var say: @Sendable (String) -> Void
  /// Says how far a task is, from 0 to 1, and some numbers.
  public var advance: @Sendable (Double, String) -> Void
  /// Whether the reader has lost patience.
  public var shouldStop: @Sendable () -> Bool

  /// Tells whoever listens.
  public init(
    say: @escaping @Sendable (String) -> Void = { _ in },
    advance: @escaping @Sendable (Double, String) -> Void = { _, _ in },
    shouldStop: @escaping @Sendable () -> Bool = { false }
  ) {
    (self.say, self.advance, self.shouldStop) = (say, advance, shouldStop)
  }

  /// Throws if the lesson shall stop.
  func check() throws { if shouldStop() { throw LessonStopped() } }
}

/// A lesson that was told to stop.
public struct LessonStopped: Error {}
