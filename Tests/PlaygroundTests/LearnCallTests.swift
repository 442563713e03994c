import Foundation
import SpectralLessons
import SpectralPlayground
import SpectralKit
import TestSupport
import Testing

/// A training, asked for as the page does.
@Suite(.serialized) struct LearnCallTests {
  private func state(_ visitor: Visitor, since: Int = 0, wait: Int = 0) throws -> [String: Any] {
    try visitor.get("/api/training?since=\(since)&wait=\(wait)").json
  }

  /// The state once there are so many points.
  private func reach(_ count: Int, _ visitor: Visitor) throws -> [String: Any] {
    let deadline = ContinuousClock.now + .seconds(60 * patience)
    while ContinuousClock.now < deadline {
      let words = try state(visitor, since: count - 1, wait: 5000)
      if words["count"] as! Int >= count { return try state(visitor) }
    }
    Issue.record("no \(count) steps in a minute")
    return [:]
  }

  @Test func aTrainingRunsPausesGoesOnAndEnds() throws {
    let visitor = try Visitor()
    #expect(try state(visitor)["state"] as? String == "idle")
    #expect(try visitor.post("/api/training", ["action": "start", "method": "direct"]).status == 200)
    let running = try reach(20, visitor)
    #expect(running["state"] as? String == "running" && running["method"] as? String == "direct")
    #expect(running["stepsPerEpoch"] as? Int == 157)
    #expect(try visitor.post("/api/training", ["action": "pause"]).json["state"] as? String == "paused")
    usleep(200_000)
    let paused = try state(visitor)["count"] as! Int
    usleep(200_000)
    #expect(try state(visitor)["count"] as? Int == paused)
    // The method may change while it rests; the curve goes on.
    #expect(try visitor.post("/api/training", ["action": "method", "method": "fft"]).status == 200)
    #expect(try visitor.post("/api/training", ["action": "resume"]).status == 200)
    let after = try reach(paused + 10, visitor)
    let points = try #require(after["points"] as? [[String: Any]])
    #expect(points.map { $0["step"] as! Int } == Array(1...points.count))
    #expect(points[paused - 1]["method"] as? String == "direct" && points[paused]["method"] as? String == "fft")
    #expect((after["tests"] as? [[String: Any]])?.first?["step"] as? Int == 0)
    #expect(try visitor.post("/api/training", ["action": "reset"]).json["state"] as? String == "idle")
    #expect(try state(visitor)["count"] as? Int == 0)
    #expect(visitor.playground.stop())
  }

