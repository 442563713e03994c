import SpectralConvolution

/// A kernel of the library as command lines and requests call it.
package struct KernelName: Sendable {
  /// The name, and others that mean the same.
  package let names: [String]
  /// What follows the name and a colon, e.g. `LENGTH,ANGLE`; in brackets what may be left out.
  package let arguments: String
  /// What it does, with the units of its arguments, for the help.
  package let purpose: String
  /// One that works.
  package let example: String
  /// The kernel of arguments; nil if they are too many, too few, or no numbers.
  package let make: @Sendable ([String]) -> KernelShape?
  /// The same for signals, images or volumes; nil also where there is no such kernel with so many axes.
  private let pattern: @Sendable (_ parts: [String], _ rank: Int) -> KernelPattern?

  private init(
    names: [String], arguments: String, purpose: String, example: String,
    make: @escaping @Sendable ([String]) -> KernelShape?,
    pattern: @escaping @Sendable (_ parts: [String], _ rank: Int) -> KernelPattern? = { _, _ in nil }
  ) {
    (self.names, self.arguments, self.purpose, self.example) = (names, arguments, purpose, example)
    (self.make, self.pattern) = (make, pattern)
  }

  /// The name with its arguments, e.g. `motion:LENGTH,ANGLE`.
  package var usage: String { names[0] + (arguments.hasPrefix("[") ? "[:" + arguments.dropFirst() : ":" + arguments) }

  /// Arguments that make no kernel: what they must be, as the end of a sentence, and some that do.
  package struct Misuse: Error {
    package let problem: String
    package let example: String
  }

  /// Reads the arguments.
  ///
  /// - Throws: ``Misuse``.
  package func shape(_ text: String?) throws(Misuse) -> KernelShape {
    guard let shape = make(Self.parts(text)) else {
      throw Misuse(problem: "must be \(usage): \(purpose)", example: example)
    }
    do { try shape.check() } catch { throw Misuse(problem: "is \(usage); \(error)", example: example) }
    return shape
  }

  /// The kernel of these arguments with so many axes; nil if there is none.
  package func pattern(_ text: String?, rank: Int) -> KernelPattern? {
    pattern(Self.parts(text), rank).flatMap { $0.problem(rank: rank) == nil ? $0 : nil }
  }

  private static func parts(_ text: String?) -> [String] {
    text.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) } ?? []
  }

  /// All names.
  package static let all: [KernelName] = [
    KernelName(
      names: ["box"], arguments: "N|H,W", purpose: "the mean of N x N or H x W pixels", example: "box:5"
    ) { parts in
      let sides = parts.map { Int($0) }
      guard (1...2).contains(sides.count), let height = sides[0], let width = sides[sides.count - 1] else { return nil }
      return .box(Extent(height: height, width: width))
    } pattern: { parts, rank in
      let sides = parts.compactMap { Int($0) }
      return sides.count == parts.count && [1, rank].contains(sides.count) ? .box(sides: sides) : nil
    },
    KernelName(
      names: ["gaussian"], arguments: "SIGMA[,RADIUS]",
      purpose: "a bell of standard deviation SIGMA pixels, out to 3 SIGMA or RADIUS pixels", example: "gaussian:4"
    ) { parts in
      guard let (sigma, radius) = sigmaAndRadius(parts) else { return nil }
      return .gaussian(deviation: sigma, radius: radius)
    } pattern: { parts, rank in
      guard let numbers = numbers(parts, 1...rank + 1) else { return nil }
      switch numbers.count {
      case 1: return .gaussian(deviations: numbers)
      case rank where rank > 2: return .gaussian(deviations: numbers)
      case 2, rank + 1: return Int(parts.last!).map { .gaussian(deviations: numbers.dropLast(), radius: $0) }
      default: return nil
      }
    },
    KernelName(
      names: ["disk", "disc", "ball"], arguments: "DIAMETER",
      purpose: "the mean over a disk DIAMETER pixels across, a lens out "
        + "of focus", example: "disk:9"
    ) { parts in
      numbers(parts, 1...1).map { .disk(diameter: $0[0]) }
    } pattern: { parts, rank in
      rank == 1 ? nil : numbers(parts, 1...1).map { .ball(diameter: $0[0]) }
    },
    KernelName(
      names: ["motion"], arguments: "LENGTH,ANGLE",
      purpose: "the mean along a path of LENGTH pixels at ANGLE degrees", example: "motion:21,30"
    ) { parts in numbers(parts, 2...2).map { .motion(length: $0[0], angle: $0[1]) } },
    slope("sobel", "1 2 1") { .sobel($0) },
    slope("scharr", "3 10 3") { .scharr($0) },
    slope("prewitt", "1 1 1") { .prewitt($0) },
    KernelName(
      names: ["laplacian"], arguments: "[4|8]", purpose: "second differences over 4 neighbours (unless told) or 8",
      example: "laplacian:8"
    ) { parts in
      guard let count = parts.isEmpty ? 4 : parts.count == 1 ? Int(parts[0]) : nil else { return nil }
      return NeighborCount(rawValue: count).map { .laplacian(neighbors: $0) }
    },
    KernelName(
      names: ["log"], arguments: "SIGMA[,RADIUS]",
      purpose: "the Laplacian of a Gaussian of SIGMA pixels, out to 4 SIGMA or RADIUS pixels", example: "log:2"
    ) { parts in
      guard let (sigma, radius) = sigmaAndRadius(parts) else { return nil }
      return .laplacianOfGaussian(deviation: sigma, radius: radius)
    },
    KernelName(
      names: ["sharpen"], arguments: "[AMOUNT]", purpose: "the picture less AMOUNT (1) times its Laplacian",
      example: "sharpen:0.5"
    ) { parts in numbers(parts, 0...1).map { .sharpen(amount: $0.first ?? 1) } },
    KernelName(
      names: ["emboss"], arguments: "[ANGLE]",
      purpose: "brightness as height, with light from ANGLE degrees (135, the upper left)", example: "emboss:90"
    ) { parts in numbers(parts, 0...1).map { .emboss(lightAngle: $0.first ?? 135) } },
    KernelName(
      names: ["gabor"], arguments: "WAVELENGTH,ANGLE[,SIGMA[,PHASE[,ASPECT]]]",
      purpose:
        "a wave of WAVELENGTH pixels that runs at ANGLE degrees, under a bell of SIGMA pixels (0.56 WAVELENGTH), "
        + "moved by PHASE degrees (0), SIGMA/ASPECT long across (ASPECT 1)", example: "gabor:8,30"
    ) { parts in
      numbers(parts, 2...5).map {
        .gabor(
          wavelength: $0[0], angle: $0[1], deviation: $0.count > 2 ? $0[2] : nil, phase: $0.count > 3 ? $0[3] : 0,
          aspect: $0.count > 4 ? $0[4] : 1)
      }
    },
    KernelName(
      names: ["random"], arguments: "N[,SEED]", purpose: "N x N normal numbers divided by N", example: "random:15"
    ) { parts in
      guard (1...2).contains(parts.count), let side = Int(parts[0]), let seed = UInt64(parts.count > 1 ? parts[1] : "1")
      else { return nil }
      return .random(side: side, seed: seed)
    },
  ]

  private static func slope(
    _ name: String, _ across: String, _ make: @escaping @Sendable (ImageAxis) -> KernelShape
  ) -> KernelName {
    KernelName(
      names: [name], arguments: "x|y",
      purpose: "the slope to the right (x) or downwards (y), smoothed across by \(across)",
      example: "\(name):x"
    ) { parts in parts.count == 1 ? ImageAxis(rawValue: parts[0]).map(make) : nil }
  }

  private static func numbers(_ parts: [String], _ count: ClosedRange<Int>) -> [Double]? {
    let numbers = parts.compactMap { Double($0) }
    return numbers.count == parts.count && count.contains(numbers.count) ? numbers : nil
  }

  private static func sigmaAndRadius(_ parts: [String]) -> (Double, Int?)? {
    guard (1...2).contains(parts.count), let sigma = Double(parts[0]) else { return nil }
    if parts.count == 1 { return (sigma, nil) }
    return Int(parts[1]).map { (sigma, $0) }
  }
}
