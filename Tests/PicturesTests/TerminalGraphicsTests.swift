import Foundation
import SpectralImaging
import SpectralFigures
import SpectralCore
import Testing

/// What a terminal would show, read by decoders of the tests' own.
@Suite struct TerminalGraphicsTests {
  private func noise(_ height: Int, _ width: Int, steps: Int = 255) -> RasterImage {
    var random = RandomGenerator(seed: 5)
    return RasterImage(
      pixels: Tensor([3, height, width]) { values in
        for i in values.indices { values[i] = Float(Int.random(in: 0...steps, using: &random)) / Float(steps) }
      })
  }

  // MARK: Kitty

  @Test func kittySendsThePNG() throws {
    let image = noise(40, 70)
    let text = try TerminalGraphics.kitty.text(of: image, on: TerminalScreen())
    var base64 = ""
    var more = "1"
    for (index, command) in text.matches(of: /\x1b_G([^;]*);([^\x1b]*)\x1b\\/).enumerated() {
      #expect(more == "1")
      let keys = Dictionary(
        uniqueKeysWithValues: command.1.split(separator: ",").map {
          ($0.split(separator: "=")[0], $0.split(separator: "=")[1])
        })
      more = String(keys["m"]!)
      #expect(command.2.count <= 4096 && (more == "0" || command.2.count % 4 == 0))
      if index == 0 { #expect(keys["a"] == "T" && keys["f"] == "100" && keys["q"] == "2") }
      base64 += command.2
    }
    #expect(more == "0" && base64.count > 4096)
    #expect(try RasterImage(data: #require(Data(base64Encoded: base64))) == image)
    #expect(text.replacing(/\x1b_G[^\x1b]*\x1b\\/, with: "") == "\n")
  }

  // MARK: Sixel

  /// Reads Sixel as DEC's VT330/340 programmer manual describes it.
  private func sixelPixels(_ text: String) throws -> (height: Int, width: Int, pixels: [[Int]?]) {
    let match = try #require(text.wholeMatch(of: /\x1bP[0-9;]*q"1;1;([0-9]+);([0-9]+)((?:.|\n)*)\x1b\\\n/))
    let (width, height) = (Int(match.1)!, Int(match.2)!)
    var pixels = [[Int]?](repeating: nil, count: width * height)
    var colors: [Int: [Int]] = [:]
    var (x, y, color, count) = (0, 0, 0, 1)
    var rest = match.3[...]
    func number() -> Int {
      let digits = rest.prefix { $0.isNumber }
      rest = rest.dropFirst(digits.count)
      return Int(digits)!
    }
    while let letter = rest.popFirst() {
      switch letter {
      case "#":
        color = number()
        if rest.first == ";" {
          var parts: [Int] = []
          while rest.first == ";" {
            rest.removeFirst()
            parts.append(number())
          }
          #expect(parts.count == 4 && parts[0] == 2)
          colors[color] = Array(parts[1...])
        }
      case "!": count = number()
      case "$": x = 0
      case "-": (x, y) = (0, y + 6)
      default:
        let bits = Int(letter.asciiValue!) - 63
        #expect((0..<64).contains(bits))
        for _ in 0..<count {
          for row in 0..<6 where bits >> row & 1 == 1 {
            #expect(x < width && y + row < height)
            pixels[(y + row) * width + x] = colors[color]
          }
          x += 1
        }
        count = 1
      }
    }
    return (height, width, pixels)
  }

  @Test(arguments: [(1, 1), (5, 3), (6, 40), (13, 7), (48, 64)])
  func sixelOfFewColoursIsExact(height: Int, width: Int) throws {
    // Six steps a colour are 216 colours; a terminal takes them in percent.
    let image = noise(height, width, steps: 5)
    let decoded = try sixelPixels(try TerminalGraphics.sixel.text(of: image, on: TerminalScreen()))
    #expect((decoded.height, decoded.width) == (height, width))
    for i in 0..<height * width {
      let expected = (0..<3).map { Int((image.pixels.elements[$0 * height * width + i] * 100).rounded()) }
      #expect(decoded.pixels[i] == expected)
    }
  }

  /// Of a smooth picture with thousands of colours, the mean over patches stays: that is what handing on errors does.
  @Test func sixelOfManyColoursIsCloseInTheMean() throws {
    let side = 96
    let image = RasterImage(
      pixels: Tensor([3, side, side]) { values in
        for i in 0..<side * side {
          let (y, x) = (Float(i / side) / Float(side - 1), Float(i % side) / Float(side - 1))
          (values[i], values[i + side * side], values[i + 2 * side * side]) = (x, y, 0.5 + 0.5 * sin(9 * x * y))
        }
      })
    let decoded = try sixelPixels(try TerminalGraphics.sixel.text(of: image, on: TerminalScreen()))
    #expect(Set(decoded.pixels.map { $0! }).count <= 256)
    for top in stride(from: 0, to: side, by: 16) {
      for left in stride(from: 0, to: side, by: 16) {
        for channel in 0..<3 {
          var (sum, expected) = (0.0, 0.0)
          for i in 0..<256 {
            let place = (top + i / 16) * side + left + i % 16
            sum += Double(decoded.pixels[place]![channel]) / 100
            expected += Double(image.pixels.elements[channel * side * side + place])
          }
          // 256 colours are about 6 steps along each axis; what a patch's edge hands on is some of 64 pixels' errors.
          #expect(abs(sum - expected) / 256 < 0.03)
        }
      }
    }
  }

  // MARK: Letters

  @Test func halfBlocksAreTwoPixelsEach() throws {
    let image = noise(7, 5)
    let text = try TerminalGraphics.blocks.text(of: image, on: TerminalScreen())
    let lines = text.split(separator: "\n")
    #expect(lines.count == 4)
    for (line, row) in zip(lines, stride(from: 0, to: 7, by: 2)) {
      #expect(line.hasSuffix("\u{1b}[0m"))
      let cells = line.matches(of: /\x1b\[38;2;(\d+);(\d+);(\d+);(?:48;2;(\d+);(\d+);(\d+)|49)m▀/)
      #expect(cells.count == 5)
      for (column, cell) in cells.enumerated() {
        let upper = image.bytes(row, column)
        #expect([cell.1, cell.2, cell.3].map { UInt8($0)! } == [upper.red, upper.green, upper.blue])
        if row + 1 < 7 {
          let lower = image.bytes(row + 1, column)
          #expect([cell.4, cell.5, cell.6].map { UInt8($0!)! } == [lower.red, lower.green, lower.blue])
        } else {
          #expect(cell.4 == nil)
        }
      }
    }
  }

  @Test func lettersGrowWithBrightness() throws {
    let image = RasterImage(pixels: Tensor([1, 2, 10], (0..<20).map { Float($0 % 10) / 9 }))
    #expect(try TerminalGraphics.ascii.text(of: image, on: TerminalScreen()) == " .:-=+*#%@\n")
  }

  // MARK: Answers

  @Test func terminalsAreUnderstood() {
    let kitty = TerminalAnswer("\u{1b}_Gi=31;OK\u{1b}\\\u{1b}[6;20;10t\u{1b}[?62;c")
    #expect(kitty.hasKitty && !kitty.hasSixel && kitty.cell! == (20, 10))
    let sixel = TerminalAnswer("\u{1b}[?62;4;22c")
    #expect(!sixel.hasKitty && sixel.hasSixel && sixel.cell == nil)
    // A level of 4 or 14 is not the attribute 4, and a refusal is not an OK.
    let neither = TerminalAnswer("\u{1b}_Gi=31;ENOTSUP\u{1b}\\\u{1b}[6;0;10t\u{1b}[?4;14;24c")
    #expect(!neither.hasKitty && !neither.hasSixel && neither.cell == nil)
  }

  // MARK: Room

  @Test(arguments: TerminalGraphics.allCases, [(300, 2000), (2000, 300), (1, 5000), (3, 4)])
  func picturesFit(graphics: TerminalGraphics, size: (height: Int, width: Int)) throws {
    let image = RasterImage(pixels: Tensor([1, size.height, size.width], repeating: 0.7))
    let screen = TerminalScreen(columns: 60, rows: 20, cell: (18, 9))
    let text = try graphics.text(of: image, on: screen)
    let shown: (height: Int, width: Int)
    var scale = (height: 1, width: 1)
    switch graphics {
    case .kitty:
      let base64 = text.matches(of: /;([^\x1b]*)\x1b/).map(\.1).joined()
      let image = try RasterImage(data: #require(Data(base64Encoded: base64)))
      (shown, scale) = ((image.height, image.width), screen.cell)
    case .sixel:
      let decoded = try sixelPixels(text)
      (shown, scale) = ((decoded.height, decoded.width), screen.cell)
    case .blocks, .ascii:
      let lines = text.replacing(/\x1b\[[0-9;]*m/, with: "").split(separator: "\n")
      shown = (lines.count, lines.map(\.count).max()!)
    }
    #expect(shown.height <= screen.rows * scale.height && shown.width <= screen.columns * scale.width)
    #expect(shown.height == screen.rows * scale.height || shown.width == screen.columns * scale.width || size == (3, 4))
    if graphics == .kitty || graphics == .sixel {
      #expect(shown.height <= size.height && shown.width <= size.width)
    }
  }

  @Test func transparencyIsOnBlack() throws {
    let image = RasterImage(pixels: Tensor([1, 1, 2], [1, 1]), alpha: Tensor([1, 2], [0, 1]))
    #expect(try TerminalGraphics.ascii.text(of: image, on: TerminalScreen()) == " @\n")
    #expect(throws: FileError.self) {
      try TerminalGraphics.sixel.text(of: RasterImage(pixels: .zeros([1, 0, 3])), on: TerminalScreen())
    }
  }
}
