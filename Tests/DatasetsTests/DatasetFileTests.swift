import SpectralNetworks
import Foundation
import SpectralCore
import TestSupport
import Testing

@Suite struct DatasetFileTests {
  let folder = temporaryFolder()

  @Test(
    "The names of the four files, as they are met",
    arguments: [
      ("", "-", ""), ("", "-", ".gz"), ("", ".", ""), ("", ".", ".gz"), ("raw/", "-", ".gz"),
    ])
  func findsFiles(place: String, joint: String, ending: String) throws {
    for split in ["train", "t10k"] {
      for (what, kind, data) in [("images", "idx3", tinyImages), ("labels", "idx1", tinyLabels)] {
        folder.put("\(place)\(split)-\(what)\(joint)\(kind)-ubyte\(ending)", ending == "" ? data : gzipped(data))
      }
    }
    let pair = try DatasetKind.mnist.load(from: folder.path, limit: 2)
    #expect(pair.training.labels == [7, 0] && pair.test.labels == [7, 0, 9])
    #expect(pair.test.imageShape == [1, 2, 4])
    #expect(pair.training.image(at: 1).elements == (8..<16).map { Float($0) / 255 })
  }

  @Test func saysWhichFileIsMissingAndWhereToGetIt() throws {
    folder.put("train-images-idx3-ubyte", tinyImages)
    let line = try refusal { _ = try DatasetKind.mnist.load(from: folder.path) }
    #expect(line?.contains("train-labels-idx1-ubyte") == true && line?.contains("https://") == true)
    #expect(try refusal { _ = try DatasetKind.cifar10.load(from: folder.path) }?.contains("https://") == true)
    #expect(try refusal { _ = try DatasetKind.mnist.load(from: folder.path + "/no") }?.contains("no folder") == true)
  }

  @Test func refusesLabelsOfOtherImages() throws {
    for split in ["train", "t10k"] {
      folder.put("\(split)-images-idx3-ubyte", tinyImages)
      folder.put("\(split)-labels-idx1-ubyte", idx(magic: 2049, [4], [1, 2, 3, 4]))
    }
    let line = try refusal { _ = try DatasetKind.mnist.load(from: folder.path) }
    #expect(line?.contains("4 labels for the 3 images") == true)
  }

  @Test("Labels that a small file inflates to two billion of are compared with the images before they are read")
  func refusesABombOfLabels() throws {
    // Deflate packs zeros 1032 to 1; the header claims what 1 MB of them may become, and none follow.
    let bomb = gzipped(idx(magic: 2049, [1_000_000_000], [])) + Data(count: 1 << 20)
    for split in ["train", "t10k"] {
      folder.put("\(split)-images-idx3-ubyte", tinyImages)
      folder.put("\(split)-labels-idx1-ubyte.gz", bomb)
    }
    let line = try refusal { _ = try DatasetKind.mnist.load(from: folder.path) }
    #expect(line?.contains("1000000000 labels for the 3 images") == true)
  }

  @Test func refusesSplitsOfDifferentSizes() throws {
    for split in ["train", "t10k"] {
      let extents: [UInt32] = split == "train" ? [3, 2, 4] : [3, 4, 2]
      folder.put("\(split)-images-idx3-ubyte", idx(magic: 2051, extents, Array(0..<24)))
      folder.put("\(split)-labels-idx1-ubyte", tinyLabels)
    }
    #expect(try refusal { _ = try DatasetKind.mnist.load(from: folder.path) }?.contains("different data sets") == true)
  }

