import SpectralNetworks
import SpectralCore
import TestSupport
import Testing

@Suite struct ProceduralDigitsTests {
  func bytes(_ set: Dataset) -> [UInt8] {
    guard case .bytes(let bytes) = set.pixels else { return [] }
    return bytes
  }

  /// Moved by whole pixels: the middle of the ink is at most half a pixel from that of the image, or a little more where the
  /// border takes ink away.
  @Test func centredDigitsHaveTheirInkInTheMiddle() throws {
    let pair = try DatasetKind.centredDigits.load(limit: 100)
    #expect(pair.training.count == 100 && pair.training.name == "centred digits")
    #expect(pair.test.normalization == pair.training.normalization)
    for image in 0..<100 {
      let pixels = pair.training.image(at: image).elements
      var (mass, row, column) = (0.0, 0.0, 0.0)
      for (place, pixel) in pixels.enumerated() where pixel > 100 / 255 {
        mass += Double(pixel)
        row += Double(pixel) * Double(place / 28)
        column += Double(pixel) * Double(place % 28)
      }
      let (down, right) = (row / mass - 13.5, column / mass - 13.5)
      #expect(max(abs(down), abs(right)) < 0.75, "digit \(image) is off by (\(down), \(right))")
    }
    #expect(throws: FileError.self) { try DatasetKind.centredDigits.load(from: "/tmp") }
  }

  @Test("The same seed draws the same digits, on any number of threads and however many")
  func isPure() {
    let digits = ProceduralDigits(seed: 3)
    let reference = withThreads(1) { bytes(digits.dataset(.training, count: 300)) }
    #expect(withThreads(4) { bytes(digits.dataset(.training, count: 300)) } == reference)
    #expect(bytes(digits.dataset(.training, count: 77)) == Array(reference.prefix(77 * 784)))
    #expect(digits.image(123, .training) == Array(reference[123 * 784..<124 * 784]))
  }

  @Test("No two images are the same, across classes, seeds and splits")
  func areDistinct() {
    let sets = [
      ProceduralDigits(seed: 0).dataset(.training, count: 500), ProceduralDigits(seed: 0).dataset(.test, count: 500),
      ProceduralDigits(seed: 1).dataset(.training, count: 500),
    ]
    var images = Set<[UInt8]>()
    for set in sets { for i in 0..<500 { images.insert(Array(bytes(set)[i * 784..<(i + 1) * 784])) } }
    #expect(images.count == 1500)
  }

  @Test("The published constants are the measured ones")
  func normalization() {
    let set = ProceduralDigits(seed: 0).dataset(.training, count: 10_000)
    let measured = set.measuredNormalization
    #expect(abs(measured.mean[0] - set.normalization.mean[0]) < 6e-5)
    #expect(abs(measured.deviation[0] - set.normalization.deviation[0]) < 6e-5)
    #expect(set.countPerClass == .init(repeating: 1000, count: 10))
  }

  @Test("The pen stays on the paper: the outermost pixels are dark")
  func staysInside() {
    let set = ProceduralDigits(seed: 8).dataset(.training, count: 1000)
    let all = bytes(set)
    var bright = 0
    for i in 0..<1000 {
      for k in 0..<28 {
        // Noise has a deviation of at most 0.15: a bright pixel is ink.
        for place in [k, 27 * 28 + k, k * 28, k * 28 + 27] where all[i * 784 + place] > 178 { bright += 1 }
      }
    }
    // Only a digit too large for the paper touches its edge: less than one outermost pixel in a thousand is ink.
    #expect(bright < 1000 * 112 / 1000)
  }

  @Test("Images of one digit are alike: the nearest of 3,000 has the same label for most of 300")
  func areRecognisable() {
    let digits = ProceduralDigits(seed: 5)
    let (known, asked) = (digits.dataset(.training, count: 3000), digits.dataset(.test, count: 300))
    let training = Batches<Float>(known, batchSize: 3000)[0].images.reshaped(to: [3000, 784])
    let test = Batches<Float>(asked, batchSize: 300)[0].images.reshaped(to: [300, 784])
    let norms = (0..<3000).map { Float(training.rows($0..<$0 + 1).dot(training.rows($0..<$0 + 1))) }
    let products = test.matrixProduct(training, .plain, .transposed).elements
    let right = (0..<300).filter { i in
      let nearest = (0..<3000).min { norms[$0] - 2 * products[i * 3000 + $0] < norms[$1] - 2 * products[i * 3000 + $1] }
      return known.labels[nearest!] == asked.labels[i]
    }
    // Chance would be 30.
    #expect(right.count > 200)
  }
}
