import Foundation
import SpectralPlayground
import SpectralKit
import TestSupport
import Testing

/// What the page shares of a state: the printed command and the printed program write the bytes that it saves.
@Suite(.serialized) struct RecipeTests {
  /// A state that is shared.
  struct State {
    let area: String
    let name: String
    /// The words of its calls, without the picture.
    let words: [String: Any]
    /// The file that command and program write.
    let output: String

    init(_ area: String, _ name: String, _ words: [String: Any]) {
      (self.area, self.name, self.words) = (area, name, words)
      output = ["filter": "filtered.png", "kernel": "convolved.png", "slide": "output.npy"][area]!
    }
  }

  /// More numbers than a line takes.
  private static let manyNumbers: [[Double]] = (0..<15).map { (row: Int) -> [Double] in
    (0..<15).map { (column: Int) -> Double in
      let number = Double(row * 15 + column)
      return (number - 100.5) / 1575
    }
  }

  private static let kernelNames = [
    "gaussian:1.5,4", "gaussian:2", "box:3,5", "disk:4.5", "disc:5", "motion:9,30", "sobel:x", "scharr:y", "prewitt:x",
    "laplacian", "laplacian:8", "log:2", "log:1.5,9", "sharpen:0.5", "emboss:90", "gabor:8,30", "gabor:6,45,3,90,0.5",
    "random:7,3",
  ]

  private static let slope: [[Double]] = [[-1, 0, 1], [-2, 0, 2.5], [-1, 1e-7, 1]]
  private static let pixels: [[Double]] = (0..<6).map { (row: Int) -> [Double] in
    (0..<7).map { (column: Int) -> Double in Double(column * row) / 3 - 1 }
  }

  /// Nothing changes them.
  nonisolated(unsafe) static let states: [State] = {
    var states = FilterCallTests.requests.map { State("filter", $0.name, $0.words) }
    states += kernelNames.map { State("kernel", $0, ["kernel": $0, "method": "fft"]) }
    states.append(State("kernel", "numbers", ["kernel": slope, "method": "direct", "boundary": "zero"]))
    states.append(State("kernel", "many numbers", ["kernel": manyNumbers, "method": "fft", "boundary": "mirror"]))
    states.append(State("kernel", "automatic", ["kernel": "box:3"]))
    let nine: [[Double]] = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    states.append(State("slide", "as it is", ["pixels": nine, "kernel": [[1, 0], [0, 1]]]))
    let kernel: [[Double]] = [[-1, 0.5, -0.0]]
    states.append(
      State(
        "slide", "all sliders",
        ["pixels": pixels, "kernel": kernel, "stride": 2, "padding": 2, "dilation": 3, "boundary": "mirror"]))
    return states
  }()

  let visitor: Visitor

  init() throws { visitor = try Visitor() }

  private func post(_ state: State, _ call: String, picture: String) throws -> Answer {
    var words = state.words
    if state.area != "slide" { words["picture"] = picture }
    guard state.area == "filter" else { return try visitor.post("/api/\(state.area)/\(call)", words) }
    return try visitor.post(
      "/api/filter/\(call)", words, bytes: words["mask"] == nil ? [] : FilterCallTests.mask)
  }

  /// A small colour picture of 16 bits with a name that needs quoting, and transparency.
  private func ownPicture(name: String = "-it's%20%22mine%22%20%24(x)%5C.png") throws -> String {
    var random = RandomGenerator(seed: 1)
    let image = RasterImage(
      pixels: .uniform([3, 37, 50], in: 0..<1, using: &random), alpha: .uniform([37, 50], in: 0..<1, using: &random),
      bitDepth: 16)
    return try visitor.bring(try image.encoded(as: .png), name: name)
  }

  /// The words of a state, and a folder with the files that they need.
  private func prepared(_ state: State, picture: String) throws -> (command: String, program: String, folder: URL) {
    let recipe = try post(state, "words", picture: picture).json
    let folder = temporaryFolder()
    for name in try #require(recipe["needs"] as? [String]) {
      let file =
        switch name {
        case "mask.png": try post(state, "mask", picture: picture)
        case "kernel.npy": try post(state, "file", picture: picture)
        default: try visitor.get("/api/pictures/\(picture)/file")
        }
      try Data(file.body).write(to: folder.appendingPathComponent(name))
    }
    return (try #require(recipe["command"] as? String), try #require(recipe["swift"] as? String), folder)
  }

