import SpectralCore

/// The arithmetic of a sliding window, written out: what each window sees, its products and their sum.
///
/// For pictures of a few pixels, to look at; the methods compute.
public struct WindowTrace: Sendable {
  /// One position of the window.
  public struct Window: Sendable {
    /// The row of the output.
    public let row: Int
    /// The column of the output.
    public let column: Int
    /// Pixel times weight for each tap, `[kH][kW]`.
    public let products: [[Double]]
    /// Their sum: the output.
    public let sum: Double
  }

  /// The image with what is added around it, row by row.
  public let padded: [[Double]]
  /// All windows, row by row of the output.
  public let windows: [Window]

  /// Writes out a convolution of one plane with one filter.
  ///
  /// - Parameters:
  ///   - pixels: `[H, W]`.
  ///   - weights: `[kH, kW]`, which are not flipped: the operation is a correlation.
  ///   - problem: One image, one channel, one filter.
  public init(_ pixels: Tensor<Double>, _ weights: Tensor<Double>, _ problem: ConvolutionProblem) {
    let (vertical, horizontal) = (problem.vertical, problem.horizontal)
    precondition(
      pixels.shape == TensorShape([vertical.input, horizontal.input])
        && weights.shape == TensorShape([vertical.kernel, horizontal.kernel]),
      "pixels of shape \(pixels.shape) and weights of shape \(weights.shape) under \(problem)")
    func pixel(_ row: Int?, _ column: Int?) -> Double {
      guard let row, let column else { return 0 }
      return pixels[row, column]
    }
    padded = (0..<vertical.padded).map { row in
      (0..<horizontal.padded).map { pixel(vertical.source(row), horizontal.source($0)) }
    }
    windows = (0..<vertical.output * horizontal.output).map { place in
      let (row, column) = (place / horizontal.output, place % horizontal.output)
      let products = (0..<vertical.kernel).map { i in
        (0..<horizontal.kernel).map { j in
          weights[i, j] * pixel(vertical.source(output: row, tap: i), horizontal.source(output: column, tap: j))
        }
      }
      return Window(row: row, column: column, products: products, sum: products.joined().reduce(0, +))
    }
  }
}

/// What each number of a geometry may be while the others stay as they are, so that the window fits into the image.
public struct WindowRoom: Hashable, Sendable {
  /// Beyond the last the window would stand in one place only.
  public let stride: ClosedRange<Int>
  /// Beyond the last the window would see nothing but padding.
  public let padding: ClosedRange<Int>
  /// Up to where the window just fits; nil if no dilation fits.
  public let dilation: ClosedRange<Int>?

  private static let mostDilation = 1 << 10

  /// The room of a window along one axis.
  ///
  /// - Precondition: there is at least one pixel and one tap.
  public init(input: Int, kernel: Int, stride: Int, padding: Int, dilation: Int) {
    precondition(input > 0 && kernel > 0, "a window of \(kernel) taps over \(input) pixels")
    let reach = max(1, dilation) * (kernel - 1)
    let padded = input + 2 * max(0, padding)
    self.stride = 1...max(1, padded - reach - 1)
    let least = max(0, (reach + 1 - input + 1) / 2)
    self.padding = least...max(least, reach)
    // A single tap has no neighbour to be far from.
    let most = kernel == 1 ? Self.mostDilation : (padded - 1) / (kernel - 1)
    self.dilation = most >= 1 ? 1...most : nil
  }

  /// The room along both axes: what fits along both, as far as it makes a difference along either.
  public init(_ a: WindowRoom, _ b: WindowRoom) {
    stride = 1...max(a.stride.upperBound, b.stride.upperBound)
    let least = max(a.padding.lowerBound, b.padding.lowerBound)
    padding = least...max(least, a.padding.upperBound, b.padding.upperBound)
    if let x = a.dilation, let y = b.dilation {
      dilation = 1...min(x.upperBound, y.upperBound)
    } else {
      dilation = nil
    }
  }
}
