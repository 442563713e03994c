import Charts
import Foundation
import Kernels
import SpectralKit

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
    "--output", short: "-o", .text("FILE", example: "kernel.npy"),
    "write the taps: .npy for the numbers, .png for a picture, whose white is the largest tap, and whose mid-grey is 0 "
      + "where some are negative")
  private static let profile = Flag(
    "--profile", .text("FILE", example: "profile.svg"),
    "draw magnitude and phase of the response along x, y and the diagonal, as an SVG picture")
  private static let response = Flag(
    "--response", .text("FILE", example: "response.png"),
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
    operands: "KERNEL", operandCount: 1...1,
    words: .init("Kernels", KernelName.all.map { ($0.usage, $0.purpose) }),
    sections: [
      .init("Design", [size, window]),
      .init("Output", [output, response, profile, ImageFlags.show, ImageFlags.graphics, Common.json]),
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
    let responsePlace = try arguments.optional(response).map { try OutputPlace($0, response, inputs: [text]) }
    let profilePlace = try arguments.optional(profile).map { path in
      guard path.lowercased().hasSuffix(".svg") else {
        throw UsageError("\(profile.name) \(path): profiles are drawn as SVG: end the name in .svg")
      }
      return try OutputPlace(path, profile, inputs: [text], .drawing)
    }
    let (kernel, design) = try kernel(named, arguments)
    let report = KernelReport(name: text, kernel: kernel, design: design)
    let picture = ResponsePicture(name: text, kernel: kernel)
    if let path = arguments.optional(output) { try kernel.write(to: path) }
    if let path = responsePlace?.path(for: text) {
      if path.lowercased().hasSuffix(".npy") {
        try picture.spectrum.centered.writeNPY(to: path)
      } else {
        try picture.image.write(to: path)
      }
    }
    if let path = profilePlace?.path(for: text) {
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
    let whole = try named.kernel()
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
