import Foundation
import SpectralTransforms
import SpectralImaging
import SpectralConvolution
import SpectralCore
import TestSupport
import Testing

/// Kernels from responses.
@Suite struct KernelDesignTests {
  private let methods: [KernelDesign.Method] = [
    .frequencySampling, .windowed(.rectangular), .windowed(.hann), .windowed(.hamming), .windowed(.blackman),
    .windowed(.kaiser(beta: 5)),
  ]

  /// A response that a kernel of the size has gives that kernel back, phase and all.
  @Test(arguments: [
    Kernel(.sharpen()), Kernel(.sobel(.x)), Kernel(.gaussian(deviation: 1)), Kernel(.emboss()), Kernel(rows: [[3]]),
    Kernel(rows: [[1, 2, 3, -4, 5]]),
  ])
  func roundTrips(_ kernel: Kernel) {
    for method in [KernelDesign.Method.frequencySampling, .windowed(.rectangular)] {
      let design = KernelDesign(extent: kernel.extent, method: method) {
        (fx: Double, fy: Double) -> ComplexNumber<Double> in
        kernel.response(fx: fx, fy: fy)
      }
      #expect(largestDifference(design.kernel.taps, kernel.taps) < 1e-14 * kernel.magnitudeSum)
      #expect(design.largestDeviation < 1e-13 * kernel.magnitudeSum)
      // In a larger one it is surrounded by 0.
      let extent = Extent(height: kernel.height + 4, width: kernel.width + 2)
      let larger = KernelDesign(extent: extent, method: method) { (fx: Double, fy: Double) -> ComplexNumber<Double> in
        kernel.response(fx: fx, fy: fy)
      }.kernel
      for row in 0..<extent.height {
        for column in 0..<extent.width {
          let (r, c) = (row - 2, column - 1)
          let isInside = (0..<kernel.height).contains(r) && (0..<kernel.width).contains(c)
          #expect(abs(larger.taps[row, column] - (isInside ? kernel.taps[r, c] : 0)) < 1e-14 * kernel.magnitudeSum)
        }
      }
    }
  }

  @Test func frequencySamplingIsExactAtItsFrequencies() {
    let extent = Extent(height: 9, width: 15)
    func lowPass(_ fx: Double, _ fy: Double) -> Double { hypot(fx, fy) <= 0.2 ? 1 : 0 }
    let design = KernelDesign(extent: extent, method: .frequencySampling, response: lowPass)
    for u in 0..<9 {
      for v in 0..<15 {
        let (fx, fy) = (Double(v <= 7 ? v : v - 15) / 15, Double(u <= 4 ? u : u - 9) / 9)
        let reached = design.kernel.response(fx: fx, fy: fy)
        #expect(abs(reached.real - lowPass(fx, fy)) < 1e-13 && abs(reached.imaginary) < 1e-13)
      }
    }
    #expect(design.kernel.parity == .even)
  }

  /// The kernel with the response exp(-2π²σ²f²) is the bell exp(-r²/(2σ²)) / (2πσ²): with σ = 3 pixels, what wraps
  /// around in frequency is some 1e-19 of it.
  @Test func windowedTapsAreThoseOfTheResponseTimesTheWindow() {
    for window in [DesignWindow.rectangular, .hamming, .kaiser(beta: 3)] {
      let design = KernelDesign(extent: 11, method: .windowed(window)) { exp(-18 * .pi * .pi * ($0 * $0 + $1 * $1)) }
      let weights = window.weights(11)
      for row in 0..<11 {
        for column in 0..<11 {
          let bell = exp(-(pow(Double(row - 5), 2) + pow(Double(column - 5), 2)) / 18) / (18 * .pi)
          #expect(abs(design.kernel.taps[row, column] - weights[row] * weights[column] * bell) < 1e-15)
        }
      }
    }
  }

