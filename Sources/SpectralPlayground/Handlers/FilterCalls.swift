import Foundation
import SpectralImaging
import SpectralKit

/// Filters by frequency, live and exported.
enum FilterCalls {
  static func routes(_ workbench: Workbench) -> [Router.Route] {
    [
      Router.Route("POST /api/filter", bodyLimit: SizeWords.bodyLimit, isLive: true) { request in
        let (words, bytes) = try request.mixed(FilterTask.Words.self)
        return try workbench.live.run(words.client, isWanted: { !request.isAbandoned() }) {
          let task = try FilterTask(words, bytes, workbench)
          return try .result(side: task.side) { try task.preview() }
        }
      },
      Router.Route("POST /api/filter/response", bodyLimit: SizeWords.bodyLimit) { request in
        let task = try FilterTask(request, workbench)
        let planes = task.picture.planes
        let response = task.steps.combined.response(height: planes.height, width: planes.width).centred
        let image = RasterImage(
          pixels: response.converted(to: Float.self).reshaped(to: [1, planes.height, planes.width]))
        let range = EditedImage(ImagePlanes(planes: image.pixels), isSigned: false).range
        return try .picture(image, side: task.side, info: ScaleInfo(low: range.low, high: range.high))
      },
      Router.Route("POST /api/filter/profile", bodyLimit: SizeWords.bodyLimit) { request in
        let task = try FilterTask(request, workbench)
        let result = try task.preview(canBeHasty: false).image.converted(to: .stored)
        let before = RadialProfile(workbench.spectrum(of: task.picture))
        let after = RadialProfile(CenteredSpectrum(result.premultiplied.luminance))
        return .json(
          ProfilePair(
            frequencies: before.frequencies, before: finite(before.magnitudes), after: finite(after.magnitudes)))
      },
      Router.Route("POST /api/filter/export", bodyLimit: SizeWords.bodyLimit) { request in
        .file(try FilterTask(request, workbench).export(), type: "image/png")
      },
      Router.Route("POST /api/filter/mask", bodyLimit: SizeWords.bodyLimit) { request in
        guard let mask = try FilterTask(request, workbench).mask else {
          throw HTTPError(422, "There is no mask in the request.", remedy: "Paint on the spectrum first.")
        }
        return .file(try mask.encoded(), type: "image/png")
      },
      Router.Route("POST /api/filter/words", bodyLimit: SizeWords.bodyLimit) { request in
        .json(try FilterTask(request, workbench).recipe())
      },
    ]
  }
}

/// How strong waves are by how fast they are, in a picture and in its result.
private struct ProfilePair: Encodable {
  let frequencies: [Double]
  let before: [Double?]
  let after: [Double?]
}

/// Numbers as JSON can have them.
private func finite(_ numbers: [Double]) -> [Double?] { numbers.map { $0.isFinite ? $0 : nil } }

func milliseconds(_ duration: Duration) -> Double {
  1e3 * Double(duration.components.seconds) + 1e-15 * Double(duration.components.attoseconds)
}
