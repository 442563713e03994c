import Foundation
import SpectralKit
import SpectralCore

/// `spectral spectrum`: what waves an image is made of.
enum SpectrumCommand: Subcommand {
  private enum Colors: String, CaseIterable { case perceptual, grey }

  private static let phase = Flag(switch: "--phase", "show the phase, as hue, instead of the magnitude")
  private static let both = Flag(switch: "--both", "show both in one: the phase as hue, the magnitude as lightness")
  private static let range = Flag(
    "--range", .decibelRange,
    "the decibels that the colours span, relative to the largest magnitude [down to where a hundredth of all are below]"
  )
  private static let colors = Flag(
    "--colors", .word(example: Colors.grey), default: Colors.perceptual.rawValue,
    "of magnitudes: from violet to yellow in even steps of lightness, or from black to white")
  private static let plain = Flag(
    switch: "--plain",
    "a pixel for every frequency and nothing else, e.g. to paint a mask on; else axes, bars and a title")
  private static let window = Flag(
    "--window", .word(example: CenteredSpectrum.Window.hann), default: CenteredSpectrum.Window.none.rawValue,
    "hann fades the image out towards its border, where the transform sees a jump and draws a bright cross")
  private static let channel = Flag(
    "--channel", .imageChannel, default: "luminance",
    "of a colour picture its brightness or a colour, of an array a plane")
  private static let profile = Flag(
    "--profile", .outputFile("FILE|DIR", example: "profile.png"),
    "also draw how magnitudes fall with the distance from frequency 0: .png, .svg, .jpg or .ppm")
  private static let peaks = Flag(
    "--peaks", .integer(1...1000, example: 5), "list the strongest waves: where, how long, how strong")

  static let specification = Specification(
    name: "spectrum", summary: "what waves an image is made of: magnitudes, phases, peaks",
    discussion: """
      Draws the spectrum of an image, frequency 0 in the middle, fx to the right and fy downwards in cycles per pixel \
      (Nyquist is 0.5); magnitudes are in decibels below the largest. Transparent is black, as in a filter. Written as .npy it is the spectrum itself, \
      H x W x 2 (real, imaginary), centred and not normalised, as numpy.fft.fftshift(numpy.fft.fft2(x)) has it.

      \(ImageFlags.discussion)
      """,
    operands: ImageFlags.operands, operandsAreInputs: true, operandCount: ImageFlags.operandCount,
    sections: [
      .init("Picture", [phase, both, range, colors, plain]),
      .init("Pixels", [channel, window, ImageFlags.linearLight]),
      .init(
        "Results",
        [
          ImageFlags.output, ImageFlags.format, ImageFlags.quality, ImageFlags.show, ImageFlags.graphics, profile,
          peaks, CommonFlags.json,
        ]),
      ImageFlags.computation, ImageFlags.talk,
    ],
    examples: [
      .init("spectral spectrum photo.png -o spectrum.png", "Magnitudes with axes and a colour bar."),
      .init("spectral spectrum photo.png --show --window hann --peaks 5", "On the terminal, with the strongest waves."),
      .init("spectral spectrum photos -o spectra --both", "Every image of a folder, magnitude and phase in one."),
    ])

  static func run(_ arguments: Arguments) throws {
    guard !arguments[phase] || !arguments[both] else {
      throw UsageError("\(phase.name) and \(both.name) are two pictures: ask for one at a time")
    }
    let run = try ImageRun(arguments, outputKind: .figureOrArray)
    let profiles = try run.place(profile, .drawing)
    try run.requireDistinct(profiles)
    let isListed = arguments.has(peaks) || arguments[CommonFlags.json]
    try run.requireResult(orElse: profiles != nil || isListed)
    try run.forEachImage { input, stages in
      switch try stages.measure("decode", { try run.read(input) }) {
      case .float(let image): try draw(image, input, run, profiles, &stages)
      case .double(let image): try draw(image, input, run, profiles, &stages)
      }
    }
  }