  @Test(arguments: states.indices) func theCommandWritesWhatIsSaved(_ index: Int) throws {
    let state = Self.states[index]
    let own = try ownPicture()
    for picture in state.area == "slide" ? [""] : ["scene", own] {
      let (command, _, folder) = try prepared(state, picture: picture)
      defer { try? FileManager.default.removeItem(at: folder) }
      let outcome = spectral(typed: command, in: folder)
      #expect(outcome.code == 0, "\(state.name): \(command)\n\(outcome.talk)")
      let export = try post(state, "export", picture: picture)
      #expect(export.status == 200 && export.headers["content-type"]?.isEmpty == false)
      let written = try Data(contentsOf: folder.appendingPathComponent(state.output))
      #expect(Data(export.body) == written, "\(state.name) of \(picture)")
    }
  }

  /// A shell sees bytes where Swift sees characters, and a name must not become a command, a flag or another file.
  @Test(arguments: [
    "x%27%CC%81%3Btouch%20PWNED%3B%27%CC%81.png", "x%27%E2%80%8D%3Btouch%20PWNED%3B%27%E2%80%8D.png",
    "x%27%EF%B8%8F%3Btouch%20PWNED%3B%27%EF%B8%8F.png", "%E2%80%AEgnp.%3Btouch%20PWNED.png",
    "a%E2%80%A8touch%20PWNED.png",
    "%24(touch%20PWNED).png", "%60touch%20PWNED%60.png", "%3Dls.png", "--help", "-%CC%81.png", "x%2F%CC%81y.png",
    "mask.png", "Filtered.png", "e%CC%81%CC%81%CC%81.png",
  ])
  func aNameIsOnlyAName(_ name: String) throws {
    let state = State(
      "filter", "a mask",
      ["steps": [["kind": "lowpass", "arguments": "gaussian:0.1"]], "mask": ["height": 64, "width": 48]])
    let picture = try ownPicture(name: name)
    let (command, _, folder) = try prepared(state, picture: picture)
    defer { try? FileManager.default.removeItem(at: folder) }
    let before = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(before.count == 2)
    let outcome = spectral(typed: command, in: folder)
    #expect(outcome.code == 0, "\(command)\n\(outcome.talk)")
    let after = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(Set(after) == Set(before + ["filtered.png"]), "\(command)")
    #expect(
      try Data(contentsOf: folder.appendingPathComponent("filtered.png"))
        == Data(post(state, "export", picture: picture).body))
  }

  @Test func aNameIsNoLongerThanAFileMayHave() throws {
    let picture = try ownPicture(name: "e" + String(repeating: "%CC%81", count: 1000) + ".png")
    let recipe = try post(Self.states[0], "words", picture: picture).json
    #expect((recipe["needs"] as? [String])?.allSatisfy { $0.utf8.count <= 255 } == true)
  }

  /// All programs as functions of one, which is compiled at once: the same lines, and more that the compiler could
  /// complain about.
  @Test(.enabled(if: Toolchain.present != nil, "needs swiftc and the products of a build"))
  func theProgramsWriteWhatIsSaved() throws {
    let toolchain = try #require(Toolchain.present)
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let picture = try ownPicture()
    var (functions, calls) = ([String](), [String]())
    for (index, state) in Self.states.enumerated() {
      let (_, program, files) = try prepared(state, picture: picture)
      try FileManager.default.moveItem(at: files, to: folder.appendingPathComponent("\(index)"))
      #expect(program.hasPrefix("import SpectralKit\n"))
      #expect(program.split(separator: "\n").count <= 18, "more than a dozen and a half lines:\n\(program)")
      functions.append("func program\(index)() throws {\n\(program.replacing("import SpectralKit\n", with: ""))}\n")
      calls.append(
        "_ = FileManager.default.changeCurrentDirectoryPath(folder + \"/\(index)\")\ntry program\(index)()\n")
    }
    let source = folder.appendingPathComponent("main.swift")
    let text =
      "import Foundation\nimport SpectralKit\n" + functions.joined() + "let folder = CommandLine.arguments[1]\n"
      + calls.joined()
    try text.write(to: source, atomically: true, encoding: .utf8)
    let complaint = try toolchain.compile(source, to: folder.appendingPathComponent("main.o"))
    try #require(complaint.isEmpty, "\(complaint)")
    #if !DEBUG
      let program = folder.appendingPathComponent("program")
      try #require(try toolchain.link(folder.appendingPathComponent("main.o"), to: program) == "")
      let result = try Toolchain.run(program.path, [folder.path], in: folder)
      try #require(result.status == 0, "\(result.errors)")
      for (index, state) in Self.states.enumerated() {
        let written = try Data(contentsOf: folder.appendingPathComponent("\(index)/\(state.output)"))
        #expect(Data(try post(state, "export", picture: picture).body) == written, "\(state.name)")
      }
    #endif
  }

  // MARK: A training

  private func training(_ words: [String: Any], until steps: Int? = nil) throws -> [String: Any] {
    #expect(try visitor.post("/api/training", words.merging(["action": "start"]) { $1 }).status == 200)
    let deadline = ContinuousClock.now + .seconds(60 * patience)
    while ContinuousClock.now < deadline {
      let state = try visitor.get("/api/training?since=0&wait=0").json
      if ["paused", "finished"].contains(state["state"] as? String) { return state }
      if let steps, state["count"] as! Int >= steps { return state }
      usleep(5_000)
    }
    Issue.record("the training did not come to rest")
    return [:]
  }

  private func network() throws -> Data {
    let answer = try visitor.get("/api/training/network")
    #expect(answer.status == 200)
    return Data(answer.body)
  }

  @Test func aTrainingIsRepeatedBitForBit() throws {
    #expect(try visitor.get("/api/training/network").status == 409)
    #expect(try visitor.post("/api/training/words", [:]).status == 409)
    // Somebody changes the method on the way, and pauses.
    _ = try training(["batchSize": 32, "learningRate": 0.05], until: 6)
    #expect(try visitor.get("/api/training/network").json["error"] as? String == "The training goes on.")
    #expect(try visitor.post("/api/training", ["action": "method", "method": "direct"]).status == 200)
    let switched = try visitor.get("/api/training?since=0&wait=0").json["count"] as! Int
    _ = try visitor.get("/api/training?since=\(switched + 4)&wait=10000")
    #expect(try visitor.post("/api/training", ["action": "pause"]).status == 200)
    let kept = try network()
    let state = try visitor.get("/api/training?since=0&wait=0").json
    let methods = try #require(state["methods"] as? [[String: Any]])
    #expect(methods.map { $0["method"] as! String } == ["fft", "direct"])
    let recipe = try visitor.post("/api/training/words", [:]).json

    // By the command.
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let outcome = spectral(typed: try #require(recipe["command"] as? String), in: folder)
    #expect(outcome.code == 0, "\(outcome.talk)")
    let file = folder.appendingPathComponent("lenet5.safetensors")
    #expect(try Data(contentsOf: file) == kept)

    // By a link: the same methods at the same steps, then a pause.
    let again = try training([
      "batchSize": 32, "learningRate": 0.05, "methods": methods, "pauseAt": state["step"]!, "epochs": state["epochs"]!,
      "seed": state["seed"]!,
    ])
    #expect(again["step"] as? Int == state["step"] as? Int && again["state"] as? String == "paused")
    #expect(try network() == kept)

    // By the program.
    guard let toolchain = Toolchain.present else { return }
    let source = folder.appendingPathComponent("main.swift")
    try (recipe["swift"] as! String).write(to: source, atomically: true, encoding: .utf8)
    let complaint = try toolchain.compile(source, to: folder.appendingPathComponent("main.o"))
    try #require(complaint.isEmpty, "\(complaint)")
    #if !DEBUG
      let program = folder.appendingPathComponent("program")
      try #require(try toolchain.link(folder.appendingPathComponent("main.o"), to: program) == "")
      try FileManager.default.removeItem(at: file)
      let result = try Toolchain.run(program.path, [], in: folder)
      #expect(result.status == 0, "\(result.errors)")
      #expect(try Data(contentsOf: file) == kept)
    #endif
  }

  @Test(arguments: [nil, 5]) func aTrainingIsRepeatedToTheEndOfAnEpoch(pauseAt: Int?) throws {
    // 10,000 images are five steps of an epoch.
    let words: [String: Any] = ["batchSize": 2048, "epochs": 2, "method": "automatic"]
    let state = try training(words.merging(pauseAt.map { ["pauseAt": $0] } ?? [:]) { $1 })
    #expect(state["step"] as? Int == pauseAt ?? 10)
    let recipe = try visitor.post("/api/training/words", [:]).json
    let command = try #require(recipe["command"] as? String)
    #expect(command.contains("--steps") == (pauseAt != nil))
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(spectral(typed: command, in: folder).code == 0)
    #expect(try Data(contentsOf: folder.appendingPathComponent("lenet5.safetensors")) == network())
  }

  @Test func whatCannotBeSharedIsRefusedWithASentence() throws {
    let cases: [(String, [String: Any])] = [
      ("kernel/export", ["picture": "scene", "kernel": "gaus:4"]),
      ("kernel/words", ["picture": "scene", "kernel": [[1], [1, 2]]]),
      ("kernel/file", ["kernel": "box:999"]), ("slide/words", ["pixels": [[1]], "kernel": [[1, 1]]]),
      ("slide/export", ["pixels": [[1]], "kernel": [[1]], "padding": 500]),
    ]
    for (call, words) in cases {
      let answer = try visitor.post("/api/\(call)", words)
      #expect(answer.status == 422, "\(call) \(words): \(answer.json)")
      #expect((answer.json["error"] as? String)?.isEmpty == false)
    }
  }
}
