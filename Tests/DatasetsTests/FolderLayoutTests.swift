import SpectralNetworks
import Foundation
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

/// What of a folder is taken for what.
@Suite struct FolderLayoutTests {
  private let folder = temporaryFolder()

  private func flat(_ value: UInt8) -> Data { Data("P5\n3 2\n255\n".utf8) + Data(repeating: value, count: 6) }

  private func load() throws -> DatasetPair { try DatasetKind.folder.load(from: folder.path) }

  private func values(_ set: Dataset) -> [Int] {
    (0..<set.count).map { Int((set.image(at: $0).elements[0] * 255).rounded()) }.sorted()
  }

  @Test(
    arguments: ["train", "training", "Train"], ["test", "testing", "val", "valid", "validation", "VAL"])
  func splitsByTheirUsualNames(training: String, test: String) throws {
    for (split, value) in [(training, 1), (test, 101)] {
      folder.put("\(split)/cat/1.pgm", flat(UInt8(value)))
      folder.put("\(split)/dog/1.pgm", flat(UInt8(value + 1)))
    }
    let pair = try load()
    #expect(
      values(pair.training) == [1, 2] && values(pair.test) == [101, 102] && pair.test.classNames == ["cat", "dog"])
    #expect(
      pair.remarks == ["\(folder.path): 2 classes, cat, dog; \(training) is for training, \(test) for testing"])
  }

  @Test func ofSeveralTestFoldersOneIsTakenAndTheOthersAreNamed() throws {
    for (i, split) in ["train", "val", "test", "notes"].enumerated() {
      folder.put("\(split)/cat/1.pgm", flat(UInt8(i)))
    }
    let pair = try load()
    #expect(values(pair.test) == [2])
    #expect(pair.remarks.last == "\(folder.path): left out notes, val")
  }

  @Test func withoutATestFolderASixthIsKept() throws {
    for i in 0..<12 { folder.put("train/cat/\(i).pgm", flat(UInt8(i))) }
    let pair = try load()
    #expect(pair.training.count == 10 && pair.test.count == 2)
    #expect(pair.remarks[0].contains("of train a sixth of each is kept for testing"))
  }

  @Test func aClassMayBeCalledTrain() throws {
    for name in ["car", "train"] { for i in 0..<6 { folder.put("\(name)/\(i).pgm", flat(UInt8(i))) } }
    #expect(try load().training.classNames == ["car", "train"])
  }

  @Test func twoTrainingFoldersAreRefused() throws {
    for split in ["train", "training", "test"] { folder.put("\(split)/cat/1.pgm", flat(0)) }
    let line = try refusal { _ = try load() }
    #expect(line?.contains("both train and training") == true)
  }

  @Test func whatIsLeftOutIsSaid() throws {
    for i in 0..<6 { folder.put("cat/\(i).pgm", flat(UInt8(i))) }
    folder.put("cat/readme.txt", Data())
    folder.put("cat/a.webp", Data())
    folder.put("cat/b.webp", Data())
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("empty"), withIntermediateDirectories: true)
    let pair = try load()
    #expect(pair.training.classNames == ["cat"])
    #expect(pair.remarks.contains("\(folder.path)/empty: left out, as it is empty"))
    #expect(pair.remarks.contains("\(folder.path): left out in the classes 1 .txt files, 2 .webp files"))
  }

  @Test func aClassWithoutImagesThatAreReadIsRefusedAndNobodyIsToldToDeleteAnything() throws {
    folder.put("cat/1.pgm", flat(0))
    folder.put("dog/batch1/1.pgm", flat(0))
    let nested = try #require(try refusal { _ = try load() })
    #expect(nested.hasPrefix(folder.path + "/dog: holds folders and no images"))
    folder.put("dog/1.webp", Data())
    let other = try #require(try refusal { _ = try load() })
    #expect(other.hasPrefix(folder.path + "/dog: holds no images that are read here") && other.contains("1.webp"))
    for line in [nested, other] { #expect(!line.contains("remove") && !line.contains("delete")) }
  }

  @Test(.timeLimit(.minutes(1)))
  func pipesAndDevicesAreLeftOut() throws {
    for i in 0..<6 { folder.put("cat/\(i).pgm", flat(UInt8(i))) }
    #expect(mkfifo(folder.path + "/cat/fifo.pgm", 0o600) == 0)
    #expect(symlink("/dev/zero", folder.path + "/cat/zero.png") == 0)
    let pair = try load()
    #expect(pair.training.count + pair.test.count == 6)
    #expect(pair.remarks.contains { $0.contains("2 that are not regular files") })
    // A link that leads nowhere is an image that is missing.
    #expect(symlink("absent", folder.path + "/cat/lost.png") == 0)
    #expect(try refusal { _ = try load() }?.contains("lost.png") == true)
  }

  /// A stroke whose shape is in its alpha only.
  private func stroke(ink: Float) -> RasterImage {
    let alpha = Tensor<Float>([4, 4], (0..<16).map { $0 % 4 == 1 ? 1 : 0 })
    return RasterImage(pixels: Tensor([1, 4, 4], repeating: ink), alpha: alpha)
  }

  @Test func transparentImagesAreSeenWhateverTheirInk() throws {
    for name in ["cat", "dog"] {
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
      for i in 0..<2 { try stroke(ink: name == "cat" ? 0 : 1).write(to: "\(folder.path)/\(name)/\(i).png") }
    }
    let shape = (0..<16).map { Float($0 % 4 == 1 ? 1 : 0) }
    let pair = try load()
    for i in 0..<2 {
      let expected = pair.training.labels[i] == 0 ? shape.map { 1 - $0 } : shape
      #expect(pair.training.image(at: i).elements == expected)
    }
    #expect(
      pair.remarks.last?.contains("4 transparent images were put on a background, 2 with dark ink on white") == true)
    let grey = try DatasetKind.folder.load(from: folder.path, background: .grey(128 / 255))
    for i in 0..<2 {
      let ink: Float = grey.training.labels[i] == 0 ? 0 : 1
      #expect(grey.training.image(at: i).elements == shape.map { $0 == 1 ? ink : 128.0 / 255 })
    }
  }

  @Test func aPictureThatIsAllTransparentHasNoInk() {
    #expect(RasterImage(pixels: .zeros([1, 2, 2]), alpha: .zeros([2, 2])).inkBackground == .white)
    #expect(stroke(ink: 0.6).inkBackground == .black && stroke(ink: 0.4).inkBackground == .white)
  }
}
