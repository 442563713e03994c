import SpectralConvolution
import SpectralCore

extension KernelShape {
  /// What a kernel may take unless the caller says otherwise: 256 MiB, 5,792 x 5,792 taps.
  public static let usualBudget = MemoryBudget(fixed: 256 << 20)

  /// Whether there is such a kernel, whatever its size.
  ///
  /// - Throws: ``KernelError`` with the remedy.
  public func check() throws(KernelError) {
    if let problem { throw KernelError(problem) }
  }

  /// Whether there is such a kernel, and memory for its taps.
  ///
  /// - Parameters:
  ///   - bytesPerTap: Those of a number in double precision, unless there are copies.
  ///   - others: What else is held while there is the kernel.
  /// - Throws: ``KernelError`` or `MemoryError` with the remedy.
  public func check(
    within budget: MemoryBudget, bytesPerTap: Int = MemoryLayout<Double>.stride,
    beside others: MemoryEstimate = MemoryEstimate()
  ) throws {
    try check()
    let (height, width) = sides
    func text(_ side: Double) -> String { side < 0x1p53 ? "\(Int(side))" : "\(side)" }
    try budget.require(
      memory(bytesPerTap: bytesPerTap) + others, for: "a kernel of \(text(height)) x \(text(width)) taps",
      remedy: "take a smaller kernel")
  }

  /// The bytes of the taps.
  ///
  /// - Parameter bytesPerTap: Those of a number in double precision, unless there are copies.
  public func memory(bytesPerTap: Int = MemoryLayout<Double>.stride) -> MemoryEstimate {
    let (height, width) = sides
    // No side of this length has a product that an estimate could hold.
    func whole(_ side: Double) -> Int { side < 0x1p62 ? Int(side) : .max }
    return MemoryEstimate([whole(height), whole(width)], scalarBytes: bytesPerTap)
  }

  /// The size of the kernel in taps.
  ///
  /// - Precondition: ``check(within:bytesPerTap:beside:)`` throws nothing.
  public var extent: Extent { Extent(height: Int(sides.height), width: Int(sides.width)) }

  /// What is wrong with the numbers; nil if nothing is.
  private var problem: String? {
    func above(_ name: String, _ value: Double?, _ unit: String = " pixels") -> String? {
      guard let value else { return nil }
      guard value > 0 && value.isFinite else { return "the \(name) must be above 0\(unit), not \(value)" }
      return value >= 1e-9 ? nil : "the \(name) must be at least 1e-9\(unit), not \(value)"
    }
    // For numbers with which the size of the kernel does not grow: taps take their fourth power, which 1e15 leaves finite.
    func bounded(_ name: String, _ value: Double?, _ unit: String = " pixels") -> String? {
      if let problem = above(name, value, unit) { return problem }
      return value ?? 1 <= 1e15 ? nil : "the \(name) must be at most 1e15\(unit), not \(value!)"
    }
    func finite(_ name: String, _ value: Double) -> String? {
      value.isFinite ? nil : "the \(name) must be a number, not \(value)"
    }
    func notNegative(_ radius: Int?) -> String? {
      radius.map { $0 >= 0 && $0 < 1 << 40 } ?? true ? nil : "the radius must be 0 pixels or more, not \(radius!)"
    }
    switch self {
    case .box(let extent):
      return extent.height > 0 && extent.width > 0 ? nil : "a box has at least 1 x 1 taps, not \(extent)"
    case .gaussian(let deviation, let radius), .laplacianOfGaussian(let deviation, let radius):
      return (radius == nil ? above : bounded)("standard deviation", deviation, " pixels") ?? notNegative(radius)
    case .disk(let diameter): return above("diameter", diameter)
    case .motion(let length, let angle): return above("length", length) ?? finite("angle", angle)
    case .sobel, .scharr, .prewitt, .laplacian: return nil
    case .sharpen(let amount): return finite("amount", amount)
    case .emboss(let angle): return finite("angle", angle)
    case .gabor(let wavelength, let angle, let deviation, let phase, let aspect, let radius):
      if wavelength < 2 {
        return "the wavelength must be at least 2 pixels, half a cycle per pixel, not \(wavelength)"
      }
      return bounded("wavelength", wavelength) ?? finite("angle", angle) ?? bounded("standard deviation", deviation)
        ?? finite("phase", phase) ?? bounded("aspect", aspect, "") ?? notNegative(radius)
    case .random(let side, _): return side > 0 ? nil : "the side must be at least 1 pixel, not \(side)"
    }
  }

  /// Rows and columns, as numbers that cannot overflow.
  private var sides: (height: Double, width: Double) {
    func square(_ radius: Double) -> (Double, Double) { (2 * radius + 1, 2 * radius + 1) }
    switch self {
    case .box(let extent): return (Double(extent.height), Double(extent.width))
    case .gaussian(let deviation, let radius):
      return square(radius.map { Double($0) } ?? (3 * deviation).rounded(.up))
    case .laplacianOfGaussian(let deviation, let radius):
      return square(radius.map { Double($0) } ?? (4 * deviation).rounded(.up))
    case .disk(let diameter): return square(Self.reach(diameter / 2))
    case .motion(let length, let angle):
      let direction = Direction(degrees: angle)
      return (
        2 * Self.reach(length / 2 * abs(direction.y)) + 1, 2 * Self.reach(length / 2 * abs(direction.x)) + 1
      )
    case .sobel, .scharr, .prewitt, .laplacian, .sharpen, .emboss: return (3, 3)
    case .gabor(let wavelength, let angle, let deviation, _, let aspect, let radius):
      if let radius { return square(Double(radius)) }
      // The box around the ellipse of three standard deviations.
      let (direction, along) = (Direction(degrees: angle), deviation ?? 0.56 * wavelength)
      let across = along / aspect
      func side(_ a: Double, _ b: Double) -> Double {
        2 * Self.roundedUp(3 * (a * a * along * along + b * b * across * across).squareRoot()) + 1
      }
      return (side(direction.y, direction.x), side(direction.x, direction.y))
    case .random(let side, _): return (Double(side), Double(side))
    }
  }

  /// How many pixels from the centre's the pixel is in which something ends, so far from the centre.
  private static func reach(_ distance: Double) -> Double { max(0, roundedUp(distance - 0.5)) }

  /// The next whole number, where rounding in what came before does not add one.
  private static func roundedUp(_ distance: Double) -> Double { (distance * (1 - 0x1p-46)).rounded(.up) }
}
