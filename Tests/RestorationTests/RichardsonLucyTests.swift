import Foundation
import SpectralTransforms
import SpectralImaging
import SpectralConvolution
import SpectralCore
import TestSupport
import Testing

@Suite struct RichardsonLucyTests {
  /// One iteration on a ring of four pixels. From the grey 1: blurred 1, ratios are the image (4, 0, 0, 0), and the adjoint
  /// of (1/2, 1/2) hands half of the 4 to each of the two pixels that may have caused it.
  @Test func oneIterationByHand() throws {
    let blur = try PointSpread(Tensor<Double>([1, 2], [1, 1]))
    let restored = try RichardsonLucy(blur, iterations: 1, boundary: .circular)(Tensor([1, 4], [0, 4, 0, 0]))
    // The centre is tap 1: pixel i sees the scene at i and, by tap 0, at i + 1.
    #expect(largestDifference(restored, Tensor<Double>([1, 4], [0, 2, 2, 0])) < 1e-14)
  }

  /// scikit-image's `richardson_lucy`. Each iteration has the errors of two convolutions by transforms, relative to the
  /// brightest pixels; division by the blurred estimate magnifies them where that is dark, by at most the ratio of the
  /// brightest to the least pixel that is lit, 1 to some 0.002 at the rim of the support.
  @Test func agreesWithScikitImage() throws {
    let reference = try Reference("richardson_lucy")
    let image = reference["image"]
    let blur = try PointSpread(reference["psf"])
    for (iterations, name) in [(1, "restored1"), (10, "restored10")] {
      let restored = try RichardsonLucy(blur, iterations: iterations, boundary: .zero)(image)
      let bound =
        Double(2 * iterations) * 2 * ErrorBound.relativeL2(scalar: Double.self, pointCount: 4096) * 500 * image.norm
      #expect(largestDifference(restored, reference[name]) <= bound)
    }
  }

  /// Multiplication keeps what is not negative; where all light is caught, none is lost (Lucy, 1974). Float's zeros may be
  /// below zero by a rounding after a transform, the result may not.
  @Test(arguments: Boundary.allCases)
  func lightIsNeverNegativeNorLost(boundary: Boundary) throws {
    var random = RandomGenerator(seed: 8)
    let image = Tensor<Float>.uniform([33, 28], in: -0.2..<1, using: &random)
    let blur = try PointSpread(Tensor<Float>([3, 4], (1...12).map { Float($0) }))
    let restored = try RichardsonLucy(blur, iterations: 25, boundary: boundary)(image)
    #expect(restored.isFinite && restored.elements.allSatisfy { $0 >= 0 })
    if boundary == .circular {
      let light = image.map { max($0, 0) }.sum
      #expect(abs(restored.sum / light - 1) < 25 * 4 * ErrorBound.relativeL2(scalar: Float.self, pointCount: 924))
    }
  }

  /// Each iteration makes the image more likely, so the blurred estimate comes closer to it.
  @Test func theResidualFalls() throws {
    let kernel = Kernel(.disk(diameter: 7)).taps
    let (picture, scene) = Scenes.blurred(Scenes.drawn(120, 130), kernel, noise: 0)
    var residuals: [Double] = []
    let restored = try RichardsonLucy(PointSpread(kernel), iterations: 60)(picture) { residuals.append($0.residual!) }
    #expect(residuals.count == 60)
    #expect(zip(residuals, residuals.dropFirst()).allSatisfy { $1 < $0 })
    #expect(Scenes.decibels(restored, scene) > Scenes.decibels(picture, scene) + 3)
  }

  /// What the camera did not see is estimated along: at the border the result is nearly as good as in the middle. The other
  /// way to run into the border, taking the picture for a tile of wallpaper, is not.
  @Test func theBorderIsAsGoodAsTheMiddle() throws {
    let kernel = Kernel(.motion(length: 15, angle: 20)).taps
    let (picture, scene) = Scenes.blurred(Scenes.drawn(160, 170), kernel, noise: 0.001)
    let blur = try PointSpread(kernel)
    func rim(_ boundary: Boundary) throws -> Double {
      let error = try RichardsonLucy(blur, iterations: 40, boundary: boundary)(picture) - scene
      let middle = Scenes.part(error, 16..<error.shape[0] - 16, 16..<error.shape[1] - 16)
      let rim = (error.dot(error) - middle.dot(middle)) / Double(error.count - middle.count)
      return (rim / (middle.dot(middle) / Double(middle.count))).squareRoot()
    }
    let (free, wrapped) = (try rim(.reflect), try rim(.circular))
    print("richardson-lucy, error at the border over that in the middle: \(free), wrapped around: \(wrapped)")
    #expect(free < 2 && wrapped > free)
  }

  /// Damping leaves alone what may be noise: of a noisy grey wall, little is made.
  @Test func dampingSparesNoise() throws {
    var random = RandomGenerator(seed: 9)
    let wall = 0.5 + 0.02 * Tensor<Double>.normal([64, 64], using: &random)
    let blur = try PointSpread(Kernel(.gaussian(deviation: 1.5)).taps)
    func spread(_ damping: Double?) throws -> Double {
      let restored = try RichardsonLucy(blur, iterations: 40, damping: damping)(wall)
      return (restored + -restored.mean).norm / 64
    }
    let (plain, damped) = (try spread(nil), try spread(0.06))
    #expect(plain > 0.02 && damped < plain / 4)
  }
}

private func + (a: Double, b: Tensor<Double>) -> Tensor<Double> { b + a }
