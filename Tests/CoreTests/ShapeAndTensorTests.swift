import TestSupport
import SpectralCore
import Testing

@Suite struct ShapeTests {
  @Test func countsAndStrides() {
    let shape: TensorShape = [2, 3, 4]
    #expect(shape.count == 24)
    #expect(shape.strides == [12, 4, 1])
    #expect(shape[-1] == 4 && shape[0] == 2)
    #expect(shape.description == "2 x 3 x 4")
    #expect(TensorShape([]).count == 1 && TensorShape([]).description == "scalar")
  }

  @Test func impossibleShapesHaveNoCount() {
    #expect(TensorShape.count([1 << 32, 1 << 32]) == nil)
    #expect(TensorShape.count([-1, 2]) == nil)
    #expect(TensorShape.count([3, 0]) == 0)
  }
}

@Suite struct TensorTests {
  @Test func copiesAreValues() {
    var a = Tensor<Float>([2, 2], [1, 2, 3, 4])
    let b = a
    #expect(a.sharesStorage(with: b))
    a[0, 1] = 9
    #expect(!a.sharesStorage(with: b))
    #expect(b.elements == [1, 2, 3, 4] && a.elements == [1, 9, 3, 4])
  }

  @Test func reshapingSharesAndRowsCopy() {
    let a = Tensor<Double>([3, 2], [0, 1, 2, 3, 4, 5])
    #expect(a.reshaped(to: [2, 3])[1, 0] == 3)
    #expect(a.reshaped(to: [6]).sharesStorage(with: a))
    #expect(a.rows(1..<3) == Tensor([2, 2], [2, 3, 4, 5]))
    #expect(a.rows(1..<1).shape == [0, 2])
  }

  @Test func equalityIsIEEEAndBitsAreBits() {
    let nan = Tensor<Float>([1], [.nan])
    #expect(nan != nan && nan.hasSameBits(as: nan))
    let zeros = (Tensor<Float>([1], [0]), Tensor<Float>([1], [-0.0]))
    #expect(zeros.0 == zeros.1 && !zeros.0.hasSameBits(as: zeros.1))
    #expect(Tensor<Float>([1, 2], [1, 2]) != Tensor<Float>([2, 1], [1, 2]))
  }

  @Test func conversionRounds() {
    let wide = Tensor<Double>([2], [0.1, 0.5])
    #expect(wide.converted(to: Float.self).elements == [0.1, 0.5])
    #expect(wide.converted(to: Double.self).sharesStorage(with: wide))
  }

  @Test func arithmeticByHand() {
    let (a, b) = (Tensor<Float>([3], [1, 2, 3]), Tensor<Float>([3], [4, -5, 6]))
    #expect((a + b).elements == [5, -3, 9])
    #expect((a - b).elements == [-3, 7, -3])
    #expect((a * b).elements == [4, -10, 18])
    #expect((2 * a - 1).elements == [1, 3, 5])
    #expect((-a / 2 + 1).elements == [0.5, 0, -0.5])
    var c = a
    c += b
    c -= a
    c *= 2
    c.add(a, scaledBy: -1)
    #expect(c.elements == [7, -12, 9])
    #expect(a.sum == 6 && a.mean == 2 && a.dot(b) == 12)
    #expect(Tensor<Float>([2], [3, -4]).norm == 5 && b.maximumMagnitude == 6)
  }

  @Test func nonFiniteValuesAreSeen() {
    for value in [Float.nan, .infinity, -.infinity] {
      let tensor = Tensor<Float>([3], [0, value, 1])
      #expect(!tensor.isFinite)
      #expect(value.isNaN ? tensor.maximumMagnitude.isNaN : tensor.maximumMagnitude == .infinity)
    }
    // Large but finite: the sum of squares of Floats would overflow, the check must not.
    #expect(Tensor<Float>([2], [.greatestFiniteMagnitude, -.greatestFiniteMagnitude]).isFinite)
    #expect(Tensor<Float>.zeros([0]).isFinite && Tensor<Float>.zeros([0]).maximumMagnitude == 0)
  }

  @Test func transposition() {
    let a = Tensor<Float>([2, 3], [1, 2, 3, 4, 5, 6])
    #expect(a.transposed == Tensor([3, 2], [1, 4, 2, 5, 3, 6]))
    #expect(a.transposed.transposed == a)
  }
}

@Suite struct MatrixProductTests {
  /// Sums of products of small integers are exact in every order, so the product must agree with three plain loops to
  /// the bit: by our kernel, with whole vectors of columns and parts of one and with more terms than it takes at once,
  /// and in the last case by BLAS.
  @Test(
    arguments: [
      (1, 1, 1), (2, 3, 5), (17, 1, 4), (1, 9, 33), (130, 31, 29), (9, 600, 48), (64, 70, 143), (258, 259, 260),
    ], [false, true])
  func agreesWithPlainLoops(size: (Int, Int, Int), flip: Bool) {
    let (m, k, n) = size
    var random = RandomGenerator(seed: 3)
    let integers = { (shape: TensorShape) in
      Tensor<Float>.uniform(shape, in: -8..<9, using: &random).map { $0.rounded() }
    }
    let (a, b) = (integers([m, k]), integers([k, n]))
    let (x, y) = (a.elements, b.elements)
    let expected = Tensor<Float>([m, n]) { c in
      for i in 0..<m {
        for j in 0..<n {
          var sum: Float = 0
          for l in 0..<k { sum += x[i * k + l] * y[l * n + j] }
          c[i * n + j] = sum
        }
      }
    }
    #expect(a.matrixProduct(b) == expected)
    #expect(a.transposed.matrixProduct(b.transposed, .transposed, .transposed) == expected)
    #expect(
      a.converted(to: Double.self).matrixProduct(b.converted().transposed, .plain, .transposed) == expected.converted())
    if flip { #expect(b.transposed.matrixProduct(a.transposed) == expected.transposed) }
    let bias = integers([n])
    let ones = Tensor<Float>([m, 1], repeating: 1)
    #expect(
      a.matrixProduct(b.transposed, .plain, .transposed, bias: bias)
        == expected + ones.matrixProduct(bias.reshaped(to: [1, n])))
  }

  @Test func emptyProducts() {
    #expect(Tensor<Float>.zeros([2, 0]).matrixProduct(.zeros([0, 3])) == .zeros([2, 3]))
    #expect(Tensor<Float>.zeros([0, 2]).matrixProduct(.zeros([2, 3])).shape == [0, 3])
    let bias = Tensor<Float>([3], [1, 2, 3])
    #expect(
      Tensor<Float>.zeros([2, 0]).matrixProduct(.zeros([0, 3]), bias: bias) == Tensor([2, 3], [1, 2, 3, 1, 2, 3]))
  }

  @Test func doesNotDependOnThreads() {
    var random = RandomGenerator(seed: 5)
    let a = Tensor<Float>.normal([200, 300], using: &random)
    let b = Tensor<Float>.normal([300, 100], using: &random)
    let alone = withThreads(1) { a.matrixProduct(b) }
    #expect(withThreads(3) { a.matrixProduct(b) }.hasSameBits(as: alone))
  }
}
