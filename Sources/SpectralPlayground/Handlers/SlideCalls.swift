import SpectralKit

/// The window that slides.
enum SlideCalls {
  static var routes: [Router.Route] {
    [
      Router.Route("POST /api/slide") { request in try slide(SlideTask(request.json())) },
      Router.Route("POST /api/slide/words") { request in
        .json(try SlideTask(request.json()).recipe())
      },
      Router.Route("POST /api/slide/export") { request in
        .file(try SlideTask(request.json()).export(), type: "application/octet-stream")
      },
    ]
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

  private static func slide(_ task: SlideTask) throws -> HTTPResponse {
    let allowed = Allowed(task.room)
    let problem: ConvolutionProblem
    do { problem = try task.problem() } catch let error as HTTPError {
      return .json(Refusal(error: error.sentence, allowed: allowed), status: error.status)
    }
    let direct = task.output(problem)
    let fourier = try FourierConvolution<Double>(rigor: .estimate)(task.input, task.filter, task.geometry)
    let trace = WindowTrace(
      task.input.reshaped(to: TensorShape(Array(task.input.shape.extents.suffix(2)))),
      task.filter.reshaped(to: TensorShape(Array(task.filter.shape.extents.suffix(2)))), problem)
    return .json(
      Words(
        output: rows(direct), fft: rows(fourier), largestDifference: (direct - fourier).maximumMagnitude,
        formula: Formula(rows: formula(problem.vertical), columns: formula(problem.horizontal)), padded: trace.padded,
        windows: trace.windows.map { Window(row: $0.row, column: $0.column, products: $0.products, sum: $0.sum) },
        allowed: allowed))
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
