import SpectralNetworks
import SpectralCore
import Testing

@Suite struct AugmentationTests {
  typealias Placement = Augmentation.Placement

  /// One image `[C, H, W]` of bytes, placed; read back as bytes.
  func placed(
    _ bytes: [UInt8], _ shape: TensorShape, _ placement: Placement, _ edge: Augmentation.Edge = .black
  ) -> [UInt8] {
    let set = Dataset(
      name: "one", bytes: bytes, imageShape: shape, labels: [0], classNames: ["a"],
      normalization: .none(channels: shape[0]))
    let image = BatchAssembler<Double>(set, edge: edge).images([0], [placement])
    #expect(image.shape == TensorShape([1] + shape.extents))
    // The same numbers as floats take the other path.
    let floats = Dataset(
      name: "one", images: Tensor(TensorShape([1] + shape.extents), bytes.map { Float($0) }), labels: [0],
      classNames: ["a"],
      normalization: .none(channels: shape[0]))
    let same = BatchAssembler<Double>(floats, edge: edge).images([0], [placement])
    #expect(same.elements == image.elements.map { ($0 * 255).rounded() })
    return image.elements.map { UInt8(($0 * 255).rounded()) }
  }

  @Test("A row of four by hand")
  func byHand() {
    func row(_ right: Int, _ edge: Augmentation.Edge) -> [UInt8] {
      placed([1, 2, 3, 4], [1, 1, 4], Placement(right: right), edge)
    }
    #expect(row(2, .black) == [0, 0, 1, 2])
    #expect(row(-1, .black) == [2, 3, 4, 0])
    #expect(row(2, .reflected) == [3, 2, 1, 2])
    #expect(row(-2, .reflected) == [3, 4, 3, 2])
    #expect(row(2, .extended) == [1, 1, 1, 2])
    #expect(row(-3, .extended) == [4, 4, 4, 4])
    #expect(placed([1, 2, 3, 4], [1, 1, 4], Placement(isMirrored: true)) == [4, 3, 2, 1])
    #expect(placed([1, 2, 3, 4], [1, 1, 4], Placement(right: 1, isMirrored: true)) == [0, 4, 3, 2])
  }

  @Test("Reflection goes on for ever, as numpy.pad's does, even for a single pixel")
  func reflectsFar() {
    // numpy.pad([1, 2, 3], (7, 7), mode="reflect") and three of it, from each place.
    let padded: [UInt8] = [2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2]
    for right in -7...7 {
      let start = 7 - right
      #expect(placed([1, 2, 3], [1, 1, 3], Placement(right: right), .reflected) == Array(padded[start..<start + 3]))
    }
    #expect(placed([9], [1, 1, 1], Placement(down: 5, right: -3), .reflected) == [9])
  }

  @Test("Rows move as columns do, and all channels together")
  func movesBothWays() {
    let image = (0..<24).map { UInt8($0 + 1) }
    let out = placed(image, [2, 3, 4], Placement(down: 1, right: -1))
    #expect(out == [0, 0, 0, 0, 2, 3, 4, 0, 6, 7, 8, 0] + [0, 0, 0, 0, 14, 15, 16, 0, 18, 19, 20, 0])
  }

  @Test("Laws: nothing is nothing, mirrors undo themselves, moves by more than the image leave black")
  func laws() {
    var random = RandomGenerator(seed: 3)
    let image = (0..<3 * 7 * 5).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    let shape: TensorShape = [3, 7, 5]
    #expect(placed(image, shape, .identity) == image)
    #expect(placed(placed(image, shape, Placement(isMirrored: true)), shape, Placement(isMirrored: true)) == image)
    #expect(placed(image, shape, Placement(down: 7)) == .init(repeating: 0, count: image.count))
    // Mirroring and then moving right is moving left and then mirroring.
    let one = placed(image, shape, Placement(down: 2, right: 1, isMirrored: true))
    let other = placed(placed(image, shape, Placement(down: 2, right: -1)), shape, Placement(isMirrored: true))
    #expect(one == other)
  }

  @Test("Every shift within the range is drawn equally often, and half of the images are mirrored")
  func draws() {
    var random = RandomGenerator(seed: 11)
    var counts = [Placement: Int]()
    for _ in 0..<18_000 {
      counts[Augmentation(shift: 1, flips: true).placement(using: &random), default: 0] += 1
    }
    #expect(counts.count == 18)
    // 1000 each, with a standard deviation of 31; five of those.
    for count in counts.values { #expect(abs(count - 1000) < 155) }
    #expect(Augmentation.none.placement(using: &random) == .identity)
    #expect(Augmentation.randomCrop(padding: 4) == Augmentation(shift: 4))
  }
}