  /// The middle tap of an ideal low-pass is the area of its disk, here counted on a grid of 243 a side: off by no more
  /// than the squares that its border, of length 2π 0.2 243, can cross (Gauss).
  @Test func theMiddleOfAnIdealLowPass() {
    let design = KernelDesign(extent: 5, method: .windowed(.hann)) { hypot($0, $1) <= 0.2 ? 1 : 0 }
    let radius = 0.2 * 243
    #expect(abs(design.kernel.taps[2, 2] - .pi * 0.04) <= 2 * 2.0.squareRoot() * .pi * (radius + 1) / (243 * 243))
  }

  @Test func deviationsAreWhatTheySay() {
    for method in methods {
      func desired(_ fx: Double, _ fy: Double) -> Double { 1 / (1 + pow(hypot(fx, fy) / 0.15, 6)) }
      let design = KernelDesign(extent: Extent(height: 7, width: 13), method: method, response: desired)
      let at = design.frequencyOfLargest
      let there = design.kernel.response(fx: at.fx, fy: at.fy)
      #expect(
        abs(hypot(there.real - desired(at.fx, at.fy), there.imaginary) - design.largestDeviation) < 1e-13, "\(method)")
      // The grid is 243 a side.
      var (energy, largest) = (0.0, 0.0)
      for u in -121...121 {
        for v in -121...121 {
          let (fx, fy) = (Double(v) / 243, Double(u) / 243)
          let value = design.kernel.response(fx: fx, fy: fy)
          let square = pow(value.real - desired(fx, fy), 2) + pow(value.imaginary, 2)
          (energy, largest) = (energy + square, max(largest, square))
        }
      }
      #expect(abs(design.rootMeanSquareDeviation - (energy / (243 * 243)).squareRoot()) < 1e-12)
      #expect(abs(design.largestDeviation - largest.squareRoot()) < 1e-12)
    }
  }

  /// Cutting off leaves the least squared deviation there can be (Parseval); a window rings less where the response is
  /// flat.
  @Test func whatWindowsAreFor() {
    func lowPass(_ fx: Double, _ fy: Double) -> Double { hypot(fx, fy) <= 0.15 ? 1 : 0 }
    let designs = methods.map { KernelDesign(extent: 31, method: $0, response: lowPass) }
    let least = designs[1].rootMeanSquareDeviation
    for design in designs { #expect(design.rootMeanSquareDeviation >= least * (1 - 1e-12)) }
    func ripple(_ design: KernelDesign) -> Double {
      (0...100).map { design.kernel.response(fx: 0.25 + 0.0025 * Double($0), fy: 0).magnitude }.max()!
    }
    let plain = ripple(designs[1])
    for design in designs[2...] { #expect(ripple(design) < 0.2 * plain) }
  }

  @Test func gridsOfOtherSizes() {
    // Larger than a quarter of the least grid.
    let design = KernelDesign(extent: Extent(height: 101, width: 1), method: .windowed(.blackman)) { _, fy in
      abs(fy) < 0.1 ? 1 : 0
    }
    #expect(design.kernel.extent == Extent(height: 101, width: 1) && design.kernel.parity == .even)
    #expect(abs(design.kernel.response(fx: 0.3, fy: 0.05).magnitude - 1) < 1e-3)
    #expect(design.kernel.response(fx: 0.3, fy: 0.2).magnitude < 1e-3)
  }

  @Test(arguments: [Extent(4), Extent(height: 3, width: 2), Extent(0)])
  func refusals(_ extent: Extent) {
    let error = #expect(throws: KernelError.self) { try KernelDesign.check(extent: extent) }
    #expect(error?.description.contains("odd") ?? false, "\(error!)")
  }

  @Test(arguments: [(Extent(100_001), "takes 4.7 TiB"), (Extent(.max), "more than 8 EiB")])
  func designsThatAreTooLarge(_ extent: Extent, _ words: String) {
    let error = #expect(throws: MemoryError.self) { try KernelDesign.check(extent: extent) }
    #expect(error?.description.contains(words) ?? false, "\(error!)")
  }
}
