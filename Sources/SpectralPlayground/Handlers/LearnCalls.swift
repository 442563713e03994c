import Foundation
import SpectralLessons
import SpectralKit

/// A training to watch.
enum LearnCalls {
  static func routes(_ training: LiveTraining) -> [Router.Route] {
    [
      Router.Route("POST /api/training") { request in
        try act(request.json(), training)
        return .json(training.state(since: .max, wait: .zero))
      },
      Router.Route("GET /api/training") { request in
        let since = request.query["since"].flatMap { Int($0) } ?? 0
        let wait = min(max(request.query["wait"].flatMap { Int($0) } ?? 0, 0), 10_000)
        return .json(training.state(since: max(0, since), wait: .milliseconds(wait)))
      },
      Router.Route("POST /api/training/words") { _ in .json(Recipe(try training.record())) },
      Router.Route("GET /api/training/network") { _ in
        .file(try training.record().checkpoint().fileData, type: "application/octet-stream")
      },
      Router.Route("GET /api/training/filters") { _ in .json(try training.finiteNetworks().filters) },
      Router.Route("POST /api/training/recognise") { request in
        let (words, bytes) = try request.mixed(DigitRequest.self)
        let side = DrawnDigit.side
        guard words.height == side, words.width == side, bytes.count == side * side else {
          throw HTTPError(400, "A digit is \(side) x \(side) bytes.")
        }
        let shift = words.shift ?? [0, 0]
        guard shift.count == 2, shift.allSatisfy({ (-side...side).contains($0) }) else {
          throw HTTPError(400, "shift must be two whole numbers of pixels, from -\(side) to \(side).")
        }
        let digit = DrawnDigit(
          Array(bytes), isCentred: words.centre ?? true, right: shift[0], down: shift[1])
        return .json(try training.finiteNetworks().answer(to: digit))
      },
    ]
  }

  private struct Action: Decodable {
    let action: String
    let data: String?
    let method: ConvolutionChoice?
    let learningRate: Double?
    let batchSize: Int?
    let epochs: Int?
    let seed: UInt64?
    let methods: [TrainingSettings.MethodChange]?
    let pauseAt: Int?

    /// How a training begins, where this is said; the rest is as usual.
    func settings() throws -> TrainingSettings {
      var settings = TrainingSettings()
      if let data {
        guard let kind = DatasetKind(rawValue: data) else {
          throw HTTPError(422, "There is no data set \(data.prefix(40)).", remedy: "Take centred-digits.")
        }
        settings.data = kind
      }
      if let method { settings.methods = [.init(step: 0, method: method)] }
      if let methods { settings.methods = methods }
      if let learningRate { settings.learningRate = learningRate }
      if let batchSize { settings.batchSize = batchSize }
      if let epochs { settings.epochs = epochs }
      if let seed { settings.seed = seed }
      settings.pauseAt = pauseAt
      return settings
    }
  }

  private struct DigitRequest: Decodable {
    let height: Int
    let width: Int
    let shift: [Int]?
    let centre: Bool?
  }

  private static func act(_ words: Action, _ training: LiveTraining) throws {
    switch words.action {
    case "start":
      try training.start(words.settings())
    case "pause": training.pause()
    case "resume": training.resume()
    case "reset": training.reset()
    case "method":
      guard let method = words.method else { throw HTTPError(400, "Say which method: direct, fft or automatic.") }
      training.change(to: method)
    default:
      throw HTTPError(
        400, "There is no action \(words.action.prefix(40)).", remedy: "start, pause, resume, reset, method.")
    }
  }
}