  @Test func ofManyBeginningsTheLastOneTrains() throws {
    let visitor = try Visitor()
    for size in 1...40 {
      #expect(try visitor.post("/api/training", ["action": "start", "batchSize": size]).status == 200)
    }
    let state = try reach(3, visitor)
    #expect(state["batchSize"] as? Int == 40 && state["stepsPerEpoch"] as? Int == 250)
    #expect(visitor.playground.stop())
    #expect(throws: HTTPError.self) {
      let training = try LiveTraining(mnist: nil)
      training.close()
      try training.start(TrainingSettings())
    }
  }

  @Test func aTrainingThatDivergesSaysSo() throws {
    let visitor = try Visitor()
    #expect(try visitor.post("/api/training", ["action": "start", "learningRate": 10]).status == 200)
    let deadline = ContinuousClock.now + .seconds(60 * patience)
    var news: [String: Any] = [:]
    repeat {
      news = try state(visitor, since: (news["count"] as? Int) ?? 0, wait: 5000)
    } while news["state"] as? String != "failed" && ContinuousClock.now < deadline
    #expect((news["error"] as? String)?.contains("has diverged in step") == true, "\(news)")
    for path in ["filters", "network"] {
      let answer = try visitor.get("/api/training/\(path)")
      #expect(answer.status == 409 && answer.json["error"] as? String == "The training has diverged.", "\(answer)")
    }
  }

  /// Two trainings, one of which changes its method on the way, follow the same curve but for rounding.
  @Test func aChangeOfMethodChangesNothingElse() throws {
    func losses(_ change: Bool) throws -> [Double] {
      let training = try LiveTraining(mnist: nil)
      defer { training.close() }
      var settings = TrainingSettings()
      settings.methods = [.init(step: 0, method: .direct)]
      try training.start(settings)
      func wait(_ count: Int) {
        while training.state(since: count - 1, wait: .seconds(5)).count < count {}
      }
      wait(5)
      if change { training.change(to: .fft) }
      wait(40)
      return training.state(since: 0, wait: .zero).points.prefix(40).map { $0.loss! }
    }
    let (steady, changed) = (try losses(false), try losses(true))
    #expect(zip(steady, changed).allSatisfy { abs($0 - $1) < 1e-3 })
    #expect(steady.prefix(3) == changed.prefix(3))
  }

  @Test func theNetworksAnswerWhileTheyLearnAndPicturesAreFiltered() throws {
    let visitor = try Visitor()
    let digit = CentredDigits.load(training: 1, test: 10).test
    let bytes = digit.image(at: 0).elements.map { UInt8(($0 * 255).rounded()) }
    func ask(_ shift: [Int] = [0, 0]) throws -> Answer {
      try visitor.post(
        "/api/training/recognise", ["height": 28, "width": 28, "shift": shift], bytes: bytes)
    }
    #expect(try ask().status == 409)
    #expect(try visitor.get("/api/training/filters").status == 409)
    #expect(try visitor.post("/api/training", ["action": "start"]).status == 200)
    _ = try reach(120, visitor)
    for _ in 0..<5 {
      let answer = try visitor.post(
        "/api/filter", ["picture": "scene", "steps": [["kind": "lowpass", "arguments": "gaussian:0.1"]]], bytes: [])
      #expect(answer.status == 200)
    }
    let words = try ask().json
    for network in ["lenet", "dense"] {
      let shares = try #require(words[network] as? [Double])
      #expect(shares.count == 10 && abs(shares.reduce(0, +) - 1) < 1e-6)
    }
    let shares = words["lenet"] as! [Double]
    #expect(shares.firstIndex(of: shares.max()!) == digit.labels[0])
    let maps = try #require(words["maps"] as? [[String: Any]])
    #expect(maps.count == 3 * 6 + 3 * 16)
    #expect(maps[0]["height"] as? Int == 28 && maps[6]["height"] as? Int == 14 && maps.last!["height"] as? Int == 5)
    let seen = words["seen"] as! [[Double]]
    let moved = try ask([3, -2]).json["seen"] as! [[Double]]
    #expect(moved[5][10] == seen[7][7])
    let filters = try visitor.get("/api/training/filters").json
    #expect((filters["filters"] as? [[[Double]]])?.map { $0.count } == [5, 5, 5, 5, 5, 5])
    #expect((filters["spectra"] as? [[[Double]]])?.allSatisfy { $0.count == 32 && $0.joined().max() == 1 } == true)
    #expect(visitor.playground.stop())
  }

  @Test(.enabled(if: sharedData("mnist") != nil, "needs ../shared/data/mnist"))
  func mnistIsLearnedWhereItsFilesAre() throws {
    let visitor = try Visitor(data: sharedData("mnist")!.path)
    #expect(try visitor.get("/api/state").json["dataSets"] as? [String] == ["centred-digits", "mnist"])
    #expect(try visitor.post("/api/training", ["action": "start", "data": "mnist"]).status == 200)
    #expect(try reach(3, visitor)["stepsPerEpoch"] as? Int == 938)
  }

  @Test func whatCannotBeIsRefusedWithASentence() throws {
    let visitor = try Visitor()
    for (words, status) in [
      (["action": "dance"], 400), (["action": "method"], 400), (["action": "method", "method": "magic"], 400),
      (["action": "start", "data": "mnist"], 422), (["action": "start", "data": "/etc"], 422),
      (["action": "start", "learningRate": 0], 422), (["action": "start", "batchSize": 0], 422),
      (["action": "start", "epochs": 1 << 40], 422), ([:], 400),
      (["action": "start", "epochs": 1000, "batchSize": 1], 422),
      (["action": "start", "methods": [] as [Any]], 422), (["action": "start", "pauseAt": 0], 422),
      (["action": "start", "methods": [["step": 3, "method": "fft"]]], 422),
      (["action": "start", "methods": [["step": 0, "method": "fft"], ["step": 0, "method": "direct"]]], 422),
    ] as [([String: Any], Int)] {
      let answer = try visitor.post("/api/training", words)
      #expect(answer.status == status, "\(words)")
      #expect((answer.json["error"] as? String)?.isEmpty == false)
    }
    let shape: [String: Any] = ["height": 28, "width": 28]
    #expect(try visitor.post("/api/training/recognise", shape, bytes: [1, 2, 3]).status == 400)
    let far = shape.merging(["shift": [1 << 40, 0]]) { $1 }
    #expect(try visitor.post("/api/training/recognise", far, bytes: [UInt8](repeating: 0, count: 784)).status == 400)
    #expect(throws: FileError.self) { try Playground(.init(port: 0, data: "/nowhere")) }
    #expect(throws: FileError.self) { try Playground(.init(port: 0, image: "/nowhere.png")) }
  }
}
