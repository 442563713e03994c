import SpectralCore
import TestSupport
import Testing

/// A place in a tensor, from its row-major index.
private func place(_ index: Int, in shape: TensorShape) -> [Int] {
  var rest = index
  return shape.extents.reversed().map { extent in
    defer { rest /= extent }
    return rest % extent
  }.reversed()
}

/// The row-major index of a place in what broadcasting makes of a tensor: axes that are missing or of extent 1 do not count.
private func index(_ place: [Int], in shape: TensorShape) -> Int {
  zip(place.suffix(shape.rank), zip(shape.extents, shape.strides)).reduce(0) {
    $0 + ($1.1.0 == 1 ? 0 : $1.0 * $1.1.1)
  }
}

/// NumPy's definition of an operation between arrays, element by element.
private func definition<Scalar: TensorScalar>(
  _ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ shape: TensorShape, _ operation: (Scalar, Scalar) -> Scalar
) -> Tensor<Scalar> {
  let (x, y) = (a.elements, b.elements)
  return Tensor(
    shape,
    (0..<shape.count).map {
      let place = place($0, in: shape)
      return operation(x[index(place, in: a.shape)], y[index(place, in: b.shape)])
    })
}

/// NumPy's definition of a reduction with axes kept, element by element.
private func definition<Scalar: TensorScalar>(
  _ x: Tensor<Scalar>, over axes: [Int], _ reduction: ([Scalar]) -> Scalar
) -> Tensor<Scalar> {
  let kept = TensorShape(x.shape.extents.indices.map { axes.contains($0) ? 1 : x.shape[$0] })
  var terms = [[Scalar]](repeating: [], count: kept.count)
  for (i, value) in x.elements.enumerated() { terms[index(place(i, in: x.shape), in: kept)].append(value) }
  return Tensor(kept, terms.map(reduction))
}

/// Shapes with few, one and no elements along an axis.
private func randomShape(_ random: inout RandomGenerator, rank: ClosedRange<Int> = 0...4) -> TensorShape {
  let extents = [1, 1, 2, 3, 5, 17, random.next() % 8 == 0 ? 0 : 4]
  return TensorShape((0..<Int.random(in: rank, using: &random)).map { _ in extents.randomElement(using: &random)! })
}

/// Small integers, so that sums are exact in every order; never 0, so that quotients are finite.
private func integers<Scalar>(_ shape: TensorShape, _ random: inout RandomGenerator) -> Tensor<Scalar> {
  Tensor.uniform(shape, in: 0.5..<8.5, using: &random).map { $0.rounded() * 2 - 9 }
}

