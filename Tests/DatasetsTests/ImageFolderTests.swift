import SpectralNetworks
import Foundation
import SpectralImaging
import SpectralCore
import TestSupport
import Testing

@Suite struct ImageFolderTests {
  let folder = temporaryFolder()

  /// A portable map of one value everywhere, grey or colour.
  func flat(_ value: UInt8, height: Int = 2, width: Int = 3, channels: Int = 1) -> Data {
    Data("P\(channels == 1 ? 5 : 6)\n\(width) \(height)\n255\n".utf8)
      + Data(repeating: value, count: height * width * channels)
  }

  /// The value of each image of a data set of flat images.
  func values(_ set: Dataset) -> [Int] {
    (0..<set.count).map { Int((set.image(at: $0).elements[0] * 255).rounded()) }
  }

  @Test("Folders train and test are taken as they are; what is hidden or no image is left alone")
  func readsSplits() throws {
    folder.put("train/dog/b.pgm", flat(3))
    folder.put("train/cat/z.PGM", flat(1))
    folder.put("train/cat/a.ppm", flat(2, channels: 3))
    folder.put("test/dog/1.pgm", flat(4))
    folder.put("test/dog/2.pgm", flat(5))
    folder.put("train/cat/.hidden.pgm", Data("no image".utf8))
    folder.put("train/cat/notes.txt", Data("no image".utf8))
    folder.put("train/.cache/x.pgm", Data("no image".utf8))
    folder.put("readme.png", Data("no image".utf8))
    let pair = try DatasetKind.folder.load(from: folder.path)
    #expect(pair.training.classNames == ["cat", "dog"])
    // The first image, a.ppm, is in colour: so are all.
    #expect(pair.training.imageShape == [3, 2, 3])
    let training = zip(values(pair.training), pair.training.labels).map { [$0, $1] }
    #expect(Set(training) == [[1, 0], [2, 0], [3, 1]])
    #expect(values(pair.test) == [4, 5] && pair.test.labels == [1, 1])
    #expect(pair.training.normalization == pair.training.measuredNormalization)
    #expect(pair.test.normalization == pair.training.normalization)

    let grey = try ImageFolder(folder.path, colors: .grey).load()
    #expect(grey.training.imageShape == [1, 2, 3])
    #expect(Set(values(grey.training)) == [1, 2, 3])
  }

  @Test("Otherwise a sixth of each class, chosen by the seed, is for testing")
  func splits() throws {
    for i in 0..<12 { folder.put("a/\(i).pgm", flat(UInt8(i))) }
    for i in 0..<7 { folder.put("b/\(i).pgm", flat(UInt8(100 + i))) }
    folder.put("c/only.pgm", flat(200))
    func load(_ seed: UInt64) throws -> DatasetPair { try DatasetKind.folder.load(from: folder.path, seed: seed) }
    let pair = try load(1)
    #expect(pair.test.countPerClass == [2, 1, 0] && pair.training.countPerClass == [10, 6, 1])
    #expect((values(pair.training) + values(pair.test)).sorted() == Array(0..<12) + Array(100..<107) + [200])
    #expect(pair.training.labels != pair.training.labels.sorted(), "classes are mixed")
    let again = try load(1)
    #expect(values(again.training) == values(pair.training) && values(again.test) == values(pair.test))
    #expect(try (2...6).contains { values(try load($0).test) != values(pair.test) })
    // A limit takes the first of the same order, and leaves the test images alone.
    let few = try DatasetKind.folder.load(from: folder.path, seed: 1, limit: 4)
    #expect(values(few.training) == Array(values(pair.training).prefix(4)))
    #expect(values(few.test) == values(pair.test))
  }

