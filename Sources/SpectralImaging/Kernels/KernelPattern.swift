import Foundation
import SpectralCore

/// Kernels that exist for signals, images and volumes alike: see ``KernelShape`` for all those of images.
///
/// All are even and have sum 1. Lengths are in samples, pixels or voxels.
public enum KernelPattern: Hashable, Sendable {
  /// The mean over a box: a side for each axis, or one that stands for all.
  case box(sides: [Int])

  /// A bell, `exp(-Σ x² / (2 σ²))`: a standard deviation for each axis, or one that stands for all. It reaches 3 σ, rounded
  /// up, along each axis, or as far as `radius`.
  case gaussian(deviations: [Double], radius: Int? = nil)

  /// The mean over a disk or a ball: each tap is the share of its pixel or voxel that lies inside.
  case ball(diameter: Double)

  /// Whether there is such a kernel with so many axes, and memory for its taps.
  ///
  /// - Parameters:
  ///   - rank: The axes, 1 to 3.
  ///   - bytesPerTap: Those of a number in double precision, unless there are copies.
  ///   - others: What else is held while there is the kernel.
  /// - Throws: ``KernelError`` or `MemoryError` with the remedy.
  public func check(
    rank: Int, within budget: MemoryBudget = KernelShape.usualBudget, bytesPerTap: Int = MemoryLayout<Double>.stride,
    beside others: MemoryEstimate = MemoryEstimate()
  ) throws {
    if let problem = problem(rank: rank) { throw KernelError(problem) }
    let lengths = lengths(rank: rank)
    func text(_ length: Double) -> String { length < 0x1p53 ? "\(Int(length))" : "\(length)" }
    // No length beyond this has a product that an estimate could hold.
    let taps = lengths.map { $0 < 0x1p62 ? Int($0) : .max }
    try budget.require(
      MemoryEstimate(taps, scalarBytes: bytesPerTap) + others,
      for: "a kernel of \(lengths.map(text).joined(separator: " x ")) taps", remedy: "take a smaller kernel")
  }

  /// What is wrong with the numbers; nil if nothing is.
  package func problem(rank: Int) -> String? {
    func above(_ name: String, _ value: Double) -> String? {
      value >= 1e-9 && value.isFinite ? nil : "the \(name) must be at least 1e-9 pixels, not \(value)"
    }
    func fits(_ count: Int, _ what: String) -> String? {
      count == 1 || count == rank
        ? nil : "\(count) \(what) do not fit \(rank) ax\(rank == 1 ? "i" : "e")s: give one, or \(rank)"
    }
    switch self {
    case .box(let sides):
      return fits(sides.count, "sides")
        ?? sides.first { $0 < 1 }.map { "the sides of a box are at least 1, not \($0)" }
    case .gaussian(let deviations, let radius):
      if let radius, !(0..<1 << 40).contains(radius) { return "the radius must be 0 pixels or more, not \(radius)" }
      return fits(deviations.count, "standard deviations")
        ?? deviations.lazy.compactMap { above("standard deviation", $0) }.first
    case .ball(let diameter):
      return rank == 1 ? "of a signal it is a box: take box:N" : above("diameter", diameter)
    }
  }

  /// The taps along each axis, as numbers that cannot overflow.
  private func lengths(rank: Int) -> [Double] {
    switch self {
    case .box(let sides): (0..<rank).map { Double(sides[$0 % sides.count]) }
    case .gaussian(let deviations, let radius):
      (0..<rank).map { 2 * (radius.map(Double.init) ?? (3 * deviations[$0 % deviations.count]).rounded(.up)) + 1 }
    case .ball(let diameter): Array(repeating: 2 * max(0, (diameter / 2 - 0.5).rounded(.up)) + 1, count: rank)
    }
  }

