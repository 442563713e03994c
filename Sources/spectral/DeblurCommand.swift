import Foundation
import SpectralKit
import SpectralCore

/// `spectral deblur`: undoes a blur that is known.
enum DeblurCommand: Subcommand {
  fileprivate enum Algorithm: String, CaseIterable, Sendable {
    case wiener, inverse
    case richardsonLucy = "richardson-lucy"
  }

  /// How strong the noise is.
  fileprivate enum Noise: Hashable, Sendable {
    case automatic
    case deviation(Double)
    case ratio(Double)
  }

  private static let psf = Flag(
    "--psf", .pointSpread, isRequired: true,
    "what the blur made of a point: motion:LENGTH,ANGLE (pixels; degrees, counter-clockwise from the right), "
      + "disk:DIAMETER, gaussian:SIGMA, box:SIDE (pixels), or a file, an array or the picture of a bright point")
  private static let algorithm = Flag(
    "--algorithm", .word(example: Algorithm.richardsonLucy), default: Algorithm.wiener.rawValue,
    "wiener weighs each frequency by how much of it is signal; inverse divides, for images without noise; "
      + "richardson-lucy multiplies towards the likeliest light, never below 0")
  fileprivate static let noise = Flag(
    "--noise", noiseFormat, default: "auto",
    "for wiener, the deviation of the noise in the units of pixels, estimated with auto; it is corrected, and said so, "
      + "where it contradicts the picture; or ratio:R for one ratio of noise to signal at all frequencies, followed as it is"
  )
  private static let floor = Flag(
    "--floor", .positive(example: 0.05),
    "for inverse, the least response that is divided by, up to 1 [0.05: no wave grows more than twentyfold]")
  private static let iterations = Flag(
    "--iterations", .integer(1...100_000, example: 50), "for richardson-lucy, how often the estimate is improved [30]")
  private static let damping = Flag(
    "--damping", .positive(example: 0.01),
    "for richardson-lucy, the deviation of the noise in the units of pixels: what differs by less is left alone [none]")
  private static let boundary = Flag(
    "--boundary", .goingOn, default: Boundary.reflect.rawValue,
    "what the extension beyond the border begins with; wiener goes on to what fits the picture, richardson-lucy assumes "
      + "nothing but zero or circular; circular extends nothing, for images blurred by a program")
  private static let memoryLimit = Flag(
    "--memory-limit", .byteSize,
    "refuse a restoration that takes more working memory beside its images [half of the machine's]")
  private static let beforeAfter = Flag(
    "--before-after", .outputFile("FILE|DIR", example: "both.png"), "also write the image and the result side by side")

  private static var noiseFormat: ValueFormat<Noise> {
    ValueFormat("auto|X|ratio:X", example: "0.01") { text throws(ValueError) in
      if text == "auto" { return .automatic }
      if text.hasPrefix("ratio:") {
        guard let ratio = Double(text.dropFirst(6)), ratio > 0, ratio.isFinite else {
          throw ValueError("must have a ratio above 0, as in ratio:0.01")
        }
        return .ratio(ratio)
      }
      guard let deviation = Double(text), deviation >= 0, deviation.isFinite else {
        throw ValueError("must be auto, a deviation of at least 0, or ratio:R")
      }
      return .deviation(deviation)
    }
  }

  static let specification = Specification(
    name: "deblur", summary: "undo a blur that is known: Wiener, inverse, Richardson-Lucy",
    discussion: """
      Restores images that were blurred by a known point-spread function, as by a camera that moved or a lens out of \
      focus. What lay beyond the border is estimated along, so that the border does not ring. \(ImageFlags.discussion)
      """,
    operands: ImageFlags.operands, operandsAreInputs: true, operandCount: ImageFlags.operandCount,
    sections: [
      .init("Task", [psf, algorithm, noise, floor, iterations, damping]),
      .init("Pixels", [boundary, ImageFlags.linearLight, ImageFlags.luminance]),
      .init("Results", ImageFlags.results.flags + [beforeAfter]),
      .init("Computation", ImageFlags.computation.flags + [memoryLimit]),
      ImageFlags.talk,
    ],
    examples: [
      .init("spectral deblur blurred.png -o sharp.png --psf motion:21,30", "A camera that moved by 21 pixels."),
      .init(
        "spectral deblur stars.npy -o out.npy --psf gaussian:2 --algorithm richardson-lucy --iterations 50",
        "Light that is never negative."),
      .init(
        "spectral deblur photo.jpg -o out.jpg --psf disk:7 --noise 0.02 --luminance --before-after both.png",
        "Out of focus, with more noise than was found."),
    ])

