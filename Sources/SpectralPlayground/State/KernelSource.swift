import SpectralImaging
import SpectralKit

/// A kernel as requests have it: by name, or number by number.
enum KernelSource: Decodable {
  case name(String)
  case rows([[Double]])

  /// The longest side of a kernel of the page.
  static let largestSide = 127

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let name = try? container.decode(String.self) {
      self = .name(name)
    } else {
      self = .rows(try container.decode([[Double]].self))
    }
  }

  /// The kernel.
  ///
  /// - Throws: ``HTTPError`` 422.
  func kernel() throws -> Kernel {
    let kernel = try anyKernel()
    // What single precision holds with room for a picture's numbers.
    guard kernel.magnitudeSum <= 1e30 else {
      throw HTTPError(
        422, "The magnitudes of the kernel's numbers add up to more than 1e30.", remedy: "Take smaller ones.")
    }
    return kernel
  }

  /// The shape of a kernel by name; nil for numbers.
  ///
  /// - Throws: ``HTTPError`` 422.
  func shape() throws -> KernelShape? {
    guard case .name(let text) = self else { return nil }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let name = KernelName.all.first(where: { $0.names.contains(parts.first ?? "") }) else {
      throw HTTPError(
        422, "There is no kernel '\(text.prefix(60))'.",
        remedy: "There are \(KernelName.all.map(\.names[0]).joined(separator: ", ")).")
    }
    let shape: KernelShape
    do { shape = try name.shape(parts.count > 1 ? parts[1] : nil) } catch {
      throw HTTPError(422, "\(text.prefix(60)) \(error.problem).", remedy: "For example \(error.example).")
    }
    let extent = shape.extent
    guard max(extent.height, extent.width) <= Self.largestSide else {
      throw Self.tooLarge(extent.height, extent.width)
    }
    return shape
  }

  private func anyKernel() throws -> Kernel {
    switch self {
    case .rows(let rows):
      guard let width = rows.first?.count, width > 0, rows.allSatisfy({ $0.count == width }) else {
        throw HTTPError(422, "The rows of a kernel are equally long, and there is at least one number.")
      }
      guard max(width, rows.count) <= Self.largestSide else { throw Self.tooLarge(rows.count, width) }
      guard rows.joined().allSatisfy(\.isFinite) else { throw HTTPError(422, "A number of the kernel is not finite.") }
      return Kernel(rows: rows)
    case .name: return Kernel(try shape()!)
    }
  }

  private static func tooLarge(_ height: Int, _ width: Int) -> HTTPError {
    HTTPError(
      422, "A kernel of \(height) x \(width) taps is too large for the page.",
      remedy: "Take at most \(largestSide) x \(largestSide); spectral convolve takes any.")
  }
}

/// What the page hears of a kernel.
struct KernelWords: Encodable {
  struct Preset: Encodable {
    let name: String
    let usage: String
    let purpose: String
    let example: String
  }

  struct Deviation: Encodable {
    let largest: Double
    let fx: Double
    let fy: Double
    let rms: Double
  }

  let height: Int
  let width: Int
  let taps: [[Double]]
  let sum: Double
  let isSeparable: Bool
  let presets: [Preset]
  /// Of a designed kernel, from the response that was wanted.
  var deviation: Deviation?

  init(_ kernel: Kernel) {
    (height, width) = (kernel.height, kernel.width)
    let (width, numbers) = (kernel.width, kernel.taps.elements)
    taps = (0..<kernel.height).map { Array(numbers[$0 * width..<($0 + 1) * width]) }
    sum = kernel.sum
    isSeparable = kernel.factors != nil
    presets = KernelName.all.map {
      Preset(name: $0.names[0], usage: $0.usage, purpose: $0.purpose, example: $0.example)
    }
  }
}
