import Foundation
import SpectralKit
import TestSupport
import Testing

/// `spectral train`, `evaluate` and `predict`, on digits that need no files.
@Suite struct TrainingCommandTests {
  private let folder = temporaryFolder()

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  /// A run of a second or so.
  private static let short = [
    "train", "--limit", "600", "--epochs", "2", "--batch-size", "30", "--deterministic", "--convolution", "fft",
  ]

  /// What training was for: everything in a checkpoint, as bytes.
  private func parameters(_ name: String) throws -> [String: [Float]] {
    let file = try SafetensorsFile(path: path(name))
    return try Dictionary(
      uniqueKeysWithValues: file.names.filter { $0.hasPrefix("model.") || $0.hasPrefix("optimizer.") }
        .map { ($0, try file.tensor($0, as: Float.self).elements) })
  }

  private func metrics(_ name: String) throws -> [[String: Any]] {
    try String(contentsOfFile: path(name), encoding: .utf8).split(separator: "\n").map {
      try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
    }
  }

  /// 600 images are twenty steps of an epoch.
  @Test(arguments: [7, 20, 31]) func aRunThatEndsAfterSoManyStepsGoesOnBitForBit(steps: Int) throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let whole = spectral(Self.short + ["--checkpoint", "whole.safetensors"], in: folder)
    #expect(whole.code == 0)
    let part = spectral(Self.short + ["--checkpoint", "part.safetensors", "--steps", "\(steps)"], in: folder)
    #expect(part.code == 0 && part.talk.contains("stopped after step \(steps), as --steps says"), "\(part.talk)")
    let file = folder.appendingPathComponent("part.safetensors")
    let checkpoint = try Checkpoint(path: file.path)
    #expect(checkpoint.step == steps && checkpoint.epoch == steps / 20)
    let less = spectral("train", "--checkpoint", "part.safetensors", "--resume", "--steps", "\(steps)", in: folder)
    #expect(
      less.code == 2 && less.lines.count == 1 && less.talk.contains("holds step \(steps) already"), "\(less.talk)")
    let rest = spectral("train", "--checkpoint", "part.safetensors", "--resume", in: folder)
    #expect(rest.code == 0, "\(rest.talk)")
    #expect(try Data(contentsOf: file) == Data(contentsOf: folder.appendingPathComponent("whole.safetensors")))
  }

  @Test func trainsEvaluatesAndPredicts() throws {
    let training = spectral(
      "train", "--dataset=digits", "--model", "lenet5", "--convolution", "fft", "--epochs", "3", "--batch-size", "25",
      "--optimizer", "adamw", "--learning-rate", "0.004", "--schedule", "warmup:10,cosine", "--seed", "3", "--limit",
      "1500", "--threads", "2", "--deterministic", "--checkpoint", "net.safetensors", "--metrics", "log.jsonl",
      in: folder)
    #expect(training.code == 0 && training.output.isEmpty, "\(training)")
    // Not a terminal: whole lines and no control characters.
    #expect(!training.talk.contains("\r") && !training.talk.contains("\u{1b}"))
    #expect(training.talk.contains("epoch 3/3: accuracy "))

    let lines = try metrics("log.jsonl")
    let batches = lines.filter { $0["event"] as? String == "batch" }
    let epochs = lines.filter { $0["event"] as? String == "epoch" }
    #expect(batches.map { $0["step"] as? Int } == (0..<180).map { $0 })
    #expect(batches.map { $0["epoch"] as? Int } == (0..<180).map { $0 / 60 })
    #expect(batches.allSatisfy { ($0["loss"] as? Double ?? .nan) > 0 })
    #expect(epochs.map { $0["epoch"] as? Int } == [0, 1, 2])
    let table = try String(contentsOfFile: path("log.csv"), encoding: .utf8).split(separator: "\n")
    #expect(table.count == 4 && table[0].hasPrefix("epoch,"))

    let evaluation = spectral("evaluate", "--checkpoint", "net.safetensors", "--json", "--deterministic", in: folder)
    #expect(evaluation.code == 0 && evaluation.talk.isEmpty && evaluation.output.split(separator: "\n").count == 1)
    let json = evaluation.json
    let accuracy = try #require(json["accuracy"] as? Double)
    #expect(accuracy > 0.5 && accuracy <= 1)
    #expect(accuracy == epochs.last?["accuracy"] as? Double)
    #expect(json["loss"] as? Double ?? .nan > 0 && json["count"] as? Int == DatasetKind.digitCounts.test)
    let confusion = try #require(json["confusion"] as? [[Int]])
    #expect(confusion.count == 10 && confusion.joined().reduce(0, +) == DatasetKind.digitCounts.test)
    let right = (0..<10).reduce(0) { $0 + confusion[$1][$1] }
    #expect(abs(accuracy - Double(right) / Double(DatasetKind.digitCounts.test)) < 1e-12)

    // The other method gives the same answers, but for a tie that rounding may break.
    let direct = spectral(
      "evaluate", "--checkpoint", "net.safetensors", "--convolution", "direct", "--json", in: folder)
    #expect(abs((direct.json["accuracy"] as? Double ?? 0) - accuracy) <= 0.002)
    let table2 = spectral("evaluate", "--checkpoint", "net.safetensors", in: folder)
    #expect(table2.code == 0 && table2.output.contains("accuracy") && table2.output.contains("confusion"))

    try predict()
  }

  private func predict() throws {
    let digits = ProceduralDigits().dataset(.test, count: 20)
    var names: [String] = []
    for i in 0..<20 {
      names.append(i % 2 == 0 ? "\(i).png" : "\(i).jpg")
      try RasterImage(pixels: digits.image(at: i)).write(to: path(names[i]))
    }
    // Another size, and colour: resized and made grey.
    let large = RasterImage(pixels: digits.image(at: 3)).resized(height: 90, width: 60).pixels.elements
    try RasterImage(pixels: Tensor([3, 90, 60], large + large + large)).write(to: path("large.png"))
    names.append("large.png")

    let outcome = spectral(["predict", "--checkpoint", "net.safetensors", "--json"] + names, in: folder)
    #expect(outcome.code == 0 && outcome.talk.isEmpty, "\(outcome)")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == names.count)
    var right = 0
    for (line, name) in zip(lines, names) {
      let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
      let softmax = try #require(object["softmax"] as? [String: Double])
      let best = try #require(object["class"] as? String)
      #expect(object["image"] as? String == name)
      #expect(Set(softmax.keys) == Set((0...9).map(String.init)))
      #expect(abs(softmax.values.reduce(0, +) - 1) < 1e-9)
      #expect(softmax[best] == softmax.values.max() && softmax[best] == object["probability"] as? Double)
      if let index = Int(name.prefix { $0 != "." }), best == "\(digits.labels[index])" { right += 1 }
    }
    #expect(right >= 12)

    let text = spectral("predict", "--checkpoint=net.safetensors", "--convolution=direct", "0.png", "1.jpg", in: folder)
    let fields = text.output.split(separator: "\n").map { $0.split(separator: "\t") }
    #expect(fields.map(\.count) == [4, 4] && fields.map(\.[0]) == ["0.png", "1.jpg"])

    let absent = spectral("predict", "--checkpoint", "net.safetensors", "absent.png", in: folder)
    #expect(absent.code == 1 && absent.talk.contains("absent.png: there is no such file"))
  }

  @Test func aMemoryLimitIsKeptOrRefusedBeforeAnythingIsTouched() throws {
    let arguments = Self.short + ["--checkpoint", "net.safetensors", "--epochs", "1", "--limit", "60"]
    #expect(spectral(arguments + ["--memory-limit", "64MiB"], in: folder).code == 0)
    let kept = try Data(contentsOf: folder.appendingPathComponent("net.safetensors"))
    #expect(try Checkpoint(path: path("net.safetensors")).configuration.memoryLimit == 64 << 20)
    let refused = spectral(arguments + ["--memory-limit", "1KiB"], in: folder)
    #expect(refused.code == 1 && refused.lines.count == 1, "\(refused)")
    #expect(refused.talk.contains("the memory limit is too low for layer 0, Convolution2D(1 -> 6"))
    #expect(refused.talk.contains("needs about") && refused.talk.contains("the limit is 1.0 KiB"))
    #expect(try Data(contentsOf: folder.appendingPathComponent("net.safetensors")) == kept)
  }

  @Test func killedAtAnyMomentAndResumedItEndsTheSame() throws {
    let whole = spectral(Self.short + ["--checkpoint", "whole.safetensors", "--metrics", "whole.jsonl"], in: folder)
    #expect(whole.code == 0, "\(whole)")
    let expected = try parameters("whole.safetensors")
    var random = RandomGenerator(seed: UInt64(Date().timeIntervalSince1970))
    for round in 0..<3 {
      let arguments = Self.short + ["--checkpoint", "cut.safetensors", "--metrics", "cut.jsonl", "--resume"]
      for name in ["cut.safetensors", "cut.jsonl"] { try? FileManager.default.removeItem(atPath: path(name)) }
      var kills = 0
      while kills < 4 {
        let run = RunningSpectral(arguments, in: folder)
        Thread.sleep(forTimeInterval: random.uniform(in: 0..<0.8))
        if run.process.isRunning { kill(run.process.processIdentifier, SIGKILL) }
        kills += 1
        if run.finish().code == 0 { break }
      }
      let last = spectral(arguments, in: folder)
      #expect(last.code == 0, "\(last)")
      #expect(try parameters("cut.safetensors") == expected, "round \(round), \(kills) kills")
      // Each step and epoch is told once, whatever was lost.
      let (all, cut) = (try metrics("whole.jsonl"), try metrics("cut.jsonl"))
      #expect(cut.map { $0["step"] as? Int } == all.map { $0["step"] as? Int })
      #expect(cut.map { $0["loss"] as? Double } == all.map { $0["loss"] as? Double })
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".csv") }.count == 2)
    }
  }

  @Test(arguments: [(Int32(2), Int32(130)), (15, 143)])
  func aSignalEndsTheRunInGoodOrder(_ signal: Int32, _ code: Int32) throws {
    let arguments = [
      "train", "--limit", "3000", "--epochs", "3", "--deterministic", "--model", "lenet5-classic", "--checkpoint",
      "net.safetensors",
    ]
    let run = RunningSpectral(arguments + ["--metrics", "log.jsonl"], in: folder)
    // The first steps have been taken: the handlers are in place.
    while run.process.isRunning, ((try? metrics("log.jsonl"))?.count ?? 0) < 3 { Thread.sleep(forTimeInterval: 0.01) }
    kill(run.process.processIdentifier, signal)
    let outcome = run.finish()
    #expect(outcome.code == code && outcome.talk.contains("net.safetensors holds the state"), "\(outcome)")
    let checkpoint = try Checkpoint(path: path("net.safetensors"))
    #expect(checkpoint.step > 0)
    #expect(try metrics("log.jsonl").compactMap { $0["step"] as? Int }.max() == checkpoint.step - 1)
    let resumed = spectral(arguments + ["--resume"], in: folder)
    #expect(resumed.code == 0 && resumed.talk.contains("going on after step \(checkpoint.step)"), "\(resumed)")
    let whole = spectral(arguments.dropLast() + ["whole.safetensors"], in: folder)
    #expect(whole.code == 0)
    #expect(try parameters("net.safetensors") == parameters("whole.safetensors"))
  }

  @Test func aSignalWithoutCheckpointSaysThatNothingIsKept() throws {
    let run = RunningSpectral(["train", "--epochs", "1000", "--metrics", "log.jsonl"], in: folder)
    while run.process.isRunning, ((try? metrics("log.jsonl"))?.count ?? 0) < 3 { Thread.sleep(forTimeInterval: 0.01) }
    kill(run.process.processIdentifier, SIGINT)
    let outcome = run.finish()
    #expect(outcome.code == 130 && outcome.talk.contains("--checkpoint"), "\(outcome)")
  }

  @Test func resumingNeedsTheSameRun() throws {
    let tiny = ["train", "--limit", "60", "--epochs", "1", "--model", "dense", "--checkpoint", "net.safetensors"]
    #expect(spectral(tiny, in: folder).code == 0)
    let before = try Data(contentsOf: folder.appendingPathComponent("net.safetensors"))
    for (flag, value) in [("--seed", "5"), ("--batch-size", "7"), ("--optimizer", "adamw"), ("--schedule", "constant")]
    {
      let outcome = spectral(tiny + ["--resume", flag, value], in: folder)
      #expect(outcome.code == 1 && outcome.talk.contains(flag) && outcome.lines.count == 1, "\(outcome)")
    }
    #expect(try Data(contentsOf: folder.appendingPathComponent("net.safetensors")) == before)
    // More epochs, another method: that is going on.
    let more = ["train", "--checkpoint", "net.safetensors", "--resume", "--epochs", "2", "--convolution", "direct"]
    #expect(spectral(more, in: folder).code == 0)
    #expect(try Checkpoint(path: path("net.safetensors")).epoch == 2)
  }

  private static let wrong: [(arguments: [String], code: Int32, words: [String])] = [
    (["train", "--resume"], 2, ["--resume needs", "--checkpoint"]),
    (["train", "--dataset", "mnits"], 2, ["--dataset must be one of", "did you mean mnist?"]),
    (["train", "--learning-rate", "-1"], 2, ["--learning-rate must be a number above 0"]),
    (["train", "--learning-rate", "nan"], 2, ["--learning-rate must be a number above 0"]),
    (["train", "--schedule", "sometimes"], 2, ["--schedule must be constant, step:EVERY,FACTOR"]),
    (["train", "--epochs", "0"], 2, ["--epochs must be a whole number from 1"]),
    (["train", "--dataset", "mnist"], 1, ["needs files", "(--data DIR)"]),
    (["train", "--dataset", "mnist", "--data", "absent"], 1, ["absent"]),
    (["train", "--data", "."], 1, ["(--data DIR, --dataset)"]),
    (["train", "--limit", "30", "--epochs", "1", "--checkpoint", "absent/net"], 1, ["absent/net", "does not exist"]),
    (["train", "--limit", "30", "--epochs", "1", "--metrics", "absent/log"], 1, ["absent/log", "does not exist"]),
    (["evaluate"], 2, ["--checkpoint is missing"]),
    (["evaluate", "--checkpoint", "absent"], 1, ["absent: there is no such file"]),
    (["evaluate", "--checkpoint", "text"], 1, ["text: "]),
    (["evaluate", "--checkpoint", "other"], 1, ["other: ", "not a checkpoint"]),
    (["train", "--checkpoint", "text", "--resume"], 1, ["text: "]),
    (["predict", "--checkpoint", "other"], 2, ["IMAGE... is missing"]),
  ]

  @Test(arguments: wrong.indices)
  func failures(_ index: Int) throws {
    let (arguments, code, words) = Self.wrong[index]
    try Data("not a checkpoint at all".utf8).write(to: folder.appendingPathComponent("text"))
    var file = SafetensorsFile(metadata: [:])
    file.put("weight", Tensor<Float>.zeros([2]))
    try file.write(to: path("other"))
    let outcome = spectral(arguments, in: folder)
    #expect(outcome.code == code && outcome.output.isEmpty, "\(outcome)")
    for word in words { #expect(outcome.lines.last?.contains(word) == true, "\(outcome.talk)") }
    #expect(try String(contentsOfFile: path("text"), encoding: .utf8) == "not a checkpoint at all")
  }

  @Test func aRunThatDivergesFailsInOneLineAndKeepsItsLastState() throws {
    let arguments = ["train", "--limit", "300", "--epochs", "2", "--learning-rate", "1e6", "--deterministic"]
    let outcome = spectral(
      arguments + ["--checkpoint", "net.safetensors", "--metrics", "log.jsonl"], in: folder)
    #expect(outcome.code == 1 && outcome.output.isEmpty, "\(outcome)")
    #expect(outcome.lines.count == 2 && outcome.lines.last?.contains("diverged in step") == true, "\(outcome.talk)")
    #expect(outcome.talk.contains("net.safetensors holds the last finite state") && !outcome.talk.contains("nan"))
    #expect(try metrics("log.jsonl").last?["loss"] is NSNull)
    let evaluation = spectral("evaluate", "--checkpoint", "net.safetensors", "--json", in: folder)
    #expect(evaluation.code == 0 && evaluation.json["loss"] is Double, "\(evaluation)")
    // A network that an earlier version let diverge.
    var file = try SafetensorsFile(path: path("net.safetensors"))
    file.put("model.0.bias", Tensor<Float>([6], repeating: -.nan))
    try file.write(to: path("nan.safetensors"))
    let old = spectral("evaluate", "--checkpoint", "nan.safetensors", in: folder)
    #expect(old.code == 0 && old.output.contains("loss      nan"), "\(old)")
    try RasterImage(pixels: .zeros([1, 28, 28])).write(to: path("blank.png"))
    let prediction = spectral("predict", "--checkpoint", "nan.safetensors", "blank.png", in: folder)
    #expect(
      prediction.code == 1 && prediction.output.isEmpty && prediction.talk.contains("not finite"), "\(prediction)")
  }

  @Test func nothingThatWasTrainedIsLost() throws {
    let tiny = ["train", "--limit", "30", "--epochs", "1", "--model", "dense", "--deterministic"]
    let files = ["--checkpoint", "net.safetensors", "--metrics", "log.jsonl"]
    for seed in 1...3 {
      let outcome = spectral(tiny + files + ["--seed", "\(seed)"], in: folder)
      #expect(outcome.code == 0, "\(outcome)")
      #expect(outcome.lines.filter { $0.contains("was there already and is now") }.count == (seed == 1 ? 0 : 3))
    }
    func seed(_ name: String) throws -> UInt64 { try Checkpoint(path: path(name)).configuration.seed }
    let names = ["net.safetensors.previous", "net.safetensors.previous-2", "net.safetensors"]
    #expect(try names.map(seed) == [1, 2, 3])
    for name in ["log.jsonl.previous", "log.jsonl.previous-2", "log.jsonl"] { #expect(try metrics(name).count == 2) }
    let over = spectral(tiny + files + ["--seed", "4", "--overwrite"], in: folder)
    #expect(over.code == 0 && !over.talk.contains("was there already"), "\(over)")
    #expect(try names.map(seed) == [1, 2, 4])
    let both = spectral(tiny + files + ["--overwrite", "--resume"], in: folder)
    #expect(both.code == 2 && both.talk.contains("exclude each other"), "\(both)")
    // A run that cannot begin leaves all as it was.
    let refused = spectral(tiny + files + ["--data", "absent"], in: folder)
    #expect(refused.code == 1 && refused.lines.count == 1, "\(refused)")
    let all = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(all.count == 9, "\(all.sorted())")
  }

  @Test func aFullDiskLeavesTheEarlierCheckpoint() throws {
    let tiny = ["train", "--limit", "30", "--epochs", "1", "--model", "dense", "--deterministic"]
    #expect(spectral(tiny + ["--checkpoint", "net.safetensors"], in: folder).code == 0)
    let before = try Data(contentsOf: folder.appendingPathComponent("net.safetensors"))
    // The process may write files of 10 blocks of 512 bytes.
    let outcome = spectral(
      shell: "ulimit -f 10; exec \"$0\" \(tiny.joined(separator: " ")) --seed 2 --checkpoint net.safetensors",
      in: folder)
    #expect(outcome.code == 1 && outcome.talk.contains("net.safetensors: the file would be larger"), "\(outcome)")
    #expect(try Data(contentsOf: folder.appendingPathComponent("net.safetensors")) == before)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["net.safetensors"])
  }

  @Test func twoRunsDoNotShareTheirFiles() throws {
    let first = RunningSpectral(
      ["train", "--epochs", "1000", "--checkpoint", "net.safetensors", "--metrics", "log.jsonl"], in: folder)
    while first.process.isRunning, ((try? metrics("log.jsonl"))?.count ?? 0) < 3 { Thread.sleep(forTimeInterval: 0.01) }
    for arguments in [["--checkpoint", "net.safetensors"], ["--metrics", "log.jsonl"]] {
      let second = spectral(["train", "--limit", "30", "--epochs", "1"] + arguments, in: folder)
      #expect(second.code == 1 && second.talk.contains("another run is writing this file"), "\(second)")
    }
    kill(first.process.processIdentifier, SIGKILL)
    _ = first.finish()
    // The lock went with the process.
    let third = spectral(
      "train", "--limit", "30", "--epochs", "1", "--checkpoint", "net.safetensors", "--metrics", "log.jsonl", in: folder
    )
    #expect(third.code == 0, "\(third)")
    #expect(!FileManager.default.fileExists(atPath: path("net.safetensors.lock")))
  }

  @Test func aBadPictureDoesNotStopTheOthersAndADrawingOnTransparencyIsSeen() throws {
    let training = spectral(
      "train", "--limit", "60", "--epochs", "1", "--checkpoint", "net.safetensors", in: folder)
    #expect(training.code == 0, "\(training)")
    let digit = ProceduralDigits().dataset(.test, count: 8).image(at: 7)
    let alpha = digit.reshaped(to: [28, 28])
    try RasterImage(pixels: digit).write(to: path("plain.png"))
    for (name, ink) in [("black", Float(0)), ("white", 1)] {
      try RasterImage(pixels: Tensor([1, 28, 28], repeating: ink), alpha: alpha).write(to: path("\(name).png"))
    }
    try Data("no".utf8).write(to: folder.appendingPathComponent("bad.png"))
    let outcome = spectral(
      "predict", "--checkpoint", "net.safetensors", "plain.png", "bad.png", "black.png", "white.png", in: folder)
    #expect(outcome.code == 1, "\(outcome)")
    let answers = outcome.output.split(separator: "\n").map { $0.split(separator: "\t").dropFirst().joined() }
    // Dark ink on white, inverted, and light ink on black are the plain digit.
    #expect(answers.count == 3 && Set(answers).count == 1, "\(outcome.output)")
    for words in [
      "bad.png: this is no picture", "1 of 4 pictures failed", "note: black.png is transparent: put on white",
      "note: white.png is transparent: put on black",
    ] {
      #expect(outcome.talk.contains(words), "\(outcome.talk)")
    }
    let told = spectral(
      "predict", "--checkpoint", "net.safetensors", "--background", "black", "white.png", in: folder)
    #expect(told.code == 0 && told.output.hasSuffix(answers[0].suffix(20) + "\n"), "\(told)")
  }

  @Test func aFolderIsTrainedOnAsPeopleLayItOut() throws {
    for split in ["train", "val"] {
      for (name, value) in [("cat", Float(0.1)), ("dog", 0.9)] {
        try FileManager.default.createDirectory(
          at: folder.appendingPathComponent("animals/\(split)/\(name)"), withIntermediateDirectories: true)
        for i in 0..<3 {
          try RasterImage(pixels: Tensor([1, 16, 16], repeating: value)).write(
            to: path("animals/\(split)/\(name)/\(i).png"))
        }
      }
    }
    #expect(mkfifo(path("animals/train/cat/fifo.png"), 0o600) == 0)
    let outcome = spectral(
      "train", "--dataset", "folder", "--data", "animals", "--epochs", "1", "--model", "dense", in: folder)
    #expect(outcome.code == 0, "\(outcome)")
    #expect(outcome.talk.contains("2 classes, cat, dog; train is for training, val for testing"))
    #expect(outcome.talk.contains("6 images of animals (1 x 16 x 16), tested on 6"))
    #expect(outcome.talk.contains("left out in the classes 1 that are not regular files"))
  }

  @Test func aNetworkOfOtherImagesIsNotEvaluated() throws {
    for (name, value) in [("cat", Float(0.1)), ("dog", 0.9)] {
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("animals/\(name)"), withIntermediateDirectories: true)
      for i in 0..<6 {
        try RasterImage(pixels: Tensor([3, 16, 16], repeating: value)).write(to: path("animals/\(name)/\(i).png"))
      }
    }
    let training = spectral(
      "train", "--dataset", "folder", "--data", "animals", "--epochs", "3", "--batch-size", "4", "--checkpoint",
      "animals.safetensors", in: folder)
    #expect(training.code == 0, "\(training)")
    let own = spectral("evaluate", "--checkpoint", "animals.safetensors", "--data", "animals", "--json", in: folder)
    #expect(own.code == 0 && own.json["count"] as? Int == 2, "\(own)")
    let other = spectral("evaluate", "--checkpoint", "animals.safetensors", "--dataset", "digits", in: folder)
    #expect(other.code == 1 && other.talk.contains("3 x 16 x 16") && other.lines.count == 1, "\(other)")
    let prediction = spectral("predict", "--checkpoint", "animals.safetensors", "animals/dog/1.png", in: folder)
    #expect(prediction.code == 0 && prediction.output.hasPrefix("animals/dog/1.png\t"))
  }
}