  private static func draw<Scalar: AnyMethodScalar>(
    _ image: ImagePlanes<Scalar>, _ input: String, _ run: ImageRun, _ profiles: OutputPlace?, _ stages: inout StageTimes
  ) throws {
    let arguments = run.arguments
    // As drawn: a pixel for every frequency, its samples, and its file; or the numbers.
    let drawn = MemoryEstimate([image.height, image.width], scalarBytes: arguments[plain] ? 20 : 0)
    let numbers = MemoryEstimate([image.height, image.width, 2], scalarBytes: MemoryLayout<Scalar>.stride)
    try ImageMemory(
      name: input, shape: image.planes.shape, scalarBytes: MemoryLayout<Scalar>.stride, images: 1
    ).require(
      CenteredSpectrum.memory(height: image.height, width: image.width, Scalar.self)
        + (run.output?.path(for: input).lowercased().hasSuffix(".npy") == true ? numbers : drawn),
      for: "the spectrum of")
    let plane = try arguments[channel].plane(of: image.premultiplied, named: input)
    let full = stages.measure("transform") { CenteredSpectrum.halfSpectrum(of: plane, window: arguments[window]) }
    let spectrum = stages.measure("magnitudes") { CenteredSpectrum(full) }
    let path = run.output?.path(for: input)
    let format = try path.map {
      try OutputFormat(arguments.optional(ImageFlags.format), path: $0, isArray: false)
    }
    if let path, format == .npy {
      try stages.measure("encode") { try full.centered.writeNPY(to: path) }
    }
    let drawing = SpectrumDrawing(spectrum, name: name(input), arguments)
    if let path, let format, format != .npy {
      let picture = stages.measure("draw") { drawing.picture }
      try stages.measure("encode") { try picture.write(to: path, as: format, quality: arguments[ImageFlags.quality]) }
    }
    try run.show(figure: { drawing.picture }, bare: { (drawing.bare, drawing.caption) })
    if let path = profiles?.path(for: input) {
      let chart = RadialProfile(spectrum).chart("Radial profile of \(name(input))")
      if path.lowercased().hasSuffix(".svg") {
        try AtomicFile.write(Data(SVGFigure([chart]).text.utf8), to: path)
      } else {
        try ChartPicture(chart).image.write(to: path, quality: arguments[ImageFlags.quality])
      }
    }
    if arguments[CommonFlags.json] {
      try Console.result(json(spectrum, plane.mean, input, arguments.optional(peaks) ?? 5).description)
    } else if let count = arguments.optional(peaks) {
      try Console.result(table(spectrum, plane.mean, input, count))
    }
  }

  private static func name(_ path: String) -> String { (path as NSString).lastPathComponent }

  /// A spectrum as the flags want it drawn.
  private struct SpectrumDrawing {
    let spectrum: CenteredSpectrum
    let name: String
    let style: SpectrumStyle
    let map: ColorMap
    let range: ClosedRange<Double>
    let isPlain: Bool

    init(_ spectrum: CenteredSpectrum, name: String, _ arguments: Arguments) {
      (self.spectrum, self.name) = (spectrum, name)
      style = arguments[phase] ? .phase : arguments[both] ? .both : .magnitude
      map = arguments[colors] == .grey ? .grey : .magnitude
      range = arguments.optional(SpectrumCommand.range) ?? spectrum.usualRange
      isPlain = arguments[plain]
    }

    var picture: RasterImage {
      isPlain ? bare : spectrum.figure("Spectrum of \(name)", style, range: range, map: map).image
    }

    var bare: RasterImage { spectrum.picture(style, range: range, map: map) }

    /// What the axes and bars of the figure say.
    var caption: String {
      let decibels =
        "\(significant(range.lowerBound)) (dark) to \(significant(range.upperBound)) dB (bright) of the largest"
      let shown =
        switch style {
        case .magnitude: "magnitude, \(decibels)"
        case .phase: "phase as hue"
        case .both: "phase as hue, magnitude as lightness, \(decibels)"
        }
      return "Spectrum of \(name): \(shown); fx to the right and fy down, from -0.5 to 0.5 cycles per pixel"
    }
  }

  private static func table(_ spectrum: CenteredSpectrum, _ mean: Double, _ input: String, _ count: Int) -> String {
    let peaks = spectrum.peaks(most: count)
    let head = "\(input.printable()): \(spectrum.height) x \(spectrum.width), mean \(significant(mean))"
    let columns = "      fx       fy   cycles/pixel   pixels/cycle   direction   amplitude        dB"
    return
      ([head, columns]
      + peaks.map { peak in
        String(
          numbers: "%8.4f %8.4f %14.4f %14.2f %10.1f° %11.4g %9.1f", peak.fx, peak.fy, peak.frequency, peak.wavelength,
          peak.direction, peak.amplitude, peak.decibels)
      }).joined(separator: "\n")
  }

  private static func json(_ spectrum: CenteredSpectrum, _ mean: Double, _ input: String, _ count: Int) -> JSON {
    [
      "image": .string(input), "height": .integer(spectrum.height), "width": .integer(spectrum.width),
      "mean": .number(mean), "largest_magnitude": .number(spectrum.largestMagnitude),
      "peaks": .array(
        spectrum.peaks(most: count).map { peak in
          [
            "fx": .number(peak.fx), "fy": .number(peak.fy), "cycles_per_pixel": .number(peak.frequency),
            "pixels_per_cycle": .number(peak.wavelength), "direction_degrees": .number(peak.direction),
            "amplitude": .number(peak.amplitude), "decibels": .number(peak.decibels),
          ]
        }),
    ]
  }
}

extension ValueFormat<ClosedRange<Double>> {
  /// Two numbers, the lower first; as decibels below the largest magnitude.
  fileprivate static var decibelRange: Self {
    Self("LOW,HIGH", example: "-80,0") { text throws(ValueError) in
      let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
      guard numbers.count == 2, let low = numbers[0], let high = numbers[1], low.isFinite, high.isFinite, low < high
      else { throw ValueError("must be two numbers of decibels, the lower first, as in -80,0") }
      return low...high
    }
  }
}
