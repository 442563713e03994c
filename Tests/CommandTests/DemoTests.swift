import Foundation
import SpectralKit
import TestSupport
import Testing

/// `spectral demo`, shortened.
@Suite struct DemoTests {
  private let folder = temporaryFolder()

  @Test func writesPicturesAndNumbers() throws {
    let demo = spectral(
      "demo", "--output", "a/demo", "--epochs", "1", "--limit", "640", "--seed", "2", "--threads", "2",
      "--deterministic", in: folder)
    #expect(demo.code == 0 && demo.output.contains("accuracy"), "\(demo)")
    let place = folder.appendingPathComponent("a/demo")
    let readme = try String(contentsOf: place.appendingPathComponent("README.txt"), encoding: .utf8)
    let files = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
    for name in files where name != "README.txt" && name != "metrics.csv" {
      #expect(readme.contains("\n\(name) "), "README.txt says nothing of \(name)")
    }
    for name in files.filter({ $0.hasSuffix(".png") }) {
      let image = try RasterImage(path: place.appendingPathComponent(name).path)
      #expect(Set(image.pixels.elements.prefix(100_000)).count > 2, "\(name) is blank")
    }
    #expect(files.filter { $0.hasSuffix(".png") }.count == 7 && files.contains("loss.svg"))
    let summary = try JSONSerialization.jsonObject(with: Data(contentsOf: place.appendingPathComponent("summary.json")))
    let json = try #require(summary as? [String: [String: Any]])
    #expect(json["cross_check"]?["bound_kept"] as? Bool == true)
    #expect(json["training"]?["convolution"] as? String == "fft" && json["training"]?["images"] as? Int == 640)
    #expect(json["evaluation"]?["count"] as? Int == DatasetKind.digitCounts.test)
    let checkpoint = place.appendingPathComponent("lenet5.safetensors").path
    let evaluation = spectral("evaluate", "--checkpoint", checkpoint, "--json")
    #expect(evaluation.json["accuracy"] as? Double == json["evaluation"]?["accuracy"] as? Double)
  }

  @Test func aFolderThatCannotBeMade() throws {
    try Data().write(to: folder.appendingPathComponent("file"))
    let demo = spectral("demo", "--output", "file/demo", in: folder)
    #expect(demo.code == 1 && demo.talk.contains("file/demo") && demo.lines.count == 1, "\(demo)")
  }
}
