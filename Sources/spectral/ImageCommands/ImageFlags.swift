import SpectralKit

/// Flags that all commands on images share, in the sections in which their help shows them.
enum ImageFlags {
  // MARK: Pixels

  static let boundary = Flag(
    "--boundary", .boundary, default: Boundary.reflect.rawValue,
    "what lies beyond the border: zero; reflect dcba|abcd|dcba; mirror dcb|abcd|cba; replicate aaaa|abcd|dddd; circular "
      + "abcd|abcd|abcd, which pads nothing; or a number of its own, as in constant:0.5")
  static let linearLight = Flag(
    switch: "--linear-light",
    "compute with light, undoing sRGB's curve and redoing it at the end, as a lens would blur; else with stored values")
  static let luminance = Flag(
    switch: "--luminance",
    "change only the brightness of colour pictures (Y of YCbCr, Rec. 709), and keep their colours and transparency"
  )

  // MARK: Results

  static let output = Flag(
    "--output", short: "-o", .outputFile("FILE|DIR", example: "out.png"),
    "where the result goes: .png, .jpg, .pgm or .ppm for a picture, .npy for all digits; for several images a folder that "
      + "is there; may be the input; - is the standard output")
  static let format = Flag(
    "--format", .word(example: OutputFormat.jpg),
    "of the result, whatever its name says [by the name; on the standard output png, for an array npy]")
  static let bitDepth = Flag(
    "--bit-depth", .word(example: PictureDepth.sixteen),
    "bits of a picture's samples [as it came, an array 16, where the format can]")
  static let quality = Flag("--quality", .integer(1...100, example: 90), default: "95", "of a JPEG")
  static let show = Flag(
    switch: "--show",
    "draw the result on the terminal: by Kitty's or Sixel's graphics, in coloured half-blocks, or in plain letters, "
      + "whichever is the best that works")
  static let graphics = Flag(
    "--graphics", .word(example: TerminalGraphics.sixel), "how --show draws, instead of the best that works")

  /// Refuses 16 bits for files that have 8.
  static func checkDepth(_ arguments: Arguments, of paths: [String]) throws(UsageError) {
    guard arguments.optional(bitDepth) == .sixteen else { return }
    if let path = paths.first(where: { (try? ImageFormat(path: $0)) == .jpeg }) {
      throw UsageError("\(bitDepth.name) 16: a JPEG has 8 bits, and the result is \(path): write a PNG")
    }
  }

  // MARK: Computation

  static let sizeLimit = Flag(
    "--size-limit", .byteSize, default: "1GiB", "refuse an image that takes more memory than this once decoded")

  // MARK: Talk

  static let quiet = Flag(switch: "--quiet", "say nothing unless something is wrong")
  static let verbose = Flag(switch: "--verbose", "also say how long each stage took")

  /// How pixels are taken.
  static let pixels = Specification.Section("Pixels", [boundary, linearLight, luminance])
  /// Where images go.
  static let results = Specification.Section(
    "Results", [output, format, bitDepth, quality, CommonFlags.background, show, graphics])
  static let computation = Specification.Section("Computation", [sizeLimit, CommonFlags.strict, CommonFlags.threads])
  static let talk = Specification.Section("Talk", [quiet, verbose])

  /// What the help calls the operands.
  static let operands = "IMAGE..."
  static let operandCount = 1...Int.max

  /// What every image command's help says of its images.
  static let discussion = """
    Images are PNG, JPEG, PGM, PPM, or .npy arrays H x W or H x W x C; of a folder all images in it are taken, in the \
    order of their names. A picture's values run from 0 to 1, an array's are taken as they are. Colours count as much as \
    they are opaque, and transparency is filtered like them. PNG and JPEG keep the colour profile, Exif and resolution \
    that a picture came with. The image - is read from the standard input.
    """
}

/// The bits of a written sample.
enum PictureDepth: String, CaseIterable, Sendable {
  case eight = "8"
  case sixteen = "16"

  var bits: Int { Int(rawValue)! }
}
