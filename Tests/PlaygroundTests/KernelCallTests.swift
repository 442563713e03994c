import Foundation
import SpectralPlayground
import SpectralKit
import Testing

/// Kernels, responses, and the window that slides.
@Suite struct KernelCallTests {
  let visitor: Visitor

  init() throws { visitor = try Visitor() }

  @Test func aKernelIsToldByNameAndByNumbers() throws {
    let named = try visitor.post("/api/kernel", ["kernel": "box:3"]).json
    let taps = try #require(named["taps"] as? [[Double]])
    #expect(taps.map(\.count) == [3, 3, 3] && taps.joined().allSatisfy { abs($0 - 1.0 / 9) < 1e-15 })
    #expect(named["isSeparable"] as? Bool == true)
    let presets = try #require(named["presets"] as? [[String: String]])
    for preset in presets {
      #expect(try visitor.post("/api/kernel", ["kernel": preset["example"]!]).status == 200, "\(preset)")
    }
    let numbers = try visitor.post("/api/kernel", ["kernel": [[1, 2], [3, 4]]]).json
    #expect(numbers["sum"] as? Double == 10 && numbers["isSeparable"] as? Bool == false)
    #expect(numbers["height"] as? Int == 2)
  }

  @Test func aResponseHasItsScale() throws {
    let magnitude = try visitor.post("/api/kernel/response", ["kernel": "sobel:x", "side": 64])
    #expect(magnitude.headers["x-width"] == "64" && abs((magnitude.info["high"] as! Double) - 8) < 1e-6)
    let spectrum = CenteredSpectrum(Kernel(.sobel(.x)).response(height: 64, width: 64))
    #expect(Data(magnitude.body) == (try PixelBytes(spectrum.evenPicture()).data))
    let phase = try visitor.post("/api/kernel/response", ["kernel": "sobel:x", "side": 64, "kind": "phase"])
    #expect(phase.info["high"] as? Double == .pi)
    // A blur lets the mean pass: white in the middle, as a mask has it.
    let level = try visitor.post("/api/kernel/response", ["kernel": "box:3", "side": 64, "kind": "level"])
    #expect(level.body[4 * (32 * 64 + 32)] == 255 && level.info["high"] as? Double == 1)
  }