  static func run(_ arguments: Arguments) throws {
    let chosen = arguments[algorithm]
    for (given, name, owner) in [
      (arguments.has(noise), noise.name, Algorithm.wiener), (arguments.has(floor), floor.name, .inverse),
      (arguments.has(iterations), iterations.name, .richardsonLucy),
      (arguments.has(damping), damping.name, .richardsonLucy),
    ] where given && owner != chosen {
      throw UsageError(
        "\(name) is for \(algorithm.name) \(owner.rawValue), this is \(chosen.rawValue): leave it away, or change the algorithm"
      )
    }
    if let least = arguments.optional(floor), least > 1 {
      throw UsageError("\(floor.name) must be at most 1, not \(least): e.g. \(floor.example)")
    }
    let run = try ImageRun(arguments)
    let both = try run.place(beforeAfter)
    let blur = try arguments[psf].pointSpread(FileWarnings(arguments))
    try run.requireDistinct(both)
    Interruption.watch()
    try run.apply(
      Deblur(
        run: run, blur: blur, algorithm: chosen, noise: arguments[noise],
        floor: arguments.optional(floor) ?? 0.05,
        iterations: arguments.optional(iterations) ?? 30, damping: arguments.optional(damping),
        boundary: arguments[boundary],
        memoryLimit: arguments.optional(memoryLimit) ?? MachineMemory.physical / 2,
        memoryFlag: memoryLimit.name, strip: both),
      leavesOthers: both != nil)
  }
}

/// The restoration of one image after the other.
private struct Deblur: ImageEdit {
  let run: ImageRun
  let blur: PointSpread<Double>
  let algorithm: DeblurCommand.Algorithm
  let noise: DeblurCommand.Noise
  let floor: Double
  let iterations: Int
  let damping: Double?
  let boundary: Boundary
  let memoryLimit: Int
  let memoryFlag: String
  let strip: OutputPlace?

  func edited<Scalar: AnyMethodScalar>(
    _ image: ImagePlanes<Scalar>, name: String, stages: inout StageTimes
  ) throws -> ImagePlanes<Scalar> {
    do {
      let method = try method(Scalar.self)
      let extent = Extent(height: image.height, width: image.width)
      try ImageMemory(name: name, shape: image.planes.shape, scalarBytes: MemoryLayout<Scalar>.stride).require(
        MemoryEstimate(bytes: method.estimatedBytes(image: extent)), for: "deblurring")
      let result = try stages.measure(algorithm.rawValue) {
        try image.filtered { try method($0) { try show($0, name) } }
      }
      sayHow(method, image.premultiplied.planes, name)
      return result
    } catch let error as RestorationError {
      let flag = error.description.contains("limit") ? "\(memoryFlag): " : ""
      throw FileError(name, flag + error.description)
    }
  }

  private func method<Scalar: FourierScalar>(_: Scalar.Type) throws -> any Deconvolution<Scalar> {
    let blur = try PointSpread<Scalar>(blur.kernel.converted())
    switch algorithm {
    case .inverse:
      return try InverseFilter(blur, floor: floor, boundary: boundary, memoryLimit: memoryLimit)
    case .richardsonLucy:
      return try RichardsonLucy(
        blur, iterations: iterations, damping: damping, boundary: boundary, memoryLimit: memoryLimit)
    case .wiener:
      let strength: WienerFilter<Scalar>.Noise =
        switch noise {
        case .automatic: .estimated
        case .deviation(let deviation): .deviation(deviation)
        case .ratio(let ratio): .ratio(ratio)
        }
      return try WienerFilter(blur, noise: strength, boundary: boundary, memoryLimit: memoryLimit)
    }
  }

