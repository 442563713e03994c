import SpectralKit

/// The window that slides.
enum SlideCalls {
  static var routes: [Router.Route] {
    [Router.Route("POST /api/slide") { request in try slide(request.json()) }]
  }

  private struct Request: Decodable {
    let pixels: [[Double]]
    let kernel: [[Double]]
    let stride: Int?
    let padding: Int?
    let dilation: Int?
    let boundary: String?
  }

  private struct Allowed: Encodable {
    let stride: [Int]
    let padding: [Int]
    /// nil if none fits.
    let dilation: [Int]?

    init(_ room: WindowRoom) {
      func ends(_ range: ClosedRange<Int>) -> [Int] { [range.lowerBound, range.upperBound] }
      (stride, padding, dilation) = (ends(room.stride), ends(room.padding), room.dilation.map(ends))
    }
  }

  private struct Refusal: Encodable {
    let error: String
    let allowed: Allowed
  }

  private struct Window: Encodable {
    let row: Int
    let column: Int
    let products: [[Double]]
    let sum: Double
  }

  private struct Words: Encodable {
    let output: [[Double]]
    let fft: [[Double]]
    let largestDifference: Double
    let formula: Formula
    let padded: [[Double]]
    let windows: [Window]
    let allowed: Allowed
  }

  /// How many places a window has along each axis.
  private struct Formula: Encodable {
    let rows: String
    let columns: String
  }

  private static func slide(_ words: Request) throws -> HTTPResponse {
    let pixels = try plane(words.pixels, "pixels", most: 32)
    let kernel = try plane(words.kernel, "kernel", most: 9)
    let (stride, padding, dilation) = (words.stride ?? 1, words.padding ?? 0, words.dilation ?? 1)
    guard [stride, padding, dilation].allSatisfy({ (-1000...1000).contains($0) }) else {
      throw HTTPError(422, "stride, padding and dilation must be from 0 to 1000.")
    }
    let boundary = try FilterTask.boundary(words.boundary ?? "zero")
    func room(_ axis: Int) -> WindowRoom {
      WindowRoom(
        input: pixels.shape[axis], kernel: kernel.shape[axis], stride: stride, padding: padding, dilation: dilation)
    }
    let allowed = Allowed(WindowRoom(room(0), room(1)))
    let geometry = ConvolutionGeometry(
      kernel: Extent(height: kernel.shape[0], width: kernel.shape[1]), stride: Extent(stride),
      dilation: Extent(dilation), padding: .pixels(padding), boundary: boundary)
    let (x, w) = (
      pixels.reshaped(to: Shape([1, 1] + pixels.shape.extents)),
      kernel.reshaped(to: Shape([1, 1] + kernel.shape.extents))
    )
    let problem: ConvolutionProblem
    do { problem = try ConvolutionProblem(geometry, input: x.shape, filter: w.shape) } catch {
      return .json(Refusal(error: error.description, allowed: allowed), status: 422)
    }
    guard problem.vertical.padded <= 64, problem.horizontal.padded <= 64 else {
      return .json(
        Refusal(error: "More than 64 pixels with the padding are too many to show.", allowed: allowed), status: 422)
    }
    let direct = try SpatialConvolution<Double>()(x, w, geometry)
    let fourier = try FourierConvolution<Double>(rigor: .estimate)(x, w, geometry)
    let trace = WindowTrace(pixels, kernel, problem)
    return .json(
      Words(
        output: rows(direct), fft: rows(fourier), largestDifference: (direct - fourier).maximumMagnitude,
        formula: Formula(rows: formula(problem.vertical), columns: formula(problem.horizontal)), padded: trace.padded,
        windows: trace.windows.map { Window(row: $0.row, column: $0.column, products: $0.products, sum: $0.sum) },
        allowed: allowed))
  }

  private static func plane(_ rows: [[Double]], _ name: String, most: Int) throws -> Tensor<Double> {
    guard let width = rows.first?.count, (1...most).contains(width), (1...most).contains(rows.count),
      rows.allSatisfy({ $0.count == width }), rows.joined().allSatisfy(\.isFinite)
    else { throw HTTPError(422, "\(name) must be 1 to \(most) rows of 1 to \(most) numbers, equally long.") }
    return Tensor([rows.count, width], rows.flatMap { $0 })
  }

  private static func rows(_ plane: Tensor<Double>) -> [[Double]] {
    let (width, numbers) = (plane.shape[-1], plane.elements)
    return Swift.stride(from: 0, to: numbers.count, by: width).map { Array(numbers[$0..<$0 + width]) }
  }

  private static func formula(_ axis: ConvolutionAxis) -> String {
    "⌊(\(axis.input) + 2·\(axis.paddingBefore) − \(axis.dilation)·(\(axis.kernel) − 1) − 1) / \(axis.stride)⌋ + 1 = "
      + "\(axis.output)"
  }
}