  @Test func aDrawnResponseBecomesAKernel() throws {
    // All waves pass: the kernel that changes nothing.
    let answer = try visitor.post(
      "/api/kernel/design", ["size": 5, "window": "hamming", "mask": ["height": 8, "width": 8]],
      bytes: [UInt8](repeating: 255, count: 64)
    ).json
    let taps = try #require(answer["taps"] as? [[Double]])
    for row in 0..<5 {
      for column in 0..<5 { #expect(abs(taps[row][column] - (row == 2 && column == 2 ? 1 : 0)) < 1e-12) }
    }
    #expect(((answer["deviation"] as? [String: Double])?["largest"] ?? 1) < 1e-12)
  }

  @Test func bothMethodsGiveTheSamePicture() throws {
    func apply(_ method: String, _ kernel: String) throws -> Answer {
      try visitor.post(
        "/api/kernel/apply", ["picture": "scene", "kernel": kernel, "boundary": "mirror", "method": method])
    }
    for kernel in ["gaussian:2", "sobel:y"] {
      let (direct, fourier) = (try apply("direct", kernel), try apply("fft", kernel))
      #expect(zip(direct.body, fourier.body).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
      #expect(direct.info["isSigned"] as? Bool == (kernel == "sobel:y"))
    }
    let words = try visitor.post("/api/kernel/compare", ["picture": "scene", "kernel": "gaussian:2"]).json
    #expect(words["isKept"] as? Bool == true)
    let (largest, promised) = (words["largest"] as! Double, words["promised"] as! Double)
    #expect(largest > 0 && largest <= 2 * promised && (words["rms"] as! Double) <= largest)
    #expect(((words["direct"] as? [String: Double])?["milliseconds"] ?? 0) > 0)
  }

  @Test func theCrossoverIsMeasuredOnceAndKept() throws {
    let first = try visitor.post("/api/kernel/crossover", ["largest": 15])
    #expect(first.json["sizes"] as? [Int] == [3, 5, 7, 9, 11, 15])
    #expect((first.json["fft"] as? [Double])?.count == 6)
    #expect(try visitor.post("/api/kernel/crossover", ["largest": 15]).body == first.body)
    #expect(try visitor.post("/api/kernel/crossover", ["largest": 2]).status == 422)
    #expect(try visitor.post("/api/kernel/crossover", ["largest": 1000]).status == 422)
  }

  @Test func aWindowSlidesWithItsArithmetic() throws {
    // 1 2 3 / 4 5 6 / 7 8 9 under 1 0 / 0 1: each pixel and its lower right neighbour.
    let words = try visitor.post(
      "/api/slide", ["pixels": [[1, 2, 3], [4, 5, 6], [7, 8, 9]], "kernel": [[1, 0], [0, 1]]]
    ).json
    #expect(words["output"] as? [[Double]] == [[6, 8], [12, 14]])
    let windows = try #require(words["windows"] as? [[String: Any]])
    #expect(windows[1]["products"] as? [[Double]] == [[2, 0], [0, 6]] && windows[1]["sum"] as? Double == 8)
    #expect((words["largestDifference"] as! Double) < 1e-12)
    #expect((words["formula"] as? [String: String])?["rows"] == "⌊(3 + 2·0 − 1·(2 − 1) − 1) / 1⌋ + 1 = 2")
    let around = try visitor.post(
      "/api/slide", ["pixels": [[1, 2], [3, 4]], "kernel": [[1]], "padding": 1, "boundary": "circular"]
    ).json
    #expect(around["padded"] as? [[Double]] == [[4, 3, 4, 3], [2, 1, 2, 1], [4, 3, 4, 3], [2, 1, 2, 1]])
  }

  @Test func theRoomOfAWindowIsExact() throws {
    for (input, kernel, stride, padding, dilation) in [
      (5, 3, 1, 0, 1), (3, 2, 1, 0, 5), (4, 5, 2, 1, 1), (1, 1, 1, 0, 1),
    ] {
      let room = WindowRoom(input: input, kernel: kernel, stride: stride, padding: padding, dilation: dilation)
      func fits(padding: Int, dilation: Int) -> Bool {
        (try? ConvolutionProblem(
          ConvolutionGeometry(stride: AxisValues(stride), dilation: AxisValues(dilation), padding: .pixels(padding)),
          input: [1, 1, input, input], filter: [1, 1, kernel, kernel])) != nil
      }
      #expect(fits(padding: room.padding.lowerBound, dilation: dilation))
      if room.padding.lowerBound > 0 { #expect(!fits(padding: room.padding.lowerBound - 1, dilation: dilation)) }
      if let range = room.dilation {
        #expect(fits(padding: padding, dilation: range.upperBound))
        if kernel > 1 { #expect(!fits(padding: padding, dilation: range.upperBound + 1)) }
      } else {
        #expect(!fits(padding: padding, dilation: 1))
      }
    }
  }

  @Test func whatCannotBeIsRefusedWithASentence() throws {
    let cases: [(String, [String: Any], Int)] = [
      ("kernel", ["kernel": "gaus:4"], 422), ("kernel", ["kernel": "gaussian:-1"], 422),
      ("kernel", ["kernel": "box:1001"], 422), ("kernel", ["kernel": [[1, 2], [3]]], 422),
      ("kernel", ["kernel": [[]]], 422), ("kernel", ["kernel": [[1e308, 1e308]]], 422),
      ("kernel/apply", ["picture": "scene", "kernel": [[1e308, 1e308]]], 422),
      ("kernel/compare", ["picture": "scene", "kernel": [[1e308, 1e308]]], 422),
      ("kernel/response", ["kernel": [[1e308, 1e308]], "kind": "phase"], 422),
      ("kernel", ["kernel": "gaussian:1e-200"], 422),
      ("kernel/file", ["kernel": "log:1e-100"], 422), ("kernel/response", ["kernel": "gabor:8,30,1e-300"], 422),
      ("kernel", ["kernel": "disk:1e-300"], 422),
      ("kernel", ["kernel": 7], 400), ("kernel", [:], 400), ("kernel", ["kernel": "/etc/passwd"], 422),
      ("kernel/response", ["kernel": "box:3", "side": 5000], 400),
      ("kernel/response", ["kernel": "box:3", "kind": "loud"], 400),
      ("kernel/apply", ["picture": "none", "kernel": "box:3"], 404),
      ("kernel/apply", ["picture": "scene", "kernel": "box:3", "method": "magic"], 400),
      ("kernel/compare", ["picture": "scene", "kernel": "box:3", "boundary": "wall"], 400),
      ("slide", ["pixels": [[1, 2, 3]], "kernel": [[1]], "stride": 0], 422),
      ("slide", ["pixels": [[1, 2, 3]], "kernel": [[1, 1], [1, 1]]], 422),
      ("slide", ["pixels": [[1, 2], [3]], "kernel": [[1]]], 422),
      ("slide", ["pixels": [[1]], "kernel": [[1]], "padding": -1], 422),
      ("slide", ["pixels": [[1]], "kernel": [[1]], "padding": 999], 422),
      ("slide", ["pixels": [[1]], "kernel": [[1]], "dilation": 1 << 62], 422),
    ]
    for (call, words, status) in cases {
      let answer = try visitor.post("/api/\(call)", words)
      #expect(answer.status == status, "\(call) \(words): \(answer.json)")
      #expect((answer.json["error"] as? String)?.isEmpty == false)
    }
    let design: [String: Any] = ["mask": ["height": 8, "width": 8]]
    for (size, window, status) in [(4, "hann", 422), (129, "hann", 422), (-1, "hann", 422), (5, "door", 422)] {
      let words = design.merging(["size": size, "window": window]) { $1 }
      #expect(try visitor.post("/api/kernel/design", words, bytes: [UInt8](repeating: 0, count: 64)).status == status)
    }
    let impossible = try visitor.post("/api/slide", ["pixels": [[1, 2, 3]], "kernel": [[1, 1]], "dilation": 5]).json
    #expect((impossible["allowed"] as? [String: [Int]])?["dilation"] == [1, 2])
  }
}