  @Test func readsRecordsOfCIFAR() throws {
    func record(_ label: UInt8, _ first: UInt8) -> Data {
      Data([label, first]) + Data(repeating: 5, count: 3070) + Data([label])
    }
    folder.put("data_batch_1.bin", record(3, 100) + record(9, 200))
    folder.put("data_batch_4.bin", record(0, 50))
    folder.put("test_batch.bin", record(1, 10))
    let pair = try DatasetKind.cifar10.load(from: folder.path)
    #expect(pair.training.labels == [3, 9, 0] && pair.test.labels == [1])
    #expect(pair.training.classNames[9] == "truck")
    let image = pair.training.image(at: 1)
    #expect(image.shape == [3, 32, 32])
    #expect(image[0, 0, 0] == 200.0 / 255 && image[0, 0, 1] == 5.0 / 255 && image[2, 31, 31] == 9.0 / 255)

    folder.put("data_batch_4.bin", record(0, 50) + Data(count: 17))
    #expect(try refusal { _ = try DatasetKind.cifar10.load(from: folder.path) }?.contains("3090 bytes") == true)
    folder.put("data_batch_4.bin", Data())
    #expect(try refusal { _ = try DatasetKind.cifar10.load(from: folder.path) }?.contains("0 bytes") == true)
    folder.put("data_batch_4.bin", record(0, 50) + record(10, 0))
    #expect(try refusal { _ = try DatasetKind.cifar10.load(from: folder.path) }?.contains("record 1") == true)
  }

  @Test("Kinds that need files say so without them", arguments: DatasetKind.allCases.filter { !$0.isDrawn })
  func asksForData(kind: DatasetKind) throws {
    let error = try #require(throws: FileError.self) { _ = try kind.load() }
    #expect(error.description.hasPrefix(kind.rawValue) && error.description.contains("needs files"))
    #expect(error.settings == [.dataFolder])
  }

  @Test func checksArguments() throws {
    #expect(try refusal { _ = try DatasetKind.digits.load(limit: 0) }?.contains("a limit of 0") == true)
    #expect(try refusal { _ = try DatasetKind.digits.load(limit: .max) }?.contains("at most") == true)
    #expect(try refusal { _ = try DatasetKind.digits.load(from: folder.path) }?.contains("give no folder") == true)
  }
}

/// The numbers that everybody who has the real files must get.
@Suite struct RealDataTests {
  @Test(.enabled(if: sharedData("mnist") != nil, "needs ../shared/data/mnist"))
  func mnist() throws {
    let pair = try DatasetKind.mnist.load(from: sharedData("mnist")!.path)
    #expect(pair.training.imageShape == [1, 28, 28])
    #expect(pair.training.labels.prefix(5) == [5, 0, 4, 1, 9])
    #expect(pair.test.labels.prefix(5) == [7, 2, 1, 0, 4])
    #expect(pair.training.countPerClass == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    #expect(pair.test.countPerClass == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    // The constants that everybody normalizes with, measured: a wrong byte order or offset would show.
    expectMeasured(pair.training)
  }

  @Test(.enabled(if: sharedData("fashion-mnist") != nil, "needs ../shared/data/fashion-mnist"))
  func fashion() throws {
    let pair = try DatasetKind.fashionMNIST.load(from: sharedData("fashion-mnist")!.path)
    #expect(pair.training.countPerClass == .init(repeating: 6000, count: 10))
    #expect(pair.test.countPerClass == .init(repeating: 1000, count: 10))
    #expect(pair.training.labels.prefix(5) == [9, 0, 0, 3, 0])
    #expect(pair.test.labels.prefix(5) == [9, 2, 1, 1, 6])
    expectMeasured(pair.training)
  }

  @Test(.enabled(if: sharedData("cifar-10-sample") != nil, "needs ../shared/data/cifar-10-sample"))
  func cifar() throws {
    let pair = try DatasetKind.cifar10.load(from: sharedData("cifar-10-sample")!.path, limit: 10_000)
    #expect(pair.training.count == 10_000 && pair.test.count == 1_000)
    #expect(pair.training.labels.prefix(5) == [6, 9, 9, 4, 1])
    #expect(pair.test.labels.prefix(5) == [3, 8, 8, 0, 6])
    // A fifth of the data the constants are of: their mean is known to about 0.25 / sqrt(10,000).
    for (measured, published) in zip(pair.training.measuredNormalization.mean, pair.training.normalization.mean) {
      #expect(abs(measured - published) < 0.0025)
    }
  }

  func expectMeasured(_ dataset: Dataset) {
    let measured = dataset.measuredNormalization
    #expect(abs(measured.mean[0] - dataset.normalization.mean[0]) < 5e-5 + 1e-5)
    #expect(abs(measured.deviation[0] - dataset.normalization.deviation[0]) < 5e-5 + 1e-5)
  }
}
