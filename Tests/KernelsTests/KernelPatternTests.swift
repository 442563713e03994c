import Foundation
import SpectralConvolution
import SpectralCore
import SpectralImaging
import TestSupport
import Testing

/// Kernels of one, two and three axes.
@Suite struct KernelPatternTests {
  /// With two axes they are the kernels of images.
  @Test func withTwoAxesTheyAreTheKernelsOfImages() {
    let pairs: [(KernelPattern, KernelShape)] = [
      (.box(sides: [3]), .box(3)), (.box(sides: [2, 5]), .box(Extent(height: 2, width: 5))),
      (.gaussian(deviations: [1.7]), .gaussian(deviation: 1.7)),
      (.gaussian(deviations: [2], radius: 3), .gaussian(deviation: 2, radius: 3)),
      (.ball(diameter: 7.3), .disk(diameter: 7.3)), (.ball(diameter: 1), .disk(diameter: 1)),
    ]
    for (pattern, shape) in pairs {
      let (taps, expected) = (pattern.taps(rank: 2), Kernel(shape).taps)
      // A product, a sum of at most 121 terms and a division on either side.
      #expect(taps.shape == expected.shape && largestDifference(taps, expected) < 1e-15, "\(pattern)")
    }
  }

  /// A bell is the product of bells along its axes, each with its own deviation.
  @Test func aBellIsAProductOfBells() {
    let taps = KernelPattern.gaussian(deviations: [1, 2, 0.5]).taps(rank: 3)
    #expect(taps.shape == [7, 13, 5])
    let lines = [1, 2, 0.5].map { KernelPattern.gaussian(deviations: [$0]).taps(rank: 1) }
    for z in 0..<7 {
      for y in 0..<13 {
        for x in 0..<5 { #expect(abs(taps[z, y, x] - lines[0][z] * lines[1][y] * lines[2][x]) < 1e-16) }
      }
    }
  }

  /// The shares of all voxels add up to the ball's volume, so a voxel that lies inside has a tap of its inverse.
  @Test(arguments: [1.8, 3, 3.6, 5, 7.25, 12.9])
  func theSharesOfABallAddUpToItsVolume(_ diameter: Double) {
    let taps = KernelPattern.ball(diameter: diameter).taps(rank: 3)
    let middle = taps.shape[0] / 2
    #expect(abs(taps.sum - 1) < 1e-13)
    #expect(abs(1 / taps[middle, middle, middle] / (.pi * pow(diameter, 3) / 6) - 1) < 1e-9)
    // The same along all axes and in both directions.
    let side = taps.shape[0]
    for place in 0..<taps.count {
      let (z, y, x) = (place / side / side, place / side % side, place % side)
      #expect(taps[z, y, x] == taps[x, z, y] && taps[z, y, x] == taps[side - 1 - z, y, x])
    }
  }

  @Test func aSmallBallIsASingleTap() {
    #expect(KernelPattern.ball(diameter: 1).taps(rank: 3) == Tensor([1, 1, 1], [1]))
    #expect(KernelPattern.ball(diameter: 0.1).taps(rank: 3) == Tensor([1, 1, 1], [1]))
  }

  @Test(arguments: [
    (KernelPattern.box(sides: [3, 3]), 3, "2 sides do not fit 3 axes"), (.box(sides: [0]), 1, "at least 1"),
    (.gaussian(deviations: [1, 2]), 1, "do not fit 1 axis"), (.gaussian(deviations: [-1]), 3, "standard deviation"),
    (.gaussian(deviations: [1], radius: -1), 3, "radius"), (.ball(diameter: 3), 1, "box:N"),
    (.ball(diameter: .nan), 3, "diameter"),
  ])
  func kernelsThatCannotBe(_ pattern: KernelPattern, _ rank: Int, _ words: String) {
    let error = #expect(throws: KernelError.self) { try pattern.check(rank: rank) }
    #expect(error?.description.contains(words) == true, "\(String(describing: error))")
  }

  @Test func aKernelLargerThanItsBudgetIsRefused() {
    let error = #expect(throws: MemoryError.self) { try KernelPattern.gaussian(deviations: [1000]).check(rank: 3) }
    #expect(error?.description.contains("6001 x 6001 x 6001 taps") == true)
    #expect(throws: MemoryError.self) { try KernelPattern.box(sides: [.max]).check(rank: 3) }
  }
}
