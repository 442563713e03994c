import SpectralFigures
import Foundation
import SpectralImaging
import SpectralCore
import Testing

@Suite struct FigureTests {
  /// Whether a picture's outermost pixels, three deep, are all white: nothing was cut off.
  private func hasFreeEdges(_ image: RasterImage) -> Bool {
    let area = image.height * image.width
    return image.pixels.withUnsafeElements { values in
      (0..<area).allSatisfy { i in
        let (row, column) = (i / image.width, i % image.width)
        let isEdge = row < 3 || column < 3 || row >= image.height - 3 || column >= image.width - 3
        return !isEdge || (0..<3).allSatisfy { values[i + $0 * area] == 1 }
      }
    }
  }

  @Test(arguments: [(1, 1), (5, 5), (3, 400), (400, 3), (64, 48), (1300, 20)])
  func nothingIsCutOff(height: Int, width: Int) {
    var random = RandomGenerator(seed: 7)
    let plane = Tensor<Float>.normal([height, width], using: &random)
    for style in SpectrumStyle.allCases {
      let figure = CenteredSpectrum(plane).figure("a picture with a rather long name, as names are (1).png", style)
      let image = figure.image
      #expect(hasFreeEdges(image), "\(style)")
      #expect(image.width < 2200 && image.height < 1500)
    }
  }

  /// Marks along the lower edge are upright lines of five pixels; those whose labels would meet are left out.
  @Test(arguments: [(17, 1), (60, 3), (200, 3)]) func labelsDoNotMeet(width: Int, marks: Int) {
    let picture = RasterImage(pixels: Tensor([3, 400, width], repeating: 0.25))
    let edge = PictureFigure.Edge(ChartAxis("fx", .linear), -0.5...0.5)
    let image = PictureFigure("t", picture, horizontal: edge, vertical: edge).image
    // The plot is 44 pixels from the top, its frame one pixel thick.
    let row = 44 + 400 + 3
    let columns = (0..<image.width).filter { column in
      (0..<3).allSatisfy { abs(image.pixels[$0, row, column] - [0.3, 0.36, 0.42][$0]) < 1e-3 }
    }
    #expect(columns.count == marks, "\(columns)")
  }

  @Test func thePicturesOwnPixelsAreThere() {
    let picture = RasterImage(pixels: Tensor([3, 400, 350], repeating: 0.25))
    let figure = PictureFigure(
      "t", picture, horizontal: .init(ChartAxis("x", .linear), 0...1), vertical: .init(ChartAxis("y", .linear), 0...1))
    let image = figure.image
    #expect(image.pixels.elements.filter { $0 == 0.25 }.count == 3 * 400 * 350)
  }

  @Test func picturesBesideEachOther() {
    let pictures = [(3, 5), (40, 20)].map { RasterImage(pixels: Tensor([1, $0.0, $0.1], repeating: 0.25)) }
    let image = SideBySide([("a name wider than its picture", pictures[0]), ("after", pictures[1])]).image
    #expect(hasFreeEdges(image))
    #expect(image.pixels.elements.filter { $0 == 0.25 }.count == 3 * (3 * 5 + 40 * 20))
  }

  @Test func chartsKeepTheirLabels() {
    let points = (0..<50).map { Chart.Point(Double($0) / 70, -Double($0) * 1234567) }
    let chart = Chart(
      "A title that is much longer than the plot is wide, so that the picture has to give way to it, and it does so",
      horizontal: ChartAxis("cycles per pixel", .linear), vertical: ChartAxis("something, units", .linear),
      series: Chart.Style.allCases.map { .init("curve \($0), whose name is long as well", points, style: $0) },
      marks: [.init(x: 0.69, "a mark at the right end"), .init(x: 0.1, "another")])
    #expect(hasFreeEdges(ChartPicture(chart).image))
  }

  // MARK: Letters

  private func ink(_ text: String) -> (pixels: [Float], columns: ClosedRange<Int>?) {
    var canvas = DrawingCanvas(height: 24, width: 120)
    canvas.write(text, x: 20, baseline: 17, color: .grey(0))
    let pixels = canvas.image.pixels.rows(0..<1).elements
    let columns = (0..<120).filter { column in (0..<24).contains { pixels[$0 * 120 + column] < 0.5 } }
    return (pixels, columns.first.map { $0...columns.last! })
  }