@Suite struct BroadcastingTests {
  @Test func byHand() {
    let x = Tensor<Float>([2, 3], [1, 2, 3, 4, 5, 6])
    #expect(x + Tensor([3], [10, 20, 30]) == Tensor([2, 3], [11, 22, 33, 14, 25, 36]))
    #expect(Tensor([2, 1], [1, 2]) - x == Tensor([2, 3], [0, -1, -2, -2, -3, -4]))
    #expect(
      Tensor<Float>([2, 1], [1, 2]) * Tensor([1, 3], [1, 10, 100]) == Tensor([2, 3], [1, 10, 100, 2, 20, 200]))
    #expect(x / Tensor([], [2]) == Tensor([2, 3], [0.5, 1, 1.5, 2, 2.5, 3]))
    #expect(6 / x == Tensor([2, 3], [6, 3, 2, 1.5, 1.2, 1]) && 1 - x == -(x - 1) && 1 + x == x + 1)
    #expect(Tensor<Float>.zeros([2, 0]) + Tensor([1], [1]) == .zeros([2, 0]))
    #expect(Tensor<Float>([], [2]) * Tensor([], [3]) == Tensor([], [6]))
    var y = x
    y /= Tensor([2, 1], [1, 2])
    y += 1
    y -= Tensor([3], [1, 2, 3])
    y *= y
    #expect(y == Tensor([2, 3], [1, 1, 1, 4, 2.25, 1]) && x[1, 0] == 4)
  }

  @Test func shapes() {
    #expect(TensorShape([4, 1, 3]).broadcast(with: [2, 1]) == [4, 2, 3])
    #expect(TensorShape([]).broadcast(with: []) == [] && TensorShape([0]).broadcast(with: [1]) == [0])
    #expect(TensorShape([2, 3]).broadcast(with: [2]) == nil && TensorShape([0]).broadcast(with: [2]) == nil)
  }

  private func check<Scalar: TensorScalar>(_: Scalar.Type, seed: UInt64) {
    var random = RandomGenerator(seed: seed)
    for _ in 0..<300 {
      let whole = randomShape(&random)
      // Two shapes that broadcast to it, or to less where both repeat the same axis.
      func part() -> TensorShape {
        let extents = whole.extents.map { Bool.random(using: &random) ? $0 : 1 }
        return TensorShape(Array(extents.dropFirst(Int.random(in: 0...whole.rank, using: &random))))
      }
      let (a, b): (Tensor<Scalar>, Tensor<Scalar>) = (integers(part(), &random), integers(part(), &random))
      let shape = a.shape.broadcast(with: b.shape)!
      #expect(a + b == definition(a, b, shape, +), "\(a.shape), \(b.shape)")
      #expect(a - b == definition(a, b, shape, -), "\(a.shape), \(b.shape)")
      #expect(a * b == definition(a, b, shape, *), "\(a.shape), \(b.shape)")
      #expect(a / b == definition(a, b, shape, /), "\(a.shape), \(b.shape)")
      #expect(b.broadcast(to: shape) == definition(a, b, shape) { $1 }, "\(a.shape), \(b.shape)")
      var c = a.broadcast(to: shape)
      let before = c
      c += b
      c *= b
      c -= b
      c /= b
      #expect(c == (before + b) * b / b - 1, "\(a.shape), \(b.shape)")
      // What broadcasting repeats, its adjoint adds up.
      #expect(
        c.sum(to: a.shape).reshaped(
          to: TensorShape(Array(repeating: 1, count: shape.rank - a.shape.rank) + a.shape.extents))
          == definition(
            c,
            over: shape.extents.indices.filter {
              $0 < shape.rank - a.shape.rank || a.shape[$0 - shape.rank] == 1
            }
          ) { $0.reduce(0, +) })
    }
  }

  @Test func agreesWithTheDefinition() {
    check(Float.self, seed: 1)
    check(Double.self, seed: 2)
  }

  /// Long runs, which are cut into pieces, and so many short ones that several threads take them.
  @Test(arguments: [[3, 5, 9000], [70_000], [3000, 7], [2, 3, 40, 41]] as [TensorShape])
  func manyPieces(shape: TensorShape) {
    var random = RandomGenerator(seed: 3)
    let a: Tensor<Float> = integers(shape, &random)
    for axis in 0..<shape.rank {
      let b: Tensor<Float> = integers(
        TensorShape(shape.extents.enumerated().map { $0 == axis ? $1 : 1 }), &random)
      let expected = definition(a, b, shape, -)
      #expect(withThreads(1) { a - b } == expected && withThreads(3) { a - b } == expected)
    }
    #expect(a + a == 2 * a)
  }

  @Test func refusesWhatDoesNotFit() async {
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>.zeros([2, 3]) + .zeros([2]) }
    await #expect(processExitsWith: .failure) {
      var small = Tensor<Float>.zeros([3])
      small += .zeros([2, 3])
    }
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>.zeros([2, 3]).sum(over: 2) }
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>.zeros([2, 3]).sum(over: 0, -2) }
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>.zeros([2, 0]).maximum(over: 1) }
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>.zeros([2, 3])[1..<3] }
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>.zeros([2, 3]).permuted(0, 0) }
    await #expect(processExitsWith: .failure) { _ = Tensor<Float>.zeros([2, 3]).broadcast(to: [2, 1]) }
  }
}

