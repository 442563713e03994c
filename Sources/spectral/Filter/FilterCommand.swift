import SpectralImaging
import SpectralKit

/// `spectral filter`: images, signals and volumes through filters that are given by their frequencies.
enum FilterCommand: Subcommand {
  private static func flag(_ kind: FilterKind, example: String? = nil, _ help: String) -> Flag<FilterStep> {
    Flag("--\(kind.rawValue)", .filter(kind, example: example), help)
  }

  private static let laplacian = Flag(
    switch: "--laplacian", "the Laplacian, exactly: -4π² times the square of the frequency")

  private static let periodicNoise = Flag(
    switch: "--remove-periodic-noise",
    "find waves that run through the whole image, as interference and printed screens leave them, and take them away; says "
      + "which")

  /// The filters; each may be given as often as wanted.
  private static let filters: [any AnyFlag] = [
    flag(.lowpass, "keep what is slower than a cut-off"),
    flag(.highpass, "keep what is faster than a cut-off: 1 - low-pass"),
    flag(.bandpass, "keep what is between two cut-offs"),
    flag(.bandstop, "remove what is between two cut-offs: 1 - band-pass"),
    flag(
      .notch,
      "remove the wave at fx, fy (to the right and down; with its opposite, as all waves of real images) and what is within "
        + "the radius"),
    flag(
      .directional,
      "keep or remove waves that run in a direction, in degrees counter-clockwise from the rows (0: upright stripes, 90: "
        + "level ones), give or take half the width; remove lets slower waves than the cut-off pass, which are the picture's"
    ),
    laplacian,
    Flag(
      "--mask", .mask,
      "a response drawn as a picture, black 0 and white 1, or as an array: frequency 0 in the middle, one cycle per pixel "
        + "wide and high"),
    flag(.unsharp, "sharpen: add so many times what a low-pass takes away"),
    flag(.highBoost, "so many times the image, less its low-pass"),
    Flag(
      "--homomorphic", .homomorphic,
      "even out the light: a gain for slow waves of the logarithm (light) and one for fast ones (things)"),
    periodicNoise,
  ]

  private static let padding = Flag(
    "--padding", .filterPadding, default: "automatic",
    "what is added beyond the border: as much as the filter reaches, half the image on each side (full), or so many pixels"
  )
  private static let memoryLimit = Flag(
    CommonFlags.memoryLimit.name, .byteSize,
    "working memory that filtering may take beside the image (default: what the machine has)")
  private static let beforeAfter = Flag(
    "--before-after", .outputFile("FILE|DIR", example: "both.png"), "a picture of the image beside its result")
  private static let spectrum = Flag(
    "--spectrum", .outputFile("FILE|DIR", example: "spectra.png"),
    "a picture of the spectrum of the image beside that of its result, in the same colours")