  /// Everything that a label may hold has a drawing of its own; no two look alike but for capital I, l and |.
  @Test func lettersDiffer() {
    let letters = (33...126).map { Character(UnicodeScalar($0)) } + "°×·²±µπσω→−≤≥…–"
    for letter in letters { #expect(StrokeFont.drawings[letter] != nil, "\(letter)") }
    for (i, a) in letters.enumerated() {
      for b in letters[(i + 1)...] where !(a == "I" && b == "l") {
        let (first, second) = (ink(String(a)).pixels, ink(String(b)).pixels)
        let difference = zip(first, second).reduce(Float(0)) { $0 + abs($1.0 - $1.1) }
        #expect(difference > 1.5, "\(a) \(b) \(difference)")
      }
    }
  }

  @Test func textsAreAsWideAsTheySay() throws {
    for text in ["H", "Hamburg", "0.25", "-0.4", "fx, cycles", "É"] {
      let columns = try #require(ink(text).columns)
      let width = DrawingCanvas.width(of: text)
      #expect(abs(Double(columns.count) - width) <= 1.5, "\(text): \(columns.count) \(width)")
      #expect(abs(columns.lowerBound - 20) <= 1)
    }
    // Anchored at the end or in the middle, the ink is there.
    for (anchor, expected) in [(TextAnchor.end, 60.0), (.middle, 60 + DrawingCanvas.width(of: "0.25") / 2)] {
      var canvas = DrawingCanvas(height: 24, width: 120)
      canvas.write("0.25", x: 60, baseline: 17, color: .grey(0), anchor: anchor)
      let pixels = canvas.image.pixels.rows(0..<1).elements
      let last = (0..<120).last { column in (0..<24).contains { pixels[$0 * 120 + column] < 0.5 } }
      #expect(abs(Double(try #require(last)) + 1 - expected) <= 1.5)
    }
  }

  @Test func drawingOutsideIsLeftOut() {
    var canvas = DrawingCanvas(height: 10, width: 10)
    canvas.write("outside", x: -200, baseline: 5, color: .grey(0))
    canvas.stroke([[(-50, -50), (60, 60)], [], [(.nan, 3)]], thickness: 2, color: .grey(0))
    canvas.stroke([[(-50, -50), (60, 60)]], thickness: 2, color: .grey(0))
    #expect(canvas[5, 5] == .grey(0) && canvas[0, 9] == .grey(1))
  }

  // MARK: Signs

  @Test func signedPictures() {
    let image = ImagePlanes(planes: Tensor<Double>([1, 1, 3], [-4, 0, 2]))
    let signed = SignedPicture(image)
    #expect(signed.limit == 4)
    for (column, share) in [0, 0.5, 0.75].enumerated() {
      let color = ColorMap.signed(share)
      #expect((0..<3).map { signed.image.pixels[$0, 0, column] } == [color.red, color.green, color.blue])
    }
    let colours = SignedPicture(ImagePlanes(planes: Tensor<Float>([3, 1, 1], [-0.5, 0, 0.25])), limit: 0.5)
    #expect(colours.image.pixels.elements == [0, 0.5, 0.75])
    #expect(
      SignedPicture(ImagePlanes(planes: Tensor<Float>.zeros([3, 2, 2]))).image.pixels
        == Tensor([3, 2, 2], repeating: 0.5))
  }

  @Test func arraysAreStretchedToBeSeen() {
    let array = ImagePlanes(
      planes: Tensor<Double>([2, 1, 3], [-10, 0, 10, 7, 7, 7]), origin: .array(.float64, hasChannelAxis: true))
    #expect(RasterImage(shown: array).pixels == Tensor([1, 1, 3], [0, 0.5, 1]))
    let within = ImagePlanes(
      planes: Tensor<Float>([1, 1, 2], [0.2, 0.3]), origin: .array(.float32, hasChannelAxis: false))
    #expect(RasterImage(shown: within).pixels.elements == [0.2, 0.3])
  }
}
