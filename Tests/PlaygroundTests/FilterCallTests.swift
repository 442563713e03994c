import Foundation
import SpectralPlayground
import SpectralKit
import TestSupport
import Testing

/// Filters, asked for as the page does: pixels as the library computes them, files as the command writes them.
@Suite struct FilterCallTests {
  let visitor: Visitor

  init() throws { visitor = try Visitor() }

  private static func step(_ kind: String, _ arguments: String? = nil) -> [String: Any] {
    ["kind": kind].merging(arguments.map { ["arguments": $0] } ?? [:]) { $1 }
  }

  /// Requests that show all that a command can say. Nothing changes them.
  nonisolated(unsafe) static let requests: [(name: String, words: [String: Any])] = [
    ("a low-pass", ["steps": [step("lowpass", "gaussian:0.08")]]),
    ("a high-pass", ["steps": [step("highpass", "butterworth:0.1,2")]]),
    (
      "several",
      [
        "steps": [
          step("bandstop", "gaussian:0.1,0.15"), step("notch", "ideal:0.25,-0.1,0.02"),
          step("unsharp", "gaussian:0.1,0.8"),
        ],
        "boundary": "mirror",
      ]
    ),
    ("the Laplacian", ["steps": [step("laplacian")], "luminance": true]),
    ("a homomorphic filter", ["steps": [step("lowpass", "gaussian:0.2"), step("homomorphic", "gaussian:0.02,0.5,2")]]),
    (
      "linear light",
      ["steps": [step("directional", "keep:gaussian:30,20")], "linearLight": true, "boundary": "circular"]
    ),
    ("a direction removed", ["steps": [step("directional", "remove:butterworth:90,2,0.05,2")]]),
    (
      "two homomorphic filters of the luminance",
      [
        "steps": [step("homomorphic", "gaussian:0.02,0.5,2"), step("homomorphic", "gaussian:0.1,1,0.5")],
        "luminance": true,
      ]
    ),
    (
      "luminance in linear light",
      ["steps": [step("high-boost", "gaussian:0.1,1.5")], "linearLight": true, "luminance": true]
    ),
    ("a mask", ["mask": ["height": 64, "width": 48]]),
    (
      "a mask after a filter",
      ["steps": [step("lowpass", "ideal:0.3")], "mask": ["height": 64, "width": 48], "boundary": "zero"]
    ),
  ]

  static let mask: [UInt8] = {
    var random = RandomGenerator(seed: 3)
    return (0..<64 * 48).map { _ in UInt8.random(in: 0...255, using: &random) }
  }()

  private func post(_ call: String, _ words: [String: Any], picture: String = "scene") throws -> Answer {
    try visitor.post(
      "/api/filter\(call)", words.merging(["picture": picture]) { $1 }, bytes: words["mask"] == nil ? [] : Self.mask)
  }

  @Test(arguments: requests.indices) func aPreviewShowsWhatIsExported(_ index: Int) throws {
    let (name, words) = Self.requests[index]
    let preview = try post("", words)
    let export = try ImagePlanes<Float>(data: Data(post("/export", words).body))
    let exact = try PixelBytes(RasterImage(shown: export)).data
    #expect(preview.status == 200 && preview.body.count == exact.count)
    // The transform that is kept is padded in full, the export's as far as the filter reaches: half a step of 16 bits.
    let largest = zip(preview.body, exact).map { abs(Int($0) - Int($1)) }.max()
    #expect(largest! <= 1, "\(name)")
    #expect(preview.info["isSigned"] as? Bool == ["a high-pass", "the Laplacian"].contains(name))
    #expect((preview.info["milliseconds"] as? Double ?? 0) > 0)
  }

  @Test func aDifferenceIsAroundMidGrey() throws {
    let nothing = try post("", ["view": "difference"])
    #expect(nothing.info["isSigned"] as? Bool == true && nothing.info["low"] as? Double == 0)
    #expect(nothing.body.prefix(4) == [128, 128, 128, 255])
    let some = try post("", ["view": "difference", "steps": [Self.step("lowpass", "gaussian:0.05")], "side": 64])
    #expect(some.headers["x-width"] == "64" && (some.info["high"] as! Double) > 0.1)
  }

