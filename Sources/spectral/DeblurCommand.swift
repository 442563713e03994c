import Foundation
import SpectralKit

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
  private static let noise = Flag(
    "--noise", noiseFormat, default: "auto",
    "for wiener, the deviation of the noise in the units of pixels, estimated with auto, or ratio:R for one ratio of "
      + "noise to signal at all frequencies")
  private static let floor = Flag(
    "--floor", .positive(example: 0.05),
    "for inverse, the least response that is divided by, up to 1 [0.05: no wave grows more than twentyfold]")
  private static let iterations = Flag(
    "--iterations", .integer(1...100_000, example: 50), "for richardson-lucy, how often the estimate is improved [30]")
  private static let damping = Flag(
    "--damping", .positive(example: 0.01),
    "for richardson-lucy, the deviation of the noise in the units of pixels: what differs by less is left alone [none]")
  private static let boundary = Flag(
    "--boundary", .word(example: Boundary.mirror), default: Boundary.reflect.rawValue,
    "what the extension beyond the border begins with; wiener goes on to what fits the picture, richardson-lucy assumes "
      + "nothing but zero or circular; circular extends nothing, for images blurred by a program")
  private static let memoryLimit = Flag(
    "--memory-limit", .byteSize,
    "refuse a restoration that takes more working memory beside its images [half of the machine's]")
  private static let beforeAfter = Flag(
    "--before-after", .text("FILE|DIR", example: "both.png"), "also write the image and the result side by side")

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
    operands: ImageFlags.operands, operandCount: ImageFlags.operandCount,
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
    Interruption.watch()
    try run.apply(
      Deblur(
        run: run, source: arguments[psf], algorithm: chosen, noise: arguments[noise],
        floor: arguments.optional(floor) ?? 0.05,
        iterations: arguments.optional(iterations) ?? 30, damping: arguments.optional(damping),
        boundary: arguments[boundary],
        memoryLimit: arguments.optional(memoryLimit) ?? Int(clamping: ProcessInfo.processInfo.physicalMemory / 2),
        memoryFlag: memoryLimit.name, both: both),
      leavesOthers: both != nil)
  }
}

/// The restoration of one image after the other.
private struct Deblur: ImageEdit {
  let run: ImageRun
  let source: PointSpreadSource
  let algorithm: DeblurCommand.Algorithm
  let noise: DeblurCommand.Noise
  let floor: Double
  let iterations: Int
  let damping: Double?
  let boundary: Boundary
  let memoryLimit: Int
  let memoryFlag: String
  let both: OutputPlace?

  func edited<Scalar: AnyMethodScalar>(
    _ planes: Tensor<Scalar>, name: String, stages: inout StageTimes
  ) throws -> Tensor<Scalar> {
    do {
      let method = try method(Scalar.self)
      let result = try stages.measure(algorithm.rawValue) { try method(planes) { try show($0, name) } }
      sayHow(method, planes, name)
      return result
    } catch let error as RestorationError {
      let flag = error.description.contains("limit") ? "\(memoryFlag): " : ""
      throw FileError(name, flag + error.description)
    }
  }

  private func method<Scalar: FourierScalar>(_: Scalar.Type) throws -> any Deconvolution<Scalar> {
    let blur = try source.pointSpread(Scalar.self)
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
    guard run.arguments[ImageFlags.verbose] else { return }
    let image = Extent(height: planes.shape[1], width: planes.shape[2])
    let bytes = ByteCount(method.estimatedBytes(image: image))
    var text = "\(name): PSF of \(method.pointSpread.extent) pixels, \(bytes) of working memory"
    if algorithm == .wiener && noise == .automatic {
      let deviations = (0..<planes.shape[0]).map { plane in
        significant(
          NoiseEstimate.deviation(
            of: planes.rows(plane..<plane + 1).reshaped(to: [image.height, image.width])))
      }
      text += ", noise found: deviation \(deviations.joined(separator: ", ")) in the units of pixels"
    }
    run.say(text)
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
    guard let path = both?.path(for: input) else { return }
    try stages.measure("before and after") {
      try PictureStrip.row([Image(shown: before), Image(shown: after)]).write(to: path)
    }
  }
}
