import SpectralKit

/// What there is.
enum StateCalls {
  private struct Words: Encodable {
    struct Limits: Encodable {
      let bodyBytes: Int
      let decodedBytes: Int
      let pixels: Int
    }
    let version: String
    let threads: Int
    let pictures: [Picture.Words]
    let dataSets: [String]
    let limits: Limits
  }

  static func routes(_ workbench: Workbench, _ training: LiveTraining, _ guards: Guards) -> [Router.Route] {
    [
      Router.Route("GET /api/state") { _ in
        .json(
          Words(
            version: SpectralVersion.current, threads: Parallel.threads, pictures: workbench.gallery.all.map(\.words),
            dataSets: training.dataSets.map(\.rawValue),
            limits: .init(
              bodyBytes: guards.bodyLimit, decodedBytes: Gallery.decodedLimit, pixels: Gallery.pixelLimit)))
      }
    ]
  }
}