  @Test func aHastyPreviewDiffersAtMostNearTheBorder() throws {
    let words: [String: Any] = ["steps": [Self.step("lowpass", "gaussian:0.02")]]
    let (whole, hasty) = (try post("", words).body, try post("", words.merging(["hasty": true]) { $1 }).body)
    #expect(zip(whole, hasty).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
  }

  @Test func theProfileOfAResultFallsWhereItsWavesAreTakenAway() throws {
    let words = try post("/profile", ["steps": [Self.step("lowpass", "ideal:0.1")], "boundary": "circular"]).json
    let (frequencies, before, after) = (
      try #require(words["frequencies"] as? [Double]), try #require(words["before"] as? [Double]),
      try #require(words["after"] as? [Double])
    )
    #expect(frequencies.count == before.count && before.count == after.count)
    let hasty = try post("/profile", ["steps": [Self.step("lowpass", "ideal:0.1")], "hasty": true, "side": 64]).json
    #expect((hasty["after"] as? [Any])?.count == before.count)
    for (frequency, pair) in zip(frequencies, zip(before, after)) where frequency > 0 {
      if frequency < 0.09 { #expect(abs(pair.1 / pair.0 - 1) < 1e-3) }
      if frequency > 0.11 { #expect(pair.1 < 1e-3 * pair.0) }
    }
  }

  @Test func aResponseIsWhiteWhereWavesPass() throws {
    let answer = try post("/response", ["steps": [Self.step("lowpass", "ideal:0.25")]])
    let side = 512
    #expect(answer.body.count == 4 * side * side)
    func level(_ row: Int, _ column: Int) -> UInt8 { answer.body[4 * (row * side + column)] }
    #expect(level(256, 256) == 255 && level(256, 256 + 127) == 255 && level(256, 256 + 130) == 0 && level(0, 0) == 0)
    #expect(answer.info["low"] as? Double == 0 && answer.info["high"] as? Double == 1)
  }

  @Test func whatCannotBeIsRefusedWithASentence() throws {
    let cases: [(String, [String: Any], Int)] = [
      ("", ["steps": [Self.step("lowpass", "gaussian:0.9")]], 422), ("", ["steps": [Self.step("sharpest", "1")]], 422),
      ("", ["steps": [Self.step("emphasis", "gaussian:0.02,0.5,2")]], 422),
      ("", ["steps": [Self.step("lowpass")]], 422),
      ("", ["steps": [Self.step("mask", "/etc/passwd")]], 422), ("", ["boundary": "wall"], 400),
      ("", ["view": "x"], 400),
      ("", ["side": 0], 400), ("", ["mask": ["height": 3, "width": 3]], 400),
      ("", ["mask": ["height": -1, "width": -1]], 400),
      ("", ["mask": ["height": 1 << 40, "width": 1 << 40]], 400), ("", ["steps": "lowpass"], 400),
      ("", ["steps": (0..<40).map { _ in Self.step("laplacian") }], 400), ("/export", [:], 422), ("/words", [:], 422),
      ("/mask", [:], 422),
    ]
    for (call, words, status) in cases {
      let answer = try post(call, words)
      #expect(answer.status == status, "\(call) \(words): \(answer.json)")
      #expect((answer.json["error"] as? String)?.isEmpty == false)
    }
    #expect(try post("", [:], picture: "none").status == 404)
    // Numbers beyond all bounds, in colour and in grey, signed and not.
    for picture in ["scene", "rings"] {
      for step in [Self.step("unsharp", "gaussian:0.1,1e308"), Self.step("high-boost", "gaussian:0.1,-1e308")] {
        for call in ["", "/export"] { #expect(try post(call, ["steps": [step]], picture: picture).status == 422) }
      }
      for cutoff in ["1e-200", "5e-324"] {
        let steps = [
          Self.step("highpass", "gaussian:\(cutoff)"), Self.step("notch", "butterworth:0.1,0,\(cutoff),100"),
        ]
        for call in ["", "/export"] { #expect(try post(call, ["steps": steps], picture: picture).status == 200) }
      }
    }
    for body in [[], [1, 2], [255, 255, 255, 255, 1], [2, 0, 0, 0, 0x7b, 0x7d], [1, 0, 0, 0, 0x7b]] as [[UInt8]] {
      #expect(try visitor.post("/api/filter", body).status == 400)
    }
  }
}
