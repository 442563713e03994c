import Foundation
import SpectralKit

/// Pictures, their spectra, and single waves of them.
enum PictureCalls {
  static func routes(_ workbench: Workbench) -> [Router.Route] {
    @Sendable func picture(_ request: HTTPRequest) throws -> Picture {
      try workbench.gallery.picture(request.variables["id"]!)
    }
    return [
      Router.Route("POST /api/pictures", bodyLimit: .max) { request in
        guard !request.body.isEmpty else {
          throw HTTPError(400, "There is no picture in the request.", remedy: "Send the bytes of a PNG or a JPEG.")
        }
        return .json(try workbench.gallery.add(Data(request.body), name: request.query["name"] ?? "").words)
      },
      Router.Route("GET /api/pictures/:id/file") { request in
        let file = try picture(request).file
        let isPNG = ImageFormat(firstBytes: file.prefix(8)) == .png
        return .file(file, type: isPNG ? "image/png" : "application/octet-stream")
      },
      Router.Route("GET /api/pictures/:id/pixels") { request in
        try .picture(RasterImage(shown: picture(request).planes), side: request.side(), info: NoInfo())
      },
      Router.Route("GET /api/pictures/:id/spectrum") { request in
        let word = request.query["kind"] ?? "magnitude"
        guard let style = SpectrumStyle(rawValue: word) else {
          throw HTTPError(400, "kind must be magnitude, phase or both, not \(word.prefix(40)).")
        }
        let spectrum = workbench.spectrum(of: try picture(request))
        let range = spectrum.usualRange
        return try .picture(
          spectrum.picture(style, range: range, side: try request.side()),
          info: ScaleInfo(low: range.lowerBound, high: range.upperBound))
      },
      Router.Route("GET /api/pictures/:id/frequency") { request in
        let wave = try wave(workbench, picture(request), request)
        return .json(
          FrequencyWords(
            fx: wave.fx, fy: wave.fy, wavelength: wave.wavelength.isFinite ? wave.wavelength : nil, angle: wave.angle,
            magnitude: wave.magnitude, phase: wave.phase, amplitude: wave.amplitude))
      },
      Router.Route("GET /api/pictures/:id/wave") { request in
        let wave = try wave(workbench, picture(request), request)
        return try .picture(wave.picture, side: request.side(), info: ["amplitude": wave.amplitude])
      },
      Router.Route("GET /api/pictures/:id/profile") { request in
        let profile = RadialProfile(workbench.spectrum(of: try picture(request)))
        return .json(
          ProfileWords(
            frequencies: profile.frequencies, magnitudes: profile.magnitudes.map { $0.isFinite ? $0 : nil }))
      },
    ]
  }

  private struct FrequencyWords: Encodable {
    let fx: Double
    let fy: Double
    let wavelength: Double?
    let angle: Double
    let magnitude: Double
    let phase: Double
    let amplitude: Double
  }

  private struct ProfileWords: Encodable {
    let frequencies: [Double]
    let magnitudes: [Double?]
  }

  private static func wave(_ workbench: Workbench, _ picture: Picture, _ request: HTTPRequest) throws -> SpectrumWave {
    workbench.spectrum(of: picture)
      .wave(nearest: try request.number("fx", in: -0.5...0.5), try request.number("fy", in: -0.5...0.5))
  }
}
