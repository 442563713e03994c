import Foundation
import SpectralLessons
import SpectralKit
import SpectralCore

/// `spectral lesson`: the twelve ideas, computed on the reader's picture and data, as a report for the browser.
enum LessonCommand: Subcommand {
  private typealias Common = CommonFlags

  private static let image = Flag(
    "--image", .inputFile("FILE", example: "photo.jpg"), "the picture to work on [a street that the package draws]")
  private static let data = Flag(
    "--data", .folder(example: "data/mnist"),
    "the folder with the four files of MNIST, to train on [digits that the package draws]")
  private static let output = Flag(
    "--output", short: "-o", .folder(example: "lessons"), default: "lessons", "where the report goes")
  private static let open = Flag(switch: "--open", "show the report in the browser")

  static let specification = Specification(
    name: "lesson", summary: "convolution from the dense layer to LeNet: a report, computed on your picture",
    discussion: """
      Writes an HTML file that needs no network: text, formulas, figures and animations, and every number in it measured \
      in this run, on the picture and the images given. A lesson is chosen by its word or its number, all of them by \
      'all'; without a name the lessons are listed.
      """,
    operands: "[NAME|all]", operandCount: 0...1,
    words: .init("Lessons", Lessons.all.map { ($0.word, $0.title) }),
    sections: [
      .init("What to work on", [image, Common.background, data, Common.strict]),
      .init("Results", [output, open]),
      .init("Computation", [Common.threads]),
    ],
    examples: [
      .init("spectral lesson", "Which lessons there are."),
      .init("spectral lesson theorem --open", "One lesson, in seconds, shown in the browser."),
      .init("spectral lesson all --image photo.jpg --data data/mnist", "The whole report, on a photograph and MNIST."),
    ])

  static func run(_ arguments: Arguments) throws {
    guard let name = arguments.operands.first else { return try Console.result(list) }
    let lessons = try chosen(name)
    Common.applyThreads(arguments)
    // Everything that can be wrong is found before anything is computed.
    let picture = try arguments.optional(image).map { path in
      let picture = try RasterImage(path: path)
      try FileWarnings(arguments).tell(picture.warnings, of: path)
      // A report is read on white.
      return (
        picture.composed(on: arguments.optional(Common.background) ?? .white),
        name: (path as NSString).lastPathComponent
      )
    }
    let digits = try arguments.optional(data).map { (try DatasetKind.mnist.load(from: $0), name: "MNIST") }
    if let (image, name) = picture {
      // The square from its middle in three colours, before and after it is resized along an axis.
      let side = min(image.height, image.width)
      do {
        try MemoryBudget.machine.require(
          MemoryEstimate(image.pixels.shape.extents, scalarBytes: 4) + MemoryEstimate([3, side, side], scalarBytes: 8),
          for: "lessons on \(image.height) x \(image.width) pixels", remedy: "take a smaller picture")
      } catch {
        throw CommandError("\(name): \(error)")
      }
    }
    let folder = try Folder(arguments[output])
    let material = LessonMaterial(image: picture, data: digits)

    Interruption.watch()
    let path = folder.file(lessons.count == 1 ? "\(lessons[0].word).html" : "lessons.html")
    var pages: [Page] = []
    for lesson in lessons { pages.append(try page(lesson, material)) }
    let report = Report(
      title: lessons.count == 1 ? lessons[0].title : "Convolution, in space and by spectra",
      origin: "Picture: \(material.imageName). Training images: \(material.dataName). Computed on "
        + "\(Parallel.threads) thread\(Parallel.threads == 1 ? "" : "s").",
      pages: pages)
    try AtomicFile.write(Data(try report.html().utf8), to: path)
    try? Wisdom.save()
    let numbers = pages.flatMap { page in
      ["\(page.number). \(page.title)"] + page.numbers.map { "   \($0.name): \($0.value)" }
    }
    try Console.result((numbers + ["", path]).joined(separator: "\n"))
    if arguments[open] { try show(path) }
  }

  private static var list: String {
    let width = Lessons.all.map { $0.word.count }.max()! + 2
    let lines = Lessons.all.map { lesson in
      String(format: "%3d  ", lesson.number) + lesson.word.padding(toLength: width, withPad: " ", startingAt: 0)
        + lesson.title
    }
    return (lines + ["", "spectral lesson NAME writes one, spectral lesson all the whole report."])
      .joined(separator: "\n")
  }

  private static func chosen(_ name: String) throws(UsageError) -> [any Lesson.Type] {
    if name == "all" { return Lessons.all }
    if let lesson = Lessons.named(name) { return [lesson] }
    let words = Lessons.all.map { $0.word }
    throw UsageError(
      "there is no lesson \(name)\(hint(name, words + ["all"])): there are \(words.joined(separator: ", ")), and all")
  }

  /// Computes one lesson and says how long it took.
  private static func page(_ lesson: any Lesson.Type, _ material: LessonMaterial) throws -> Page {
    let head = "\(lesson.number). \(lesson.title)"
    let isInteractive = Console.isInteractive
    let progress = LessonProgress(
      say: { text in
        if isInteractive { ProgressBar.clear() }
        Console.say("\(head): \(text)")
      },
      advance: { fraction, numbers in
        if isInteractive { ProgressBar.show("lesson \(lesson.number)", fraction: fraction, numbers) }
      },
      shouldStop: { Interruption.pending != nil })
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let page = try lesson.page(material, progress)
      if isInteractive { ProgressBar.clear() }
      Console.say("\(head): done in \(duration((clock.now - start).seconds))")
      return page
    } catch is LessonStopped {
      if isInteractive { ProgressBar.clear() }
      throw Interruption(
        signal: Interruption.pending ?? SIGINT,
        description: "interrupted in lesson \(lesson.number); nothing was written")
    }
  }

  /// Shows a file in the reader's browser.
  private static func show(_ path: String) throws {
    #if canImport(Darwin)
      let opener = "open"
    #else
      let opener = "xdg-open"
    #endif
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [opener, path]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try? process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw CommandError("\(opener) could not show \(path): open that file in a browser yourself")
    }
  }
}