  private func sayHow<Scalar: AnyMethodScalar>(
    _ method: some Deconvolution<Scalar>, _ planes: Tensor<Scalar>, _ name: String
  ) {
    let image = Extent(height: planes.shape[1], width: planes.shape[2])
    if let wiener = method as? WienerFilter<Scalar>, noise != .automatic || run.arguments[ImageFlags.verbose] {
      sayNoise(
        (0..<planes.shape[0]).compactMap {
          wiener.noise(in: planes.rows($0..<$0 + 1).reshaped(to: [image.height, image.width]))
        }, name)
    }
    guard run.arguments[ImageFlags.verbose] else { return }
    let bytes = ByteCount(method.estimatedBytes(image: image))
    run.say("\(name): PSF of \(method.pointSpread.extent) pixels, \(bytes) of working memory")
  }

  /// Says what was taken for the noise, if it was not told or was told wrongly.
  private func sayNoise(_ deviations: [Double], _ name: String) {
    guard !deviations.isEmpty else { return }
    let list = deviations.map { significant($0) }.joined(separator: ", ")
    guard case .deviation(let told) = noise else {
      return run.say("\(name): noise found: deviation \(list) in the units of pixels")
    }
    // What is told of all planes is too little for some, too much for others, or right.
    if deviations.contains(where: { $0 > told }) {
      run.say(
        "\(name): \(DeblurCommand.noise.name) \(significant(told)) is less than the picture's own noise, and "
          + "\(list) was taken")
    } else if deviations.contains(where: { $0 < told && told <= 1.25 * $0 }) {
      run.say(
        "\(name): \(DeblurCommand.noise.name) \(significant(told)) agrees with the picture's own noise, and \(list) was taken"
      )
    } else if deviations.contains(where: { $0 < told }) {
      run.say(
        "\(name): \(DeblurCommand.noise.name) \(significant(told)) would leave the result no better than the picture, "
          + "and \(list) was taken")
    }
  }

  /// The bar of a single image; of several, ``ImageRun`` shows one that counts images. Also where a signal is noticed.
  private func show(_ progress: RestorationProgress, _ name: String) throws {
    if let signal = Interruption.pending {
      if run.showsBarWithin { ProgressBar.clear() }
      throw Interruption(signal: signal, description: "interrupted; \(name) was not written")
    }
    guard run.showsBarWithin else { return }
    let residual = progress.residual.map { ", residual \(significant($0))" } ?? ""
    ProgressBar.show(
      algorithm.rawValue, fraction: progress.fraction, "step \(progress.step)/\(progress.steps)\(residual)")
    if progress.fraction == 1 { ProgressBar.clear() }
  }

  func finish<Scalar: AnyMethodScalar>(
    _ before: ImagePlanes<Scalar>, _ after: ImagePlanes<Scalar>, input: String, stages: inout StageTimes
  ) throws {
    guard let path = strip?.path(for: input) else { return }
    try stages.measure("before and after") {
      try PictureStrip.row([RasterImage(shown: before), RasterImage(shown: after)]).write(to: path)
    }
  }
}

extension ValueFormat<Boundary> {
  /// A boundary that says how a picture goes on, which a restoration has to know: a number of its own does not.
  fileprivate static var goingOn: Self {
    let words = Boundary.allCases.map(\.rawValue)
    return Self(words.joined(separator: "|"), example: Boundary.mirror.rawValue) { text throws(ValueError) in
      switch Boundary(rawValue: text) {
      case .constant:
        throw ValueError(
          "must say how the picture goes on beyond its border, for the blur has brought some of that into it, and a number does "
            + "not: take one of \(words.joined(separator: ", "))")
      case let boundary?: return boundary
      case nil: throw ValueError("must be one of \(words.joined(separator: ", "))\(hint(text, words))")
      }
    }
  }
}
