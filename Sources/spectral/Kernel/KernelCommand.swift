import SpectralFigures
import Foundation
import SpectralImaging
import SpectralKit
import SpectralCore

/// `spectral kernel`: what a kernel is, and what it does to waves.
enum KernelCommand: Subcommand {
  private typealias Common = CommonFlags

  private static let size = Flag(
    "--size", .extent,
    "make a kernel of so many taps, N x N or Y x X, odd, with the response that the one named has, as far as that goes")
  private static let window = Flag(
    "--window", .designMethod,
    "how --size does it: by frequency sampling, or cut off and faded by a window; a larger beta fades more [rectangular]"
  )
  private static let output = Flag(
    "--output", short: "-o", .outputFile("FILE", example: "kernel.npy"),
    "write the taps: .npy for the numbers, .png for a picture, whose white is the largest tap, and whose mid-grey is 0 "
      + "where some are negative")
  private static let profile = Flag(
    "--profile", .outputFile("FILE", example: "profile.svg"),
    "draw magnitude and phase of the response along x, y and the diagonal, as an SVG picture")
  private static let response = Flag(
    "--response", .outputFile("FILE", example: "response.png"),
    "draw magnitude and phase of the response at all frequencies, side by side: .png, .jpg or .ppm; or .npy for the "
      + "numbers, N x N x 2 (real, imaginary), frequency 0 in the middle")

  static let specification = Specification(
    name: "kernel", summary: "what a kernel is, and what it does to waves: taps, response, cut-off",
    discussion: """
      Prints the taps of a kernel, their sum and symmetry, whether they are separable, and the response: what a wave is \
      multiplied by. Frequencies are in cycles per pixel, 0.5 is Nyquist; lengths in pixels; angles in degrees, \
      counter-clockwise as one looks at the picture, 0 to the right. Phases are about the centre. Instead of a name it may \
      be a file, kH x kW in .npy or a picture, whose taps are scaled to sum 1, or numbers as in 1,2,1;2,4,2;1,2,1. If the \
      first is negative, write -- before them.
      """,
    operands: "KERNEL", operandsAreInputs: true, operandCount: 1...1,
    words: .init("Kernels", KernelName.all.map { ($0.usage, $0.purpose) }),
    sections: [
      .init("Design", [size, window]),
      .init(
        "Output", [output, ImageFlags.format, response, profile, ImageFlags.show, ImageFlags.graphics, Common.json]),
      .init("Input", [Common.strict]),
    ],
    examples: [
      .init("spectral kernel gaussian:2", "Taps, half-power cut-off and response of a blur."),
      .init("spectral kernel motion:21,30 -o psf.npy", "A path up to the right, for other programs."),
      .init("spectral kernel gabor:8,30 --response response.png", "What it does to every wave, as a picture."),
      .init(
        "spectral kernel gaussian:4 --size 9 --window sampling", "A blur cut down to 9 x 9 taps, and what that costs."),
      .init("spectral kernel --json -- -1,0,1", "Numbers of your own."),
    ])

  static func run(_ arguments: Arguments) throws {
    let text = arguments.operands[0]
    let format = ValueFormat<NamedKernel>.kernel
    let named: NamedKernel
    do { named = try format.read(text) } catch {
      throw UsageError(
        "KERNEL \(error.problem), not '\(text)': e.g. spectral kernel \(error.example ?? format.example)")
    }
    // All names are judged before anything is written.
    let chosen = arguments.optional(ImageFlags.format)
    let tapsPlace = try arguments.optional(output).map { try OutputPlace($0, output, format: chosen) }
    let responsePlace = try arguments.optional(response).map { try OutputPlace($0, response, .figureOrArray) }
    let profilePlace = try arguments.optional(profile).map { try OutputPlace($0, profile, .svg) }
    try OutputPlace.requireDistinct([tapsPlace, responsePlace, profilePlace])
    let (kernel, design) = try kernel(named, arguments)
    // Copies of the taps for the picture and the analysis; as JSON each is a value and a text.
    do {
      try MemoryBudget.machine.require(
        MemoryEstimate(kernel.taps.shape.extents, scalarBytes: arguments[Common.json] ? 200 : 40),
        for: "a report on \(kernel.extent) taps", remedy: "take a smaller kernel")
    } catch {
      throw CommandError("\(text): \(error)")
    }
    let report = KernelReport(name: text, kernel: kernel, design: design)
    let picture = ResponsePicture(name: text, kernel: kernel)
    if let path = tapsPlace?.path {
      let format = try OutputFormat(chosen, path: path, isArray: true)
      if format == .npy { try kernel.taps.writeNPY(to: path) } else { try kernel.picture.write(to: path, as: format) }
    }
    if let path = responsePlace?.path {
      if path.lowercased().hasSuffix(".npy") {
        try picture.spectrum.centered.writeNPY(to: path)
      } else {
        try picture.image.write(to: path)
      }
    }
    if let path = profilePlace?.path {
      let charts = ResponseProfile(name: text, kernel: kernel).charts
      try AtomicFile.write(Data(SVGFigure(charts).text.utf8), to: path)
    }
    if arguments[ImageFlags.show] || arguments.has(ImageFlags.graphics) {
      try TerminalGraphics.show(
        by: arguments.optional(ImageFlags.graphics), besideJSON: arguments[Common.json], figure: { picture.image },
        bare: { picture.bare })
    }
    try Console.result(arguments[Common.json] ? report.json.description : report.text)
  }

  private static func kernel(_ named: NamedKernel, _ arguments: Arguments) throws -> (Kernel, KernelDesign?) {
    let whole = try named.kernel(FileWarnings(arguments))
    guard let extent = arguments.optional(size) else {
      guard !arguments.has(window) else {
        throw UsageError("\(window.name) says how \(size.name) is done: add \(size.example)")
      }
      return (whole, nil)
    }
    do { try KernelDesign.check(extent: extent) } catch { throw UsageError("\(size.name): \(error)") }
    let design = KernelDesign(
      extent: extent, method: arguments.optional(window) ?? .windowed(.rectangular),
      complexResponse: { whole.response(fx: $0, fy: $1) })
    return (design.kernel, design)
  }
}

extension ValueFormat<KernelDesign.Method> {
  /// A way from a response to taps.
  static var designMethod: Self {
    Self("sampling|rectangular|hann|hamming|blackman|kaiser:BETA", example: "kaiser:6") { text throws(ValueError) in
      if let method = KernelDesign.Method(named: text) { return method }
      let words = ["sampling", "rectangular", "hann", "hamming", "blackman", "kaiser"]
      throw ValueError(
        "must be sampling, rectangular, hann, hamming, blackman, or kaiser:BETA with BETA from 0 to 700"
          + hint(text.prefix { $0 != ":" }.description, words))
    }
  }
}