  /// The taps, `[kL]`, `[kH, kW]` or `[kD, kH, kW]`.
  ///
  /// - Precondition: ``check(rank:within:bytesPerTap:beside:)`` throws nothing.
  public func taps(rank: Int) -> Tensor<Double> {
    if let problem = problem(rank: rank) { preconditionFailure(problem) }
    let extents = lengths(rank: rank).map { Int($0) }
    var taps = Tensor<Double>(TensorShape(extents), repeating: 1)
    switch self {
    case .box: break
    case .gaussian(let deviations, _):
      let bells = (0..<rank).map { axis in
        let deviation = deviations[axis % deviations.count]
        return (0..<extents[axis]).map { place in
          let distance = Double(place - extents[axis] / 2)
          return exp(-distance * distance / (2 * deviation * deviation))
        }
      }
      Self.fill(&taps) { index in index.enumerated().reduce(1) { $0 * bells[$1.offset][$1.element] } }
    case .ball(let diameter):
      let radius = diameter / 2
      // The same in all octants: only places that are not negative are computed.
      let shares = Self.shares(radius: radius, side: extents[0] / 2 + 1, rank: rank)
      let (middle, side) = (extents[0] / 2, extents[0] / 2 + 1)
      Self.fill(&taps) { index in shares[index.reduce(0) { $0 * side + abs($1 - middle) }] }
    }
    let sum = taps.sum
    taps.withUnsafeMutableElements { taps in for i in taps.indices { taps[i] /= sum } }
    return taps
  }

  private static func fill(_ taps: inout Tensor<Double>, _ value: ([Int]) -> Double) {
    let extents = taps.shape.extents
    var index = [Int](repeating: 0, count: extents.count)
    taps.withUnsafeMutableElements { taps in
      for place in taps.indices {
        taps[place] = value(index)
        var axis = extents.count - 1
        while axis >= 0 {
          index[axis] += 1
          if index[axis] < extents[axis] { break }
          index[axis] = 0
          axis -= 1
        }
      }
    }
  }

  /// The shares of pixels or voxels that lie in a disk or ball around the middle of the first, at places from 0 to
  /// `side - 1` along each axis.
  private static func shares(radius: Double, side: Int, rank: Int) -> [Double] {
    let count = rank == 2 ? side * side : side * side * side
    return (0..<count).map { place in
      let (column, row) = (place % side, place / side % side)
      if rank == 2 { return DiskCoverage(radius: radius).area(ofPixel: Double(column), Double(row)) }
      let sorted = [column, row, place / side / side].sorted()
      return BallCoverage(radius: radius).volume(ofVoxel: Double(sorted[0]), Double(sorted[1]), Double(sorted[2]))
    }
  }
}

/// How much of a voxel a ball around the centre of voxel (0, 0, 0) covers, to some twelve digits.
struct BallCoverage {
  let radius: Double

  /// The volume of the ball inside the unit cube around a place with 0 ≤ x ≤ y ≤ z.
  func volume(ofVoxel x: Double, _ y: Double, _ z: Double) -> Double {
    func norm(_ offset: Double) -> Double {
      (square(max(0, x + offset)) + square(max(0, y + offset)) + square(max(0, z + offset))).squareRoot()
    }
    if norm(0.5) <= radius { return 1 }
    if norm(-0.5) >= radius { return 0 }
    // Slices across z are disks, whose areas are exact. Their area as a function of z has a kink wherever the circle passes
    // an edge or a corner of the pixel, and between those it is smooth but for square roots at the ends.
    let (bottom, top) = (z - 0.5, z + 0.5)
    let (x0, x1, y0, y1) = (abs(x - 0.5), x + 0.5, abs(y - 0.5), y + 0.5)
    let distances = [
      x0 * x0, x1 * x1, y0 * y0, y1 * y1, x0 * x0 + y0 * y0, x0 * x0 + y1 * y1, x1 * x1 + y0 * y0, x1 * x1 + y1 * y1, 0,
    ]
    let heights = distances.map { max(0, radius * radius - $0).squareRoot() }
    let kinks = (heights + heights.map { -$0 }).filter { bottom < $0 && $0 < top }
    let ends = ([bottom, top] + kinks).sorted()
    return zip(ends, ends.dropFirst()).reduce(0) { $0 + integral(from: $1.0, to: $1.1, x, y) }
  }

  private func square(_ x: Double) -> Double { x * x }

  /// The integral of the slices' areas by tanh-sinh quadrature, which square roots at the ends do not harm.
  private func integral(from a: Double, to b: Double, _ x: Double, _ y: Double) -> Double {
    guard b - a > 1e-15 else { return 0 }
    let (middle, half, step) = ((a + b) / 2, (b - a) / 2, 0.125)
    return (-28...28).reduce(0) { sum, k in
      let t = Double(k) * step
      let u = Double.pi / 2 * sinh(t)
      let weight = Double.pi / 2 * cosh(t) / square(cosh(u))
      let z = middle + half * tanh(u)
      let slice = DiskCoverage(radius: max(0, radius * radius - z * z).squareRoot())
      return sum + weight * slice.area(ofPixel: x, y)
    } * step * half
  }
}
