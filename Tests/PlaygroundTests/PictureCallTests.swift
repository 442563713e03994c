import Foundation
import SpectralPlayground
import SpectralKit
import Testing

/// Pictures, spectra and waves, asked for as the page does.
@Suite struct PictureCallTests {
  let visitor: Visitor

  init() throws { visitor = try Visitor() }

  /// A wave of 1/4 cycle per pixel along the rows, of amplitude 0.25 around a half, on 8 x 16 pixels.
  private var wave: RasterImage {
    RasterImage(pixels: Tensor([1, 8, 16], (0..<128).map { (i: Int) -> Float in 0.5 + 0.25 * [1, 0, -1, 0][i % 4] }))
  }

  @Test func theStateSaysWhatThereIs() throws {
    let words = try visitor.get("/api/state").json
    #expect(words["dataSets"] as? [String] == ["centred-digits"])
    #expect(words["threads"] as? Int == Parallel.threads)
    let pictures = try #require(words["pictures"] as? [[String: Any]])
    #expect(pictures.compactMap { $0["id"] as? String } == ["scene", "rings", "digit"])
    #expect(pictures.allSatisfy { $0["isBuiltIn"] as? Bool == true })
    #expect((words["limits"] as? [String: Int])?["bodyBytes"] == 64 << 20)
  }

  @Test func aPictureComesBackAsItWasBrought() throws {
    let file = try wave.encoded(as: .png)
    let answer = try visitor.post("/api/pictures?name=..%5C..%5Cmy%20wave.png", Array(file))
    #expect(answer.status == 200)
    #expect(answer.json["name"] as? String == "my wave.png")
    #expect(answer.json["height"] as? Int == 8 && answer.json["width"] as? Int == 16)
    let id = try #require(answer.json["id"] as? String)
    #expect(Data(try visitor.get("/api/pictures/\(id)/file").body) == file)
    let pixels = try visitor.get("/api/pictures/\(id)/pixels")
    #expect(pixels.headers["x-height"] == "8" && pixels.headers["x-width"] == "16")
    let row: [UInt8] = [191, 128, 64, 128].flatMap { [$0, $0, $0, 255] }
    #expect(pixels.body == Array((0..<32).map { _ in row }.joined()))
    let small = try visitor.get("/api/pictures/\(id)/pixels?side=4")
    #expect(small.headers["x-height"] == "2" && small.headers["x-width"] == "4" && small.body.count == 32)
  }

  @Test func theNearestWaveIsToldWithItsAmplitude() throws {
    let id = try visitor.bring(wave.encoded(as: .png), name: "wave.png")
    let words = try visitor.get("/api/pictures/\(id)/frequency?fx=0.26&fy=0.01").json
    #expect(words["fx"] as? Double == 0.25 && words["fy"] as? Double == 0)
    #expect(words["wavelength"] as? Double == 4 && words["angle"] as? Double == 0)
    #expect(abs((words["amplitude"] as! Double) - 0.25) < 1e-2)
    let mean = try visitor.get("/api/pictures/\(id)/frequency?fx=0&fy=0").json
    #expect(mean["wavelength"] == nil && abs((mean["amplitude"] as! Double) - 0.5) < 1e-2)
    // The wave alone goes from black to white.
    let alone = try visitor.get("/api/pictures/\(id)/wave?fx=0.25&fy=0")
    #expect(alone.body.prefix(16) == [255, 255, 255, 255, 128, 128, 128, 255, 0, 0, 0, 255, 128, 128, 128, 255])
    #expect(abs((alone.info["amplitude"] as! Double) - 0.25) < 1e-2)
  }

  @Test func theSpectrumIsThePictureOfTheLibrary() throws {
    let picture = try ImagePlanes<Float>(data: Data(visitor.get("/api/pictures/scene/file").body))
    let spectrum = CenteredSpectrum(picture.luminance)
    for style in SpectrumStyle.allCases {
      let answer = try visitor.get("/api/pictures/scene/spectrum?kind=\(style.rawValue)")
      #expect(Data(answer.body) == (try PixelBytes(spectrum.picture(style)).data))
    }
    #expect(try visitor.get("/api/pictures/scene/spectrum").info["high"] as? Double == 0)
    let profile = try visitor.get("/api/pictures/scene/profile").json
    #expect((profile["frequencies"] as? [Double])?.count == (profile["magnitudes"] as? [Any])?.count)
  }

  @Test func whatCannotBeIsRefusedWithASentence() throws {
    for (target, status) in [
      ("/api/pictures/none/pixels", 404), ("/api/pictures/scene/pixels?side=0", 400),
      ("/api/pictures/scene/pixels?side=x", 400), ("/api/pictures/scene/spectrum?kind=loud", 400),
      ("/api/pictures/scene/frequency", 400), ("/api/pictures/scene/frequency?fx=0.6&fy=0", 400),
      ("/api/pictures/scene/wave?fx=nan&fy=0", 400), ("/api/pictures/none/profile", 404),
    ] {
      let answer = try visitor.get(target)
      #expect(answer.status == status, "\(target)")
      #expect((answer.json["error"] as? String)?.hasSuffix(".") == true, "\(target)")
    }
  }

  @Test func whatIsNoPictureOrTooLargeIsRefusedBeforeItIsDecoded() throws {
    #expect(try visitor.post("/api/pictures", []).status == 400)
    let words = try visitor.post("/api/pictures?name=x.png", Array("no picture".utf8))
    #expect(words.status == 422 && (words.json["error"] as? String)?.contains("no picture") == true)
    // A header that claims more than the memory, and a small file that would become gigabytes.
    let claim = try visitor.post("/api/pictures?name=big.pgm", Array("P5 1000000 1000000 255\n".utf8))
    #expect(claim.status == 422)
    let bomb = try RasterImage(pixels: .zeros([1, 20_000, 20_000])).encoded(as: .png)
    #expect(bomb.count < 2 << 20)
    let refused = try visitor.post("/api/pictures?name=bomb.png", Array(bomb))
    #expect(refused.status == 422)
    #expect((refused.json["error"] as? String)?.contains("the limit is") == true, "\(refused.json)")
    let cut = try wave.encoded(as: .png).dropLast(20)
    #expect(try visitor.post("/api/pictures?name=cut.png", Array(cut)).status == 422)
  }

  @Test func whatIsTooLongIsRefused() throws {
    let long = try RasterImage(pixels: .zeros([1, 1, 70_000])).encoded(as: .png)
    let answer = try visitor.post("/api/pictures?name=long.png", Array(long))
    #expect(answer.status == 422 && (answer.json["error"] as! String).contains("65535"))
  }

  @Test func onlyTheLastFewPicturesAreKept() throws {
    let ids = try (0..<6).map { try visitor.bring(wave.encoded(as: .png), name: "\($0).png") }
    #expect(Set(ids).count == 6)
    for (place, id) in ids.enumerated() {
      #expect(try visitor.get("/api/pictures/\(id)/pixels").status == (place < 2 ? 404 : 200))
    }
    #expect(try visitor.get("/api/pictures/scene/pixels").status == 200)
  }
}