  @Test("All images get the size of the first, or the one that is asked for")
  func resizes() throws {
    var random = RandomGenerator(seed: 6)
    let large = RasterImage(pixels: .uniform([3, 9, 11], in: 0..<1, using: &random))
    folder.put("train/a/1.pgm", flat(80, height: 4, width: 5))
    folder.put("test/a/1.pgm", flat(90, height: 30, width: 2))
    try large.write(to: folder.path + "/train/a/2.png")
    for (size, expected) in [(nil, [4, 5]), ((height: 6, width: 3), [6, 3])] as [((height: Int, width: Int)?, [Int])] {
      let pair = try DatasetKind.folder.load(from: folder.path, imageSize: size)
      #expect(pair.training.imageShape == TensorShape([1] + expected))
      #expect(values(pair.test) == [90])
      let resized = try RasterImage(path: folder.path + "/train/a/2.png").luminance
        .resized(height: expected[0], width: expected[1]).pixels
      // The one that is not flat; bytes are off by half a step at most, and a rounding or two.
      let index = try #require((0..<2).first { Set(pair.training.image(at: $0).elements).count > 1 })
      #expect((pair.training.image(at: index) - resized).maximumMagnitude < 0.5 / 255 + 1e-6)
    }
  }

  @Test func namesTheBadImage() throws {
    for i in 0..<30 { folder.put("train/a/\(i).pgm", flat(UInt8(i))) }
    folder.put("test/a/1.pgm", flat(1))
    folder.put("train/a/17.pgm", Data(flat(17).dropLast()))
    let line = try refusal { _ = try DatasetKind.folder.load(from: folder.path) }
    #expect(line?.hasPrefix(folder.path + "/train/a/17.pgm: ") == true)
    folder.put("train/a/17.pgm", Data("P5 0 0 255 ".utf8))
    #expect(try refusal { _ = try DatasetKind.folder.load(from: folder.path) }?.contains("17.pgm") == true)
  }

  @Test func namesTheEmptyFolder() throws {
    func line() throws -> String? { try refusal { _ = try DatasetKind.folder.load(from: folder.path) } }
    #expect(try line()?.contains("no folders of images") == true)
    folder.put("a/1.pgm", flat(1))
    #expect(try line()?.contains("no class has two images") == true)
    folder.put("b/readme.txt", Data())
    #expect(try line()?.hasPrefix(folder.path + "/b: holds no images") == true)
    folder.put("train/a/1.pgm", flat(1))
    folder.put("test/b/1.pgm", flat(1))
    #expect(try line()?.hasPrefix(folder.path + "/test/b: ") == true)
    #expect(
      try refusal { _ = try DatasetKind.folder.load(from: folder.path, imageSize: (0, 5)) }?.contains("0 x 5") == true)
  }

  @Test("What there is can be judged by names and headers, before any image is decoded")
  func isJudgedByHeaders() throws {
    // Headers are whole, and the pixels behind them are not.
    let png = try RasterImage(pixels: .zeros([3, 40, 30])).encoded(as: .png)
    for name in ["a/1", "a/2", "b/1", "b/2"] { folder.put("train/\(name).png", png.prefix(60)) }
    folder.put("test/a/1.png", png.prefix(60))
    struct Refusal: Error {}
    var outline: DatasetOutline?
    #expect(throws: Refusal.self) {
      try ImageFolder(folder.path).load {
        outline = $0
        throw Refusal()
      }
    }
    #expect(outline?.imageShape == [3, 40, 30] && outline?.classNames == ["a", "b"])
    #expect(outline?.trainingCount == 4 && outline?.testCount == 1)
    #expect(throws: FileError.self) { try ImageFolder(folder.path).load() }
  }

  @Test("Folders and images may have names that are not UTF-8")
  func takesAnyNames() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, value) in [([0x61, 0xff], 10), ([0x62], 20)] as [([UInt8], UInt8)] {
      let path = folder.path + "/" + FileName.decode(name)
      try FileSystem.createFolder(path)
      for i in 0..<6 { try AtomicFile.write(flat(value), to: path + "/\(i)" + FileName.decode([0xfe]) + ".pgm") }
    }
    let pair = try ImageFolder(folder.path).load()
    #expect(pair.training.classNames == [FileName.decode([0x61, 0xff]), "b"])
    #expect(pair.training.count == 10 && pair.test.count == 2)
  }
}
