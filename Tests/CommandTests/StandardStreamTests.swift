import Foundation
import SpectralKit
import SpectralCore
import TestSupport
import Testing

/// Files on the standard input and output, closed descriptors, names of any bytes: what has to do with the world around
/// the command.
@Suite struct StandardStreamTests {
  let folder = temporaryFolder()

  init() throws {
    var image = Tensor<Float>.zeros([1, 9, 12])
    for i in 0..<108 { image[0, i / 12, i % 12] = Float((i * 37) % 108) / 107 }
    try RasterImage(pixels: image).write(to: path("a.png"))
    try image.reshaped(to: [9, 12]).writeNPY(to: path("a.npy"))
    try RasterImage(pixels: Tensor([1, 4, 12], image.elements[12..<60])).write(to: path("part.png"))
    try RasterImage(pixels: Tensor([1, 18, 12], image.elements + image.elements.reversed())).write(
      to: path("large.png"))
  }

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
  private func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path(name))) }

  // MARK: - as a file

  /// Each of these reads one file from the standard input, given as a pipe and as a redirection, and writes what it
  /// writes to a file, the same bytes as from one.
  static let commands = [
    "filter IN --lowpass gaussian:0.1 -o OUT.png", "filter IN --lowpass gaussian:0.1 -o OUT.jpg --format png",
    "convolve IN --kernel box:3 -o OUT.png", "convolve a.png --kernel IN -o OUT.png",
    "deblur IN --psf gaussian:1 --noise 0.01 -o OUT.png", "deblur a.png --psf IN --algorithm inverse -o OUT.png",
    "filter a.png --mask IN -o OUT.png", "spectrum IN -o OUT.png --plain",
    "hybrid IN a.png --cutoff 4px -o OUT.png", "hybrid a.png IN --cutoff 4px -o OUT.png",
    "match IN part.png -o OUT.png", "match large.png IN -o OUT.png", "kernel IN -o OUT.png",
  ]

  @Test(arguments: commands) func dashIsAFile(_ command: String) throws {
    func line(_ input: String, _ output: String, format: String = "") -> String {
      "\"$0\" "
        + command.replacingOccurrences(of: "IN", with: input)
        .replacingOccurrences(of: "OUT.png", with: output).replacingOccurrences(of: "OUT.jpg", with: output) + format
    }
    let usual = spectral(shell: line("a.png", "usual.png"), in: folder)
    #expect(usual.code == 0, "\(usual.talk)")
    for (name, source) in [("piped", "cat a.png | "), ("redirected", "< a.png ")] {
      let outcome = spectral(shell: source + line("-", "\(name).png"), in: folder)
      #expect(outcome.code == 0, "\(outcome.talk)")
      #expect(try bytes("\(name).png") == bytes("usual.png"))
    }
    // A kernel is numbers, unless a picture is asked for.
    let format = command.hasPrefix("kernel") ? " --format png" : ""
    let outcome = spectral(shell: line("a.png", "-", format: format) + " > streamed.png", in: folder)
    #expect(outcome.code == 0, "\(outcome.talk)")
    #expect(try bytes("streamed.png") == bytes("usual.png"))
  }

  @Test func arraysStayArraysOnTheStandardOutput() throws {
    let filter = "\"$0\" filter - --lowpass gaussian:0.1 -o"
    #expect(spectral(shell: "< a.npy \(filter) usual.npy && < a.npy \(filter) - > streamed.npy", in: folder).code == 0)
    #expect(try bytes("streamed.npy") == bytes("usual.npy"))
    #expect(spectral(shell: "< a.npy \(filter) - --format png > p.png", in: folder).code == 0)
    #expect(try RasterImage(path: path("p.png")).height == 9)
    #expect(spectral(shell: "\"$0\" conv2d --input '1,2;3,4' --weight 2 -o - > y.npy", in: folder).code == 0)
    #expect(try Tensor<Double>(npy: path("y.npy")).elements == [2, 4, 6, 8])
    #expect(spectral(shell: "\"$0\" kernel 1,2,1 -o - > k.npy", in: folder).code == 0)
    #expect(try Tensor<Double>(npy: path("k.npy")).elements == [1, 2, 1])
  }

  @Test func formatsOnTheStandardOutput() throws {
    for (format, start) in [
      ("png", [0x89, 0x50]), ("jpg", [0xff, 0xd8]), ("pgm", [0x50, 0x35]), ("ppm", [0x50, 0x36]),
    ] {
      let line = "\"$0\" filter a.png --lowpass gaussian:0.1 --format \(format) -o - > out"
      #expect(spectral(shell: line, in: folder).code == 0)
      #expect(try bytes("out").prefix(2).map { Int($0) } == start)
    }
  }

  @Test func whatIsPrintedStaysOutOfAFileOnTheStandardOutput() throws {
    let outcome = spectral(shell: "\"$0\" match a.png part.png --json -o - > map.png", in: folder)
    #expect(outcome.code == 0 && outcome.talk.contains("\"matches\""))
    #expect(try RasterImage(path: path("map.png")).height == 9)
  }

  @Test func aTrainingGoesToTheStandardOutput() throws {
    let train = "\"$0\" train --limit 100 --epochs 1 --threads 1 --deterministic"
    #expect(spectral(shell: train + " --checkpoint n.safetensors --metrics m.jsonl", in: folder).code == 0)
    for output in ["-", "/dev/stdout"] {
      for sink in ["> copy", "| cat > copy"] {
        // The state is written once, at the end, and is the same.
        #expect(spectral(shell: train + " --checkpoint \(output) \(sink)", in: folder).code == 0)
        #expect(try bytes("copy") == bytes("n.safetensors"))
        #expect(spectral(shell: train + " --metrics \(output) \(sink)", in: folder).code == 0)
        let events = try [bytes("copy"), bytes("m.jsonl")].map { data in
          try String(decoding: data, as: UTF8.self).split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            return "\(object["event"] ?? "") \(object["step"] ?? "") \(object["loss"] ?? "")"
          }
        }
        #expect(events[0] == events[1] && events[0].count == 3)
      }
    }
    let both = spectral(shell: train + " --checkpoint - --metrics - | cat; exit ${PIPESTATUS[0]}", in: folder)
    #expect(both.talk.contains("the standard output takes one file"), "\(both)")
    let resumed = spectral(shell: train + " --checkpoint /dev/stdout --resume | cat", in: folder)
    #expect(resumed.talk.contains("--resume goes on with a file, and /dev/stdout is none"), "\(resumed)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!names.contains("-") && !names.contains("-.csv"), "\(names)")
  }

  @Test func aBlurFromTheStandardInputServesAllImages() throws {
    try Tensor<Float>([3, 3], repeating: 1).writeNPY(to: path("psf.npy"))
    try FileManager.default.createDirectory(atPath: path("out"), withIntermediateDirectories: true)
    let run = spectral(shell: "cat psf.npy | \"$0\" deblur a.png part.png --psf - -o out", in: folder)
    #expect(run.code == 0, "\(run)")
    #expect(spectral(shell: "\"$0\" deblur a.png --psf psf.npy -o one.png", in: folder).code == 0)
    #expect(try bytes("out/a.png") == bytes("one.png"))
    #expect(FileManager.default.fileExists(atPath: path("out/part.png")))
  }

  @Test func anEmptyFileIsToldSo() throws {
    try Data().write(to: URL(fileURLWithPath: path("empty.png")))
    for command in [
      "convolve empty.png --kernel box:3 -o o.npy", "kernel empty.png", "filter empty.png --mask a.png -o o.png",
    ] {
      let outcome = spectral(shell: "\"$0\" " + command, in: folder)
      #expect(outcome.code == 1 && outcome.talk.contains("empty.png: the file is empty"), "\(outcome)")
    }
  }

  /// `n\377.safetensors`, as bytes.
  @Test func aTrainingHasNamesThatAreNotUTF8() throws {
    #if os(Linux)
      let train = """
        n=$(printf 'n\\377'); "$0" train --limit 100 --epochs 1 --threads 1 --checkpoint "$n.safetensors" \
          --metrics "$n.jsonl"
        """
      #expect(spectral(shell: train, in: folder).code == 0)
      let again = spectral(shell: train, in: folder)
      #expect(again.code == 0 && again.talk.contains("n\\xFF.safetensors was there already"), "\(again)")
      let names = Set(try FileSystem.names(inFolder: folder.path))
      let stem = FileName.decode([UInt8(ascii: "n"), 0xff])
      for name in [".safetensors", ".safetensors.previous", ".jsonl", ".jsonl.previous", ".csv", ".csv.previous"] {
        #expect(names.contains(stem + name), "\(names)")
      }
      #expect(!names.contains { $0.hasSuffix(".lock") })
      let line = "\"$0\" evaluate --checkpoint \"$(printf 'n\\377').safetensors\""
      #expect(spectral(shell: line, in: folder).output.contains("accuracy"))
      let resumed = spectral(shell: train + " --epochs 2 --resume", in: folder)
      #expect(resumed.code == 0 && resumed.talk.contains("going on after step 2"), "\(resumed)")
    #endif
  }

  @Test func theStandardStreamsAreUsedOnce() throws {
    for line in [
      "\"$0\" hybrid - - --cutoff 4px -o h.png < a.png", "\"$0\" kernel box:3 -o - --profile - > x",
      "\"$0\" filter - --mask - -o h.png < a.png", "\"$0\" convolve a.png a.png --kernel box:3 -o - > x",
    ] {
      let outcome = spectral(shell: line, in: folder)
      #expect(outcome.code == 2 && outcome.lines.count == 1, "\(line): \(outcome.talk)")
    }
  }

  /// Results that are a folder cannot go to a stream: nothing is made, least of all a folder of the name `-`.
  @Test(arguments: [
    "lesson theorem -o -", "lesson theorem -o /dev/stdout", "lesson theorem --data -", "demo -o -",
    "demo --output=/dev/fd/1", "train --dataset mnist --data -", "playground --data -",
  ])
  func aFolderIsNoStandardStream(_ command: String) throws {
    let before = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    let outcome = spectral(shell: "\"$0\" \(command) < a.png > /dev/null", in: folder)
    #expect(outcome.code == 2 && outcome.lines.count == 1, "\(outcome.talk)")
    #expect(outcome.talk.contains("must be a folder, not '"), "\(outcome.talk)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == before)
  }

  @Test func everyOutputHasTheShortName() {
    for name in ArgumentsTests.subcommands {
      let help = spectral(name, "--help").output
      #expect(help.contains("-o, --output") == help.contains("--output "), "\(name)")
    }
  }

  // MARK: Descriptors

  /// With any of the standard descriptors closed, files hold what they hold otherwise.
  @Test(arguments: ["2>&-", "1>&- 2>&-", "0<&- 2>&-", "0<&- 1>&- 2>&-", "0<&-"])
  func closedDescriptorsAreNotTakenByFiles(_ closed: String) throws {
    let filter = "\"$0\" filter a.png --lowpass gaussian:0.1 --verbose -o"
    #expect(spectral(shell: "\(filter) usual.png", in: folder).code == 0)
    #expect(spectral(shell: "\(filter) out.png \(closed)", in: folder).code == 0)
    #expect(try bytes("out.png") == bytes("usual.png"))
    let convolve = "\"$0\" convolve a.npy --kernel box:3 -o"
    #expect(spectral(shell: "\(convolve) usual.npy", in: folder).code == 0)
    #expect(spectral(shell: "\(convolve) out.npy \(closed)", in: folder).code == 0)
    #expect(try bytes("out.npy") == bytes("usual.npy"))
    let train = "\"$0\" train --dataset digits --limit 20 --epochs 1 --steps 1 --batch-size 10 --metrics"
    #expect(spectral(shell: "\(train) out.jsonl \(closed)", in: folder).code == 0)
    for line in try String(decoding: bytes("out.jsonl"), as: UTF8.self).split(separator: "\n") {
      #expect((try? JSONSerialization.jsonObject(with: Data(line.utf8))) != nil, "\(line)")
    }
  }

  @Test func resultsForAClosedStandardOutputAreAnError() {
    let outcome = spectral(shell: "\"$0\" kernel box:3 1>&-")
    #expect(outcome.code == 1 && outcome.talk.contains("standard output: it is not open"), "\(outcome.talk)")
  }

  // MARK: Names and values

  @Test func namesThatAreNotUTF8AreFiles() throws {
    let outcome = spectral(
      shell: """
        f=$(printf 'x\\377.png'); cp a.png "$f" && "$0" filter "$f" --lowpass gaussian:0.1 -o "$(printf 'y\\376.png')" \
        --verbose && ls "$(printf 'y\\376.png')" > /dev/null && mkdir d && mv "$f" d && mkdir e \
        && "$0" filter d --lowpass gaussian:0.1 -o e && test -f "e/$f" \
        && n=$(printf 'n\\375.npy') && "$0" convolve a.npy --kernel box:3 -o "$n" && test -f "$n"
        """, in: folder)
    #expect(outcome.code == 0 && outcome.talk.contains("x\\xFF.png: decode"), "\(outcome.talk)")
  }

  @Test func controlCharactersOfNamesStayOffTheTerminal() throws {
    try FileManager.default.copyItem(atPath: path("a.png"), toPath: path("a\n\u{1b}[31m.png"))
    for line in [
      "compare", "spectrum --peaks 1", "filter --verbose --lowpass gaussian:0.1 -o b.png", "match a.png --verbose",
      "filter --lowpass gaussian:0.1 -o", "predict --checkpoint", "kernel", "evaluate --checkpoint",
    ] {
      let outcome = spectral(shell: "\"$0\" \(line) \"$(printf 'a\\n\\033[31m.png')\"", in: folder)
      #expect(!(outcome.output + outcome.talk).contains("\u{1b}"), "\(line)")
      if outcome.code != 0 { #expect(outcome.lines.count == 1, "\(outcome.talk)") }
    }
  }

  @Test func longValuesAreShortened() {
    let long = String(repeating: "7", count: 5000)
    for arguments in [
      ["conv2d", "--stride", long], ["filter", "a.png", "--lowpass", long],
      ["filter", "a.png", "--lowpass", "x:" + long],
      ["kernel", "x" + long], ["compare", long], ["compare", "a.png", "--kernel", "gaussian:" + long], [long],
      ["filter", "--" + long], ["benchmark", long], ["lesson", long], ["train", "--dataset", long],
      ["filter", "a.png", "--lowpass", "gaussian:0.1", "-o", long + ".png"],
    ] {
      let outcome = spectral(arguments, in: folder)
      #expect(outcome.code != 0 && outcome.lines.count == 1 && outcome.talk.count < 1500, "\(outcome.talk)")
    }
  }

  // MARK: What is no file

  @Test func namedPipesAndDevicesEndAtOnce() throws {
    #expect(mkfifo(path("pipe.png"), 0o600) == 0)
    #expect(mkfifo(path("pipe.npy"), 0o600) == 0)
    for arguments in [
      ["filter", "pipe.png", "--lowpass", "gaussian:0.1", "-o", "o.png"], ["compare", "pipe.png"],
      ["spectrum", "pipe.png", "-o", "o.png"], ["convolve", "pipe.npy", "--kernel", "box:3", "-o", "o.npy"],
      ["convolve", "a.png", "--kernel", "pipe.png", "-o", "o.png"], ["kernel", "pipe.npy"],
      ["conv2d", "--input", "pipe.npy", "--weight", "1", "-o", "o.npy"], ["match", "a.png", "pipe.png"],
      ["hybrid", "a.png", "pipe.png", "--cutoff", "4px", "-o", "o.png"],
      ["predict", "--checkpoint", "pipe.npy", "a.png"],
      ["lesson", "sliding", "--image", "pipe.png"], ["benchmark", "--cases", "pipe.npy"],
      ["filter", "a.png", "--mask", "pipe.png", "-o", "o.png"], ["filter", "/dev/zero", "--laplacian", "-o", "o.png"],
    ] {
      let outcome = spectral(arguments, in: folder)
      #expect(outcome.code == 1 && outcome.lines.count == 1, "\(arguments): \(outcome.talk)")
    }
  }

  @Test func aClassFolderWithNamedPipesAndDevicesEnds() throws {
    for name in ["a", "b"] {
      try FileManager.default.createDirectory(atPath: path("data/\(name)"), withIntermediateDirectories: true)
      for i in 0..<2 { try FileManager.default.copyItem(atPath: path("a.png"), toPath: path("data/\(name)/\(i).png")) }
    }
    for make in ["mkfifo data/a/x.png", "ln -s /dev/zero data/a/x.png"] {
      #expect(spectral(shell: "rm -f data/a/x.png; \(make)", in: folder).code == 0)
      let outcome = spectral(
        "train", "--dataset", "folder", "--data", "data", "--model", "dense", "--epochs", "1", "--steps", "1",
        in: folder)
      #expect(
        outcome.code == 0 && outcome.talk.contains("left out in the classes 1 that are not regular files"),
        "\(outcome.talk)")
    }
  }

  @Test func aNamedPipeInPlaceOfACacheIsNoObstacle() throws {
    try FileManager.default.createDirectory(atPath: path("cache"), withIntermediateDirectories: true)
    for name in ["fftw-wisdom", "convolution-plans"] { #expect(mkfifo(path("cache/\(name)"), 0o600) == 0) }
    let outcome = spectral(
      "conv2d", "--input", "1,2,3;4,5,6;7,8,9", "--weight", "1,0;0,1", "--plan", "measure", "-o", "y.npy", in: folder,
      environment: ["SPECTRALKIT_CACHE": path("cache")])
    #expect(outcome.code == 0)
  }

  @Test func aLockThatSomebodyHoldsDelaysAMeasurementOnly() throws {
    try FileManager.default.createDirectory(atPath: path("cache"), withIntermediateDirectories: true)
    let lock = open(path("cache/convolution-plans.lock"), O_RDWR | O_CREAT, 0o600)
    defer { close(lock) }
    #expect(flock(lock, LOCK_EX) == 0)
    let outcome = spectral(
      "conv2d", "--input", "1,2,3;4,5,6;7,8,9", "--weight", "1,0;0,1", "--plan", "measure", "-o", "y.npy", in: folder,
      environment: ["SPECTRALKIT_CACHE": path("cache")])
    #expect(outcome.code == 0)
  }

  @Test func aWaitForDataIsSaidAndCanBeInterrupted() throws {
    let run = RunningSpectral(
      URL(fileURLWithPath: "/bin/sh"),
      ["-c", "mkfifo p; exec \"$0\" deblur - --psf box:3 -o o.png <> p", spectralBinary.path], in: folder,
      environment: [:])
    usleep(3_500_000)
    kill(run.process.processIdentifier, SIGTERM)
    let outcome = run.finish()
    #expect(outcome.code == 143 && outcome.lines.first == "waiting for data from /dev/stdin", "\(outcome)")
  }

  #if os(Linux)
    /// OpenBLAS's exit handler waits for threads that could not be started.
    @Test(arguments: [200, 300, 450, 600]) func aSmallAddressSpaceEnds(_ megabytes: Int) {
      let line = "ulimit -v \(megabytes * 1000); exec timeout 20 \"$0\" kernel gaussian:2 > out.txt"
      let outcome = spectral(shell: line, in: folder)
      #expect(outcome.code != 124 && outcome.code != 137)
    }

    /// OpenBLAS's threads map memory of their own at some time after the command has found out how much there is.
    @Test(arguments: [260, 280, 300, 320, 350]) func aSmallAddressSpaceIsEnoughOrRefused(_ megabytes: Int) throws {
      try Tensor<Float>([300, 400], (0..<120_000).map { Float($0 % 97) }).writeNPY(to: path("x.npy"))
      for _ in 0..<5 {
        let line = "ulimit -v \(megabytes * 1000); exec timeout 20 \"$0\" convolve x.npy --kernel gaussian:3 -o y.npy"
        let outcome = spectral(shell: line, in: folder)
        #expect(outcome.code == 0 || outcome.code == 1 && outcome.lines.count == 1, "\(outcome)")
      }
    }

    /// A long row takes its own memory and its result's, and little else: no lists of where each of its pixels goes.
    @Test(arguments: ["fft", "direct"]) func aLongRowIsConvolvedOrRefused(_ method: String) throws {
      try Tensor<Float>([1, 1, 1, 8_000_000], repeating: 0.5).writeNPY(to: path("x.npy"))
      try Tensor<Float>([1, 1, 1, 2001], repeating: 0.25).writeNPY(to: path("w.npy"))
      var codes: [Int32] = []
      for megabytes in stride(from: 190, through: 370, by: 12) {
        let line = """
          ulimit -v \(megabytes * 1000); exec timeout 60 "$0" conv2d --input x.npy --weight w.npy --padding same \
          --method \(method) -o y\(megabytes).npy
          """
        let outcome = spectral(shell: line, in: folder)
        #expect(outcome.code == 0 || outcome.code == 1 && outcome.lines.count == 1, "\(megabytes): \(outcome)")
        codes.append(outcome.code)
      }
      #expect(method == "direct" || codes.last == 0, "\(codes)")
    }
  #endif
}
