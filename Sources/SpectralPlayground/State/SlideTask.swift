import Foundation
import SpectralKit

/// A request for a window over numbers that has been understood.
struct SlideTask {
  /// The words of a request.
  struct Words: Decodable {
    let pixels: [[Double]]
    let kernel: [[Double]]
    let stride: Int?
    let padding: Int?
    let dilation: Int?
    let boundary: String?
  }

  /// The most rows and columns.
  static let most = (pixels: 32, kernel: 9, padded: 64)

  let pixels: [[Double]]
  let kernel: [[Double]]
  let stride: Int
  let padding: Int
  let dilation: Int
  let boundary: Boundary
  let geometry: ConvolutionGeometry

  /// - Throws: ``HTTPError`` for what is no question at all; whether the window fits is ``problem()``.
  init(_ words: Words) throws {
    pixels = try Self.checked(words.pixels, "pixels", most: Self.most.pixels)
    kernel = try Self.checked(words.kernel, "kernel", most: Self.most.kernel)
    (stride, padding, dilation) = (words.stride ?? 1, words.padding ?? 0, words.dilation ?? 1)
    // Numbers below what can be are told as those beyond it, with what is allowed: see ``problem()``.
    guard [stride, padding, dilation].allSatisfy({ (-1000...1000).contains($0) }) else {
      throw HTTPError(422, "stride, padding and dilation must be no more than 1000.")
    }
    boundary = try Boundary(word: words.boundary, otherwise: .zero)
    geometry = ConvolutionGeometry(
      stride: AxisValues(stride), dilation: AxisValues(dilation),
      padding: .pixels(padding), boundary: boundary)
  }

  /// `[1, 1, H, W]`.
  var input: Tensor<Double> { Tensor([1, 1, pixels.count, pixels[0].count], pixels.flatMap { $0 }) }
  /// `[1, 1, kH, kW]`.
  var filter: Tensor<Double> { Tensor([1, 1, kernel.count, kernel[0].count], kernel.flatMap { $0 }) }

  /// What can be chosen along both axes while the rest stays as it is.
  var room: WindowRoom {
    func room(_ input: Int, _ kernel: Int) -> WindowRoom {
      WindowRoom(input: input, kernel: kernel, stride: stride, padding: padding, dilation: dilation)
    }
    return WindowRoom(room(pixels.count, kernel.count), room(pixels[0].count, kernel[0].count))
  }

  /// The convolution.
  ///
  /// - Throws: ``HTTPError`` 422 with the reason if the window does not fit, or there would be too much to show.
  func problem() throws -> ConvolutionProblem {
    let problem: ConvolutionProblem
    do { problem = try ConvolutionProblem(geometry, input: input.shape, filter: filter.shape) } catch {
      throw HTTPError(422, error.description)
    }
    guard max(problem.vertical.padded, problem.horizontal.padded) <= Self.most.padded else {
      throw HTTPError(422, "More than \(Self.most.padded) pixels with the padding are too many to show.")
    }
    return problem
  }

  /// The file that `spectral conv2d` writes, byte for byte.
  ///
  /// - Throws: As ``problem()``.
  func export() throws -> Data { output(try problem()).npyData }

  /// How to do the same without the page.
  ///
  /// - Throws: As ``problem()``.
  func recipe() throws -> Recipe {
    _ = try problem()
    return Recipe(self)
  }

  /// What the window leaves, by the definition.
  func output(_ problem: ConvolutionProblem) -> Tensor<Double> {
    SpatialConvolution<Double>().forward(input, filter, bias: nil, problem)
  }

  private static func checked(_ rows: [[Double]], _ name: String, most: Int) throws -> [[Double]] {
    guard let width = rows.first?.count, (1...most).contains(width), (1...most).contains(rows.count),
      rows.allSatisfy({ $0.count == width }), rows.joined().allSatisfy(\.isFinite)
    else { throw HTTPError(422, "\(name) must be 1 to \(most) rows of 1 to \(most) numbers, equally long.") }
    return rows
  }
}
