import Fourier
import Restoration
import Tensors
import TestSupport
import Testing

@Suite struct PhaseCorrelationTests {
  private func rolled(_ image: Tensor<Double>, _ dy: Int, _ dx: Int) -> Tensor<Double> {
    let (height, width) = (image.shape[0], image.shape[1])
    return Tensor(image.shape) { target in
      for i in target.indices {
        target[i] = image[((i / width - dy) % height + height) % height, ((i % width - dx) % width + width) % width]
      }
    }
  }

  /// A circular shift by whole pixels is exact, and its summit is the only one: all phases agree.
  @Test(arguments: [(0, 0), (3, -7), (-20, 15), (1, 0)])
  func circularShiftsAreExact(dy: Int, dx: Int) throws {
    let image = Scenes.drawn(61, 54)
    for upsampling in [1, 7, 100] {
      let search = try PhaseCorrelation<Double>(upsampling: upsampling, isWindowed: false)
      let shift = try search.shift(from: image, to: rolled(image, dy, dx))
      #expect(shift.dy == Double(dy) && shift.dx == Double(dx))
      #expect(shift.peak > 0.999 && shift.confidence > 0.999)
    }
    let single = try PhaseCorrelation<Float>(isWindowed: false).shift(
      from: image.converted(), to: rolled(image, dy, dx).converted())
    #expect(single.dy == Double(dy) && single.dx == Double(dx) && single.confidence > 0.95)
  }

  /// scikit-image's `phase_cross_correlation`, which also looks at hundredths of pixels. It takes the magnitude of a
  /// complex sum where this takes the real part of a real one, which differs by what is at half a cycle per pixel: so
  /// the last step may differ, by a few hundredths where the shift itself has spoiled those frequencies.
  @Test(arguments: [("shift_whole", 5.0, -9.0), ("shift_part", 2.37, -5.18), ("shift_small", -0.42, 0.25)])
  func agreesWithScikitImage(name: String, dy: Double, dx: Double) throws {
    let reference = try Reference(name)
    let search = try PhaseCorrelation<Double>(isWindowed: false)
    let shift = try search.shift(from: reference["image"], to: reference["moved"])
    let expected = reference["shift"].elements
    #expect(abs(shift.dy - expected[0]) < 0.035 && abs(shift.dx - expected[1]) < 0.035, "\(shift)")
    #expect(abs(shift.dy - dy) < 0.035 && abs(shift.dx - dx) < 0.035, "\(shift)")
  }

  /// Two views of one scene through a camera that moved: nothing wraps around, and there is noise.
  @Test(arguments: [(4, 9), (-13, 6), (0, -21)])
  func aCameraThatMoved(dy: Int, dx: Int) throws {
    let scene = Scenes.drawn(200, 220, seed: 6)
    var random = RandomGenerator(seed: 12)
    func view(_ row: Int, _ column: Int) -> Tensor<Double> {
      Scenes.part(scene, row..<row + 140, column..<column + 150) + 0.02 * Tensor.normal([140, 150], using: &random)
    }
    let (a, b) = (view(30, 35), view(30 - dy, 35 - dx))
    let shift = try PhaseCorrelation<Double>().shift(from: a, to: b)
    #expect(abs(shift.dy - Double(dy)) < 0.1 && abs(shift.dx - Double(dx)) < 0.1, "\(shift)")
    #expect(shift.confidence > 0.3)
    // Another scene is no shifted view of this one, and the confidence says so.
    let other = try PhaseCorrelation<Double>().shift(
      from: a, to: Scenes.part(Scenes.drawn(200, 220, seed: 7), 0..<140, 0..<150))
    #expect(other.confidence < shift.confidence / 2 && other.peak < 0.1, "\(other)")
  }

  @Test func planesShareOneShift() throws {
    let (a, b) = (Scenes.drawn(60, 50, seed: 1), Scenes.drawn(60, 50, seed: 2))
    let pair = Tensor<Double>([2, 60, 50], a.elements + b.elements)
    let moved = Tensor<Double>([2, 60, 50], rolled(a, 5, 4).elements + rolled(b, 5, 4).elements)
    let shift = try PhaseCorrelation<Double>(isWindowed: false).shift(from: pair, to: moved)
    #expect(shift.dy == 5 && shift.dx == 4)
  }

  @Test func whatCannotBe() throws {
    let search = try PhaseCorrelation<Double>()
    func message(_ a: Tensor<Double>, _ b: Tensor<Double>) -> String {
      (#expect(throws: RestorationError.self) { try search.shift(from: a, to: b) })?.description ?? ""
    }
    let image = Scenes.drawn(40, 40)
    #expect(message(image, Scenes.drawn(40, 41)).contains("same size"))
    #expect(message(image, Tensor([40, 40], repeating: 0.5)).contains("same everywhere"))
    #expect(message(image, Tensor([40, 40], repeating: .nan)).contains("second image"))
    #expect(throws: RestorationError.self) { try PhaseCorrelation<Double>(upsampling: 0) }
    #expect(throws: RestorationError.self) {
      try PhaseCorrelation<Double>(memoryLimit: 100).shift(from: image, to: image)
    }
  }
}