@Suite struct ReductionTests {
  @Test func byHand() {
    let x = Tensor<Double>([2, 3], [1, 2, 3, 4, 5, 9])
    #expect(x.sum(over: 0) == Tensor([3], [5, 7, 12]) && x.sum(over: -1) == Tensor([2], [6, 18]))
    #expect(x.mean(over: 1, keepingAxes: true) == Tensor([2, 1], [2, 6]))
    #expect(x.maximum(over: 0) == Tensor([3], [4, 5, 9]) && x.minimum(over: 0, 1) == Tensor([], [1]))
    #expect(x.sum(over: []) == x && x.sum(over: 0..<2).scalar == 24)
    #expect((x - x.mean(over: 1, keepingAxes: true)).sum(over: 1) == .zeros([2]))
    #expect(x.sum(to: [3]) == x.sum(over: 0) && x.sum(to: [2, 1]) == x.sum(over: 1, keepingAxes: true))
  }

  @Test func nothingToReduce() {
    let none = Tensor<Float>.zeros([2, 0, 3])
    #expect(none.sum(over: 1) == .zeros([2, 3]) && none.sum(over: 0).shape == [0, 3])
    #expect(none.mean(over: 1).elements.allSatisfy(\.isNaN) && none.mean(over: 0).shape == [0, 3])
    #expect(none.maximum(over: 0, 2).shape == [0])
  }

  @Test func notANumberIsSeen() {
    for place in [0, 5, 20, 39] {
      var x = Tensor<Float>([2, 40], repeating: 1)
      x[0, place] = .nan
      for reduced in [x.maximum(over: 1), x.minimum(over: 1), x.sum(over: 1)] {
        #expect(reduced[0].isNaN && !reduced[1].isNaN)
      }
      for reduced in [x.maximum(over: 0), x.minimum(over: 0)] {
        #expect(reduced.elements.enumerated().allSatisfy { $1.isNaN == ($0 == place) })
      }
    }
    #expect(Tensor<Float>([2], [-.infinity, .infinity]).maximum(over: 0).scalar == .infinity)
  }

  private func check<Scalar: TensorScalar>(_: Scalar.Type, seed: UInt64) {
    var random = RandomGenerator(seed: seed)
    for _ in 0..<300 {
      let x: Tensor<Scalar> = integers(randomShape(&random), &random)
      let axes = x.shape.extents.indices.filter { _ in Bool.random(using: &random) }
      let dropped = TensorShape(x.shape.extents.indices.filter { !axes.contains($0) }.map { x.shape[$0] })
      let sum = definition(x, over: axes) { $0.reduce(0, +) }
      #expect(x.sum(over: axes.shuffled(using: &random), keepingAxes: true) == sum, "\(x.shape) over \(axes)")
      #expect(x.sum(over: axes) == sum.reshaped(to: dropped), "\(x.shape) over \(axes)")
      guard x.count > 0 else { continue }
      let terms = Scalar(x.count / sum.count)
      #expect(x.mean(over: axes, keepingAxes: true) == sum.map { $0 / terms }, "\(x.shape) over \(axes)")
      #expect(
        x.maximum(over: axes, keepingAxes: true) == definition(x, over: axes) { $0.max()! }, "\(x.shape) over \(axes)")
      #expect(x.minimum(over: axes.map { $0 - x.shape.rank }) == -(-x).maximum(over: axes), "\(x.shape) over \(axes)")
    }
  }

  @Test func agreesWithTheDefinition() {
    check(Float.self, seed: 1)
    check(Double.self, seed: 2)
  }

  @Test func doesNotDependOnThreads() {
    var random = RandomGenerator(seed: 4)
    let x = Tensor<Float>.normal([30, 70, 50], using: &random)
    for axes in [[0], [1], [2], [0, 2], [0, 1], [1, 2]] {
      let alone = withThreads(1) { x.sum(over: axes) }
      #expect(withThreads(3) { x.sum(over: axes) }.hasSameBits(as: alone))
      // The sum of n terms of a size about 1 is off by at most (n - 1) u Σ|x|.
      let exact = x.converted(to: Double.self).sum(over: axes)
      let terms = Double(x.count / exact.count)
      let bound = terms * Float.unitRoundoff * x.converted(to: Double.self).map(abs).sum(over: axes).maximumMagnitude
      #expect((alone.converted(to: Double.self) - exact).maximumMagnitude <= bound)
    }
  }
}

