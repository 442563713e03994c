import AutomaticConvolution
import FourierConvolution
import SpectralConvolution
import SpectralNetworks
import SpatialConvolution
import SpectralCore
import TestSupport
import Testing

/// A rectifier behind a convolution is taken as the feature maps are written: no bit may differ from taking it afterwards.
@Suite struct RectifiedTests {
  private func check<Scalar: AnyMethodScalar>(_ method: any ConvolutionMethod<Scalar>, seeds: Range<UInt64>) {
    for seed in seeds {
      let random = RandomProblem(seed: seed)
      var (x, w, g): (Tensor<Scalar>, Tensor<Scalar>, Tensor<Scalar>) = random.operands()
      var generator = RandomGenerator(seed: seed)
      var bias = Tensor<Scalar>.normal([random.problem.outputChannels], using: &generator)
      // What is not finite goes another way.
      if seed % 4 == 1 { x.withUnsafeMutableElements { $0[$0.count / 2] = seed % 8 == 1 ? .nan : -.infinity } }
      if seed % 4 == 2 { bias.withUnsafeMutableElements { $0[0] = .nan } }
      let convolution = Convolution2D(
        weight: w, bias: bias, geometry: random.problem.geometry, method: method)
      let chain = Chain {
        Identity<Scalar>()
        convolution
        ReLU<Scalar>()
      }
      let (output, tape) = convolution.forward(x)
      let (rectified, mask) = ReLU<Scalar>().forward(output)
      let recorded = chain.forward(x)
      #expect(bits(chain(x)) == bits(ReLU<Scalar>()(convolution(x))), "\(method.name), \(random)")
      #expect(bits(recorded.output) == bits(rectified), "\(method.name), \(random)")

      let expected = convolution.backward(ReLU<Scalar>().backward(g, mask).input, tape)
      let found = chain.backward(g, recorded.tape)
      #expect(bits(found.input) == bits(expected.input), "\(method.name), \(random)")
      #expect(
        bits(found.parameters.first.second.weight) == bits(expected.parameters.weight), "\(method.name), \(random)")
    }
  }

  /// NaN as one number, whatever its sign and payload; the zeros apart.
  private func bits<Scalar: TensorScalar>(_ tensor: Tensor<Scalar>) -> [UInt64] {
    tensor.elements.map { $0.isNaN ? .max : Double($0).bitPattern }
  }

  @Test func byTheFourierMethod() {
    check(FourierConvolution<Float>(), seeds: 0..<60)
    check(FourierConvolution<Double>(), seeds: 60..<80)
    // Tiles that wrap, blocks of few tiles, planes by rows and columns.
    check(FourierConvolution<Float>(tile: 32), seeds: 80..<100)
  }

  @Test func byTheDirectMethod() {
    check(SpatialConvolution<Float>(), seeds: 100..<130)
    check(SpatialConvolution<Double>(), seeds: 130..<140)
  }

  @Test func byTheAutomaticChoice() { check(AutomaticConvolution<Float>(planning: .estimated), seeds: 140..<170) }
}
