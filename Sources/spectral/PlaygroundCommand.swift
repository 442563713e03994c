import Foundation
import SpectralPlayground
import SpectralKit

/// `spectral playground`: a page on which the convolution theorem can be touched.
enum PlaygroundCommand: Subcommand {
  private static let port = Flag(
    "--port", .integer(0...65535, example: 8123),
    "where the page is; 0 takes any port that is free [the first free from 8123 on]")
  private static let image = Flag(
    "--image", .inputFile("FILE", example: "photo.jpg"), "a picture to begin with: PNG, JPEG, PGM or PPM")
  private static let data = Flag(
    "--data", .folder(example: "data/mnist"),
    "the folder with the four files of MNIST, to learn from them besides the digits that are drawn")
  private static let open = Flag(switch: "--open", "open the page in the browser")

  static let specification = Specification(
    name: "playground", summary: "a page on which to paint on spectra, slide windows and watch a network learn",
    discussion: """
      Serves one page on 127.0.0.1, to this machine alone, and prints its address. The page draws and listens; every \
      number comes from this process. It needs no network and keeps nothing: pictures that are brought to it are in memory \
      until it ends. SIGINT and SIGTERM end it; the exit code is 130 or 143.
      """,
    sections: [
      .init("Page", [port, open]), .init("Pictures and data", [image, data]),
      .init("Computation", [CommonFlags.threads]),
    ],
    examples: [
      .init("spectral playground --open", "With the pictures and digits that the program draws."),
      .init("spectral playground --image photo.jpg --port 9000", "With a picture of your own."),
      .init("spectral playground --data data/mnist", "LeNet learns handwritten digits."),
    ])

  static func run(_ arguments: Arguments) throws {
    CommonFlags.applyThreads(arguments)
    // Whoever vanishes in the middle of an answer must not end the process.
    signal(SIGPIPE, SIG_IGN)
    Interruption.watch()
    let playground = try Playground(
      .init(
        port: arguments.optional(port).map { UInt16($0) }, image: arguments.optional(image),
        data: arguments.optional(data)))
    try Console.result("The playground is at \(playground.address)")
    Console.say("Press Ctrl-C to end it.")
    if arguments[open] { show(playground.address) }
    var arrived: Int32?
    while arrived == nil {
      usleep(50_000)
      arrived = Interruption.pending
    }
    playground.stop()
    throw Interruption(signal: arrived!, description: "ended; nothing was kept")
  }

  /// Asks the system to show a page.
  private static func show(_ address: String) {
    #if os(macOS)
      let program = "open"
    #else
      let program = "xdg-open"
    #endif
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program, address]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch {
      Console.say("note: the browser could not be opened: open \(address) yourself")
    }
  }
}
