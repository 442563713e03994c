import Foundation
import SpectralImaging
import SpectralBenchmarks
import SpectralKit

/// Kernels, their responses, and both methods on one picture.
enum KernelCalls {
  static func routes(_ workbench: Workbench) -> [Router.Route] {
    let crossover = CrossoverCurves()
    return [
      Router.Route("POST /api/kernel") { request in
        .json(KernelWords(try request.json(KernelRequest.self).kernel.kernel()))
      },
      Router.Route("POST /api/kernel/response") { request in try response(request.json()) },
      Router.Route("POST /api/kernel/design", bodyLimit: SizeWords.bodyLimit) { request in
        let (words, bytes) = try request.mixed(DesignRequest.self)
        let size = words.mask
        return .json(
          try words.design(DrawnMask(pixels: Array(size.pixels(bytes)), height: size.height, width: size.width)))
      },
      Router.Route("POST /api/kernel/apply", isLive: true) { request in try apply(request, workbench) },
      Router.Route("POST /api/kernel/export") { request in
        .file(try KernelTask(request.json(), workbench).export(), type: "image/png")
      },
      Router.Route("POST /api/kernel/words") { request in .json(try KernelTask(request.json(), workbench).recipe()) },
      Router.Route("POST /api/kernel/file") { request in
        .file(try request.json(KernelRequest.self).kernel.kernel().taps.npyData, type: "application/octet-stream")
      },
      Router.Route("POST /api/kernel/compare") { request in .json(try compare(request.json(), workbench)) },
      Router.Route("POST /api/kernel/crossover") { request in
        let words = try request.json(CrossoverRequest.self)
        return .json(try crossover.upTo(words.largest ?? KernelSource.largestSide))
      },
    ]
  }

  private struct KernelRequest: Decodable { let kernel: KernelSource }

  // MARK: Response

  private struct ResponseRequest: Decodable {
    let kernel: KernelSource
    let side: Int?
    let kind: String?
  }

  private static func response(_ words: ResponseRequest) throws -> HTTPResponse {
    let kernel = try words.kernel.kernel()
    let side = words.side ?? 256
    guard (1...1024).contains(side) else { throw HTTPError(400, "side must be from 1 to 1024 pixels, not \(side).") }
    let spectrum = CenteredSpectrum(kernel.response(height: side, width: side))
    switch words.kind ?? "magnitude" {
    case "magnitude":
      return try .picture(spectrum.evenPicture(), info: ScaleInfo(low: 0, high: spectrum.largestMagnitude))
    case "phase": return try .picture(spectrum.picture(.phase), info: ScaleInfo(low: -.pi, high: .pi))
    case "level":
      let levels = spectrum.magnitudes.reshaped(to: [1, side, side])
      return try .picture(RasterImage(pixels: levels), info: ScaleInfo(low: 0, high: 1))
    default: throw HTTPError(400, "kind must be magnitude, phase or level.")
    }
  }

  // MARK: Design

  private struct DesignRequest: Decodable {
    let size: Int
    let window: String?
    let mask: SizeWords

    func design(_ mask: DrawnMask) throws -> KernelWords {
      guard let method = KernelDesign.Method(named: window ?? "rectangular") else {
        throw HTTPError(
          422, "There is no window \((window ?? "").prefix(40)).",
          remedy: "Take sampling, rectangular, hann, hamming, blackman or kaiser:BETA.")
      }
      guard size <= KernelSource.largestSide else {
        throw HTTPError(422, "A kernel of \(size) x \(size) is too large for the page.", remedy: "Take at most 127.")
      }
      try KernelDesign.check(extent: Extent(size))
      let wanted = FrequencyFilter.mask(try mask.mask())
      let design = KernelDesign(extent: Extent(size), method: method, response: { wanted($0, $1) })
      var words = KernelWords(design.kernel)
      let at = design.frequencyOfLargest
      words.deviation = .init(
        largest: design.largestDeviation, fx: at.fx, fy: at.fy, rms: design.rootMeanSquareDeviation)
      return words
    }
  }

  // MARK: Both methods

  private static func apply(_ request: HTTPRequest, _ workbench: Workbench) throws -> HTTPResponse {
    let words = try request.json(KernelTask.Words.self)
    return try workbench.live.run(words.client, isWanted: { !request.isAbandoned() }) {
      let task = try KernelTask(words, workbench)
      return try .result(side: task.side) { try task.result() }
    }
  }

  private struct CompareRequest: Decodable {
    let picture: String
    let kernel: KernelSource
    let boundary: String?
  }

  private struct CompareWords: Encodable {
    struct Direct: Encodable { let milliseconds: Double }
    struct Fourier: Encodable {
      let milliseconds: Double
      let tile: [Int]
    }
    let direct: Direct
    let fft: Fourier
    let largest: Double
    let rms: Double
    let directError: Double
    let fftError: Double
    let promised: Double
    let isKept: Bool
  }

  private static func compare(_ words: CompareRequest, _ workbench: Workbench) throws -> CompareWords {
    let check = try CrossCheck(
      workbench.gallery.picture(words.picture).planes.premultiplied.luminance, words.kernel.kernel().taps,
      boundary: Boundary(word: words.boundary), memoryLimit: nil, rigor: .estimate, runs: 3)
    return CompareWords(
      direct: .init(milliseconds: 1e3 * check.directSeconds),
      fft: .init(milliseconds: 1e3 * check.fourierSeconds, tile: check.tile.map { [$0.height, $0.width] } ?? []),
      largest: check.difference.largest, rms: check.difference.rootMeanSquare, directError: check.directError.largest,
      fftError: check.fourierError.largest, promised: check.bound, isKept: check.isKept)
  }

  private struct CrossoverRequest: Decodable { let largest: Int? }
}
