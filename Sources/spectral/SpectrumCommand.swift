import Foundation
import SpectralKit
import SpectralCore

/// `spectral spectrum`: what waves an image, a signal or a volume is made of.
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

      Of a signal, a .npy array with one axis, a chart is drawn. Of a volume D x H x W its three central slices, where fz, fy \
      and fx are 0; its .npy file is D x H x W x 2.

      \(ImageFlags.discussion)
      """,
    operands: ImageFlags.operands, operandsAreInputs: true, operandCount: ImageFlags.operandCount,
    sections: [
      .init("Picture", [phase, both, range, colors, plain]),
      .init("Pixels", [ArrayRank.flag, channel, window, ImageFlags.linearLight]),
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
      .init(
        "spectral spectrum recording.npy --window hann --peaks 10 -o spectrum.png", "A signal: a chart and a list."),
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
      let rank = try ArrayRank.of(input, arguments)
      if rank != 2 {
        let array = try stages.measure("decode") { try AnyRankedArray(input, rank: rank, sizeLimit: run.sizeLimit) }
        let spectrum = ArraySpectrum(arguments, run, profile: profiles?.path(for: input))
        switch array {
        case .float(let array): return try spectrum.report(array, input, &stages)
        case .double(let array): return try spectrum.report(array, input, &stages)
        }
      }
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
      try write(RadialProfile(spectrum).chart("Radial profile of \(name(input))"), to: path, arguments)
    }
    if arguments[CommonFlags.json] {
      try Console.result(json(spectrum, plane.mean, input, arguments.optional(peaks) ?? 5).description)
    } else if let count = arguments.optional(peaks) {
      try Console.result(table(spectrum, plane.mean, input, count))
    }
  }

  /// Writes a chart as its name says.
  private static func write(_ chart: Chart, to path: String, _ arguments: Arguments) throws {
    if path.lowercased().hasSuffix(".svg") {
      try AtomicFile.write(Data(SVGFigure([chart]).text.utf8), to: path)
    } else {
      try ChartPicture(chart).image.write(to: path, quality: arguments[ImageFlags.quality])
    }
  }

  private static func name(_ path: String) -> String { (path as NSString).lastPathComponent }

  /// What is told of the spectrum of a signal or a volume.
  private struct ArraySpectrum {
    let arguments: Arguments
    let run: ImageRun
    let profile: String?

    init(_ arguments: Arguments, _ run: ImageRun, profile: String?) {
      (self.arguments, self.run, self.profile) = (arguments, run, profile)
    }

    func report<Scalar: AnyMethodScalar>(
      _ array: RankedArray<Scalar>, _ input: String, _ stages: inout StageTimes
    ) throws {
      try judge(array, input)
      let plane = try plane(of: array, input)
      let path = run.output?.path(for: input)
      let format = try path.map { try OutputFormat(arguments.optional(ImageFlags.format), path: $0, isArray: false) }
      do {
        try MemoryBudget.machine.require(
          RankedSpectrum<Scalar>.memory(size: array.size), for: "the spectrum of \(TensorShape(array.size)) numbers",
          remedy: "take a smaller array")
      } catch { throw CommandError("\(input): \(error)") }
      guard plane.isFinite else {
        throw FileError(
          input, "a number is NaN or infinite, and a transform would spread it over all of them: mend it first")
      }
      let spectrum = stages.measure("transform") { RankedSpectrum(plane, window: arguments[window]) }
      if let path, format == .npy { try stages.measure("encode") { try spectrum.centered.writeNPY(to: path) } }
      let title = "Spectrum of \(name(input))"
      if array.rank == 1 {
        let chart = spectrum.chart(title, range: arguments.optional(range))
        if let path, let format, format != .npy {
          try ChartPicture(chart).image.write(to: path, as: format, quality: arguments[ImageFlags.quality])
        }
        if let profile { try write(chart, to: profile, arguments) }
        try run.show(ChartPicture(chart).image)
      } else if format?.picture != nil || run.shows {
        let picture = stages.measure("draw") { slices(of: plane, title) }
        if let path, let format, format != .npy {
          try picture.write(to: path, as: format, quality: arguments[ImageFlags.quality])
        }
        try run.show(picture)
      }
      if arguments[CommonFlags.json] {
        try Console.result(json(spectrum, input, arguments.optional(peaks) ?? 5).description)
      } else if let count = arguments.optional(peaks) {
        try Console.result(table(spectrum, input, count))
      }
    }

    /// Refuses what means nothing for arrays of this rank.
    private func judge<Scalar>(_ array: RankedArray<Scalar>, _ input: String) throws(CommandError) {
      var flags = [(ImageFlags.linearLight.name, arguments[ImageFlags.linearLight], "pictures")]
      if array.rank == 1 {
        flags += [
          (phase.name, arguments[phase], "images and volumes: a chart shows magnitudes"),
          (both.name, arguments[both], "images and volumes: a chart shows magnitudes"),
          (plain.name, arguments[plain], "images and volumes"),
          (colors.name, arguments.has(colors), "images and volumes"),
        ]
      } else {
        flags.append((SpectrumCommand.profile.name, profile != nil, "images and signals"))
      }
      if let flag = flags.first(where: \.1) {
        throw CommandError(
          "\(input): \(flag.0) is for \(flag.2), and this is a \(ArrayRank.name(array.rank)): leave it away")
      }
    }

    private func plane<Scalar>(of array: RankedArray<Scalar>, _ input: String) throws -> Tensor<Scalar> {
      let index: Int
      switch arguments[channel] {
      case .luminance where array.channels == 1: index = 0
      case .luminance:
        throw FileError(
          input, "\(array.channels) channels have no luminance: choose one, --channel 0 to \(array.channels - 1)")
      case .plane(let plane): index = plane
      }
      guard index < array.channels else {
        throw FileError(input, "there is no channel \(index): the array has \(array.channels)")
      }
      return array.planes.rows(index..<index + 1).reshaped(to: TensorShape(array.size))
    }

    /// The central slices of a volume's spectrum: by the projection-slice theorem, where the frequency along an axis is 0, the
    /// spectra of its sums along that axis.
    private func slices<Scalar: AnyMethodScalar>(of volume: Tensor<Scalar>, _ title: String) -> RasterImage {
      let names = ["fz", "fy", "fx"]
      let spectra = (0..<3).map {
        CenteredSpectrum(CenteredSpectrum.halfSpectrum(of: volume.sum(over: $0), window: arguments[window]))
      }
      let largest = spectra.map(\.largestMagnitude).max()!
      let range = arguments.optional(range) ?? spectra[0].usualRange
      let style: SpectrumStyle = arguments[phase] ? .phase : arguments[both] ? .both : .magnitude
      let map: ColorMap = arguments[colors] == .grey ? .grey : .magnitude
      return PictureStrip.row(
        spectra.enumerated().map { axis, spectrum in
          var spectrum = spectrum
          spectrum.reference = .init(largest, name: "the largest")
          guard !arguments[plain] else { return spectrum.picture(style, range: range, map: map) }
          let others = names.indices.filter { $0 != axis }
          return spectrum.figure(
            "\(title), \(names[axis]) = 0", style, range: range, map: map,
            axes: (vertical: names[others[0]], horizontal: names[others[1]])
          ).image
        })
    }

    private func table<Scalar>(_ spectrum: RankedSpectrum<Scalar>, _ input: String, _ count: Int) -> String {
      let head = "\(input.printable()): \(TensorShape(spectrum.size)), mean \(significant(spectrum.mean))"
      let isSignal = spectrum.size.count == 1
      let columns =
        isSignal
        ? "  cycles/sample   samples/cycle   amplitude        dB"
        : "      fz       fy       fx   cycles/voxel   voxels/cycle   amplitude        dB"
      return
        ([head, columns]
        + spectrum.peaks(most: count).map { peak in
          let frequencies = isSignal ? "" : peak.frequencies.map { String(numbers: "%8.4f ", $0) }.joined()
          return frequencies
            + String(
              numbers: isSignal ? "%15.4f %15.2f %11.4g %9.1f" : "%14.4f %14.2f %11.4g %9.1f", peak.frequency,
              1 / peak.frequency, peak.amplitude, peak.decibels)
        }).joined(separator: "\n")
    }

    private func json<Scalar>(_ spectrum: RankedSpectrum<Scalar>, _ input: String, _ count: Int) -> JSON {
      let isSignal = spectrum.size.count == 1
      return [
        isSignal ? "signal" : "volume": .string(input), "size": .array(spectrum.size.map { .integer($0) }),
        "mean": .number(spectrum.mean), "largest_magnitude": .number(spectrum.largestMagnitude),
        "peaks": .array(
          spectrum.peaks(most: count).map { peak in
            let places = isSignal ? [] : zip(["fz", "fy", "fx"], peak.frequencies).map { ($0, JSON.number($1)) }
            let unit = isSignal ? "sample" : "voxel"
            return .object(
              places + [
                ("cycles_per_\(unit)", .number(peak.frequency)), ("\(unit)s_per_cycle", .number(1 / peak.frequency)),
                ("amplitude", .number(peak.amplitude)), ("decibels", .number(peak.decibels)),
              ])
          }),
      ]
    }
  }

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