  static let specification = Specification(
    name: "filter", summary: "low-pass, high-pass, notches, masks and more, by frequency",
    discussion: """
      Transforms an image, multiplies every wave by a response, and transforms back. Several filters are applied one after \
      the other: the product of their responses. SHAPE is ideal, gaussian or butterworth, whose order comes last. Cut-offs \
      are in cycles per pixel, as in 0.08; or a wavelength, as in 12px; or a fraction of Nyquist, as in 0.16nyq. Nyquist, \
      0.5 cycles per pixel, is black, white, black, white.

      \(ImageFlags.discussion) Of a filter that takes away the mean, such as a high-pass, a picture shows 0 as mid-grey; \
      --output to a .npy file keeps the numbers.

      Signals and volumes are .npy arrays, and so are their results. The distance from frequency 0 counts: in cycles per sample \
      or per voxel, whichever way a wave runs. Waves that run in a direction, masks and periodic noise are for images; a \
      signal has notches at fy 0.
      """,
    operands: ImageFlags.operands, operandsAreInputs: true, operandCount: ImageFlags.operandCount,
    sections: [
      .init("Filters", filters),
      .init("Pixels", [ArrayRank.flag] + ImageFlags.pixels.flags + [padding]),
      .init("Results", ImageFlags.results.flags + [beforeAfter, spectrum]),
      .init("Computation", [memoryLimit] + ImageFlags.computation.flags),
      ImageFlags.talk,
    ],
    examples: [
      .init("spectral filter photo.jpg --lowpass gaussian:0.08 -o soft.jpg", "Keep waves longer than some 12 pixels."),
      .init(
        "spectral filter scan.png --notch gaussian:0.25,0.1,0.02 --notch gaussian:0.4,0.2,0.02 -o b.png",
        "Take two waves of a printed screen away."),
      .init(
        "spectral filter photos/ --unsharp gaussian:0.1,0.8 --luminance -o sharp/",
        "Sharpen all pictures of a folder, without coloured fringes."),
      .init(
        "spectral filter scan.png --remove-periodic-noise -o clean.png --spectrum spectra.png",
        "Take away waves without being told where they are."),
      .init(
        "spectral filter scan.png --directional remove:gaussian:90,0.5,0.02 -o even.png",
        "Even out rows of different brightness."),
      .init("spectral filter x.npy --bandpass butterworth:64px,8px,2 -o y.npy --show", "Numbers in, numbers out."),
      .init(
        "spectral filter scan.npy --ndim 3 --lowpass gaussian:0.1 -o soft.npy", "A volume without its fastest waves."),
    ])

  static func run(_ arguments: Arguments) throws {
    var given: [FilterStep] = []
    for (flag, text) in arguments.occurrences(of: filters) {
      if let flag = flag as? Flag<FilterStep> {
        given.append(try flag.value(text))
      } else {
        given.append(flag.name == laplacian.name ? .linear(.laplacian) : .periodicNoise)
      }
    }
    guard !given.isEmpty else {
      throw UsageError("say which filter: e.g. --lowpass \(FilterKind.lowpass.example())")
    }
    let run = try ImageRun(arguments)
    let (pairs, spectra) = (try run.place(beforeAfter), try run.place(spectrum, .figure))
    try run.requireDistinct(pairs, spectra)
    let steps = try FilterSteps(given, sizeLimit: arguments[ImageFlags.sizeLimit], say: { run.say($0) }) {
      try FileWarnings(arguments).tell($0, of: $1)
    }
    var explain: (@Sendable (String) -> Void)?
    if arguments[ImageFlags.verbose] { explain = { Console.say($0) } }
    let edit = FilterEdit(
      steps: steps, boundary: arguments[ImageFlags.boundary], padding: arguments[padding],
      memoryLimit: arguments.optional(memoryLimit), strip: pairs, spectra: spectra, say: { run.say($0) },
      explain: explain)
    let arrays = ArrayFilter(
      steps: steps, boundary: arguments[ImageFlags.boundary], padding: arguments[padding],
      memoryLimit: arguments.optional(memoryLimit), explain: explain)
    try run.requireResult(orElse: pairs != nil || spectra != nil)
    try run.forEachImage { input, stages in
      let rank = try ArrayRank.of(input, arguments)
      guard rank != 2 else { return try run.apply(edit, to: input, &stages) }
      let target = try run.arrayTarget(for: input, rank: rank, isDrawn: pairs != nil || spectra != nil)
      let array = try stages.measure("decode") { try AnyRankedArray(input, rank: rank, sizeLimit: run.sizeLimit) }
      try arrays.run(array, from: input, to: target, &stages)
    }
  }
}

extension ValueFormat<FilterPadding> {
  /// `automatic`, `full`, or pixels.
  static var filterPadding: Self {
    Self("automatic|full|N", example: "64") { text throws(ValueError) in
      switch text {
      case "automatic": return .automatic
      case "full": return .full
      default:
        guard let pixels = Int(text), (0...1 << 20).contains(pixels) else {
          throw ValueError(
            "must be automatic, full, or a number of pixels of at least 0\(hint(text, ["automatic", "full"]))")
        }
        return .pixels(pixels)
      }
    }
  }
}
