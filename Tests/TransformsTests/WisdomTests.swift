import Foundation
import SpectralTransforms
import SpectralCore
import TestSupport
import Testing

@Suite struct WisdomTests {
  private let texts = ["float32": "(fftw-3 wisdom\n  (codelet 1)\n)", "float64": "", "other": "x\ny"]

  @Test func whatIsWrittenIsRead() {
    #expect(Wisdom.decode(Wisdom.encode(texts)) == texts)
  }

  @Test func aMissingFileIsNoWisdom() {
    #expect(Wisdom.read(URL(fileURLWithPath: "/nonexistent/wisdom")) == nil)
  }
}

@Suite struct PlanningTests {
  /// FFTW lets an estimate use what it measured; ours must not, or results would depend on what ran before.
  @Test func estimatesDoNotDependOnWhatWasMeasured() {
    let shape: TensorShape = [37, 90]
    var random = RandomGenerator(seed: 1)
    let image = Tensor<Float>.normal(shape, using: &random)
    // The same transform under two names, so that the second estimate is planned anew.
    func layout(_ repeated: [TransformLayout.Dimension]) -> TransformLayout {
      TransformLayout(transformed: [.init(37, 90, 46), .init(90, 1, 1)], repeated: repeated)
    }
    func spectrum(_ rigor: PlanningRigor, _ layout: TransformLayout) -> Tensor<Float> {
      var image = image
      let plan = TransformPlan<Float>.shared(.realToComplex, layout, rigor: rigor)
      return Tensor([37, 46, 2]) { target in
        image.withUnsafeMutableElements { plan.execute($0.baseAddress!, target.baseAddress!) }
      }
    }
    let before = spectrum(.estimate, layout([]))
    _ = spectrum(.measure, layout([]))
    #expect(spectrum(.estimate, layout([.init(1, 1, 1)])).hasSameBits(as: before))
  }
}