@Suite struct AxisTests {
  @Test func slicesByHand() {
    let x = Tensor<Float>([2, 3], [1, 2, 3, 4, 5, 6])
    #expect(x[1...] == Tensor([1, 3], [4, 5, 6]) && x[0..., 1..<3] == Tensor([2, 2], [2, 3, 5, 6]))
    #expect(x[..<1, 2...2] == Tensor([1, 1], [3]) && x[0..<0].shape == [0, 3])
    #expect(x.sliced(1..., along: -1) == x[0..., 1...] && x.sliced(0..<1, along: 0) == x.rows(0..<1))
    var y = x
    y[0..., 1..<2] = Tensor([2, 1], [7, 8])
    y[1..<2] += Tensor([3], [10, 20, 30])
    #expect(y == Tensor([2, 3], [1, 7, 3, 14, 28, 36]) && x[0, 1] == 2)
    y[0...] = Tensor([], [0])
    #expect(y == .zeros([2, 3]))
  }

  @Test func permutationsByHand() {
    let x = Tensor<Float>([2, 3], [1, 2, 3, 4, 5, 6])
    #expect(x.permuted(1, 0) == Tensor([3, 2], [1, 4, 2, 5, 3, 6]) && x.transposed(0, -1) == x.transposed)
    #expect(
      Tensor<Float>([], [3]).permuted() == Tensor([], [3]) && Tensor<Float>.zeros([0, 2]).transposed.shape == [2, 0])
  }

  @Test func agreesWithTheDefinition() {
    var random = RandomGenerator(seed: 6)
    for _ in 0..<300 {
      let x: Tensor<Double> = integers(randomShape(&random, rank: 1...4), &random)
      let axes = Array(0..<x.shape.rank).shuffled(using: &random)
      let shape = TensorShape(axes.map { x.shape[$0] })
      let permuted = Tensor<Double>(
        shape,
        (0..<x.count).map { i in
          let place = place(i, in: shape)
          return x.elements[index(axes.indices.map { place[axes.firstIndex(of: $0)!] }, in: x.shape)]
        })
      #expect(x.permuted(axes) == permuted, "\(x.shape) by \(axes)")

      let ranges = x.shape.extents.map { extent in
        let ends = [0, 1].map { _ in Int.random(in: 0...extent, using: &random) }.sorted()
        return ends[0]..<ends[1]
      }
      let part = TensorShape(ranges.map(\.count))
      var slice = x
      for (axis, range) in ranges.enumerated() { slice = slice.sliced(range, along: axis) }
      let expected = Tensor<Double>(
        part,
        (0..<part.count).map { i in
          let inside = zip(place(i, in: part), ranges).map { $0 + $1.lowerBound }
          return x.elements[zip(inside, x.shape.strides).reduce(0) { $0 + $1.0 * $1.1 }]
        })
      #expect(slice == expected, "\(x.shape), \(ranges)")
      if ranges.count == 2 {
        #expect(x[ranges[0], ranges[1]] == expected)
        var (cleared, rest) = (x, x)
        cleared[ranges[0], ranges[1]] = Tensor([1], [0])
        rest[ranges[0], ranges[1]] -= expected
        #expect(cleared == rest && cleared.sum == x.sum - expected.sum)
      }
    }
  }

  /// Matrices of more than one tile, with ragged edges, and images with channels first and last.
  @Test func largeTranspositions() {
    let a = Tensor<Float>([130, 2100], (0..<130 * 2100).map { Float($0) })
    #expect(a.transposed[1999, 77] == Float(77 * 2100 + 1999) && a.transposed.transposed == a)
    let image = Tensor<Float>([3, 200, 301], (0..<3 * 200 * 301).map { Float($0) })
    let last = image.permuted(1, 2, 0)
    #expect(last[150, 299, 2] == image[2, 150, 299] && last.permuted(2, 0, 1) == image)
  }
}
