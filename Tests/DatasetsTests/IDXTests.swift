import SpectralNetworks
import Foundation
import SpectralCore
import TestSupport
import Testing

@Suite struct IDXTests {
  let folder = temporaryFolder()

  @Test(arguments: [false, true])
  func readsWhatWasWritten(packed: Bool) throws {
    let images = try IDX.images(folder.put("images", packed ? gzipped(tinyImages) : tinyImages))
    #expect(images.count == 3 && images.height == 2 && images.width == 4)
    #expect(images.pixels == Array(0..<24))
    #expect(try IDX.labels(folder.put("labels", packed ? gzipped(tinyLabels) : tinyLabels)) == [7, 0, 9])
  }

  @Test("A gzip file may have several members, and zeros after the last")
  func readsMembers() throws {
    let parts = gzipped(tinyImages.prefix(20)) + gzipped(Data()) + gzipped(tinyImages.dropFirst(20)) + Data(count: 512)
    #expect(try IDX.images(folder.put("images", parts)).pixels == Array(0..<24))
  }

  @Test("Content larger than every buffer arrives whole", arguments: [false, true])
  func readsLargeFiles(packed: Bool) throws {
    var random = RandomGenerator(seed: 5)
    let pixels = (0..<5000 * 30 * 30).map { _ in UInt8(truncatingIfNeeded: random.next() & 0x1f) }
    let data = idx(magic: 2051, [5000, 30, 30], pixels)
    #expect(try IDX.images(folder.put("images", packed ? gzipped(data) : data)).pixels == pixels)
  }

  @Test("Every beginning of a file is refused in one line that names it", arguments: [false, true])
  func refusesTruncations(packed: Bool) throws {
    for (data, read) in [
      (tinyImages, { _ = try IDX.images($0) }), (tinyLabels, { _ = try IDX.labels($0) }),
    ] as [(Data, (String) throws -> Void)] {
      for beginning in HostileBytes.truncations(of: packed ? gzipped(data) : data) {
        let path = folder.put("cut", beginning)
        let line = try #require(try refusal { try read(path) }, "\(beginning.count) bytes were taken for a file")
        #expect(line.hasPrefix(path + ": ") && !line.contains("\n"))
      }
    }
  }

  @Test("Damaged gzip never passes for other pixels")
  func refusesDamage() throws {
    let whole = gzipped(tinyImages)
    for damaged in HostileBytes.mutations(of: whole, count: 500) {
      let path = folder.put("damaged", damaged)
      // Damage to the header's time stamp, name of system and the like is harmless; the checksum tells the rest.
      var pixels: [UInt8]?
      _ = try refusal { pixels = try IDX.images(path).pixels }
      #expect(pixels == nil || pixels == Array(0..<24))
    }
  }

  @Test func comparesTheChecksum() throws {
    var damaged = gzipped(tinyImages)
    damaged[damaged.count - 8] ^= 1
    let line = try refusal { _ = try IDX.images(folder.put("crc", damaged)) }
    #expect(line?.contains("incorrect data check") == true)
  }

  @Test(
    "A header that claims more than there is costs no memory",
    arguments: [
      [UInt32.max, UInt32.max, UInt32.max], [1_000_000, 1_000, 1_000], [1 << 31, 1, 1], [2_000_000, 28, 28], [4, 2, 4],
    ] as [[UInt32]], [false, true])
  func refusesLies(extents: [UInt32], packed: Bool) throws {
    let data = idx(magic: 2051, extents, Array(0..<24))
    let line = try refusal { _ = try IDX.images(folder.put("lie", packed ? gzipped(data) : data)) }
    #expect(line?.contains("claims \(extents[0]) x \(extents[1]) x \(extents[2])") == true)
  }

  @Test("A bomb is left where its header's claim ends")
  func refusesBombs() throws {
    // 64 MB of zeros in 64 KB, ten times over: more than the reader would unpack in the time of this test.
    let zeros = gzipped(Data(count: 64 << 20))
    let bomb = (0..<10).reduce(gzipped(idx(magic: 2051, [1, 2, 2], []))) { bomb, _ in bomb + zeros }
    let path = folder.put("bomb", bomb)
    let line = try refusal { _ = try IDX.images(path) }
    #expect(line?.contains("holds more than the 1 x 2 x 2 bytes") == true)
  }

  @Test(arguments: [
    (gzipped(gzipped(tinyImages)), "gzipped twice"), (tinyLabels, "file of labels"),
    (Data("<html><body>".utf8), "web page"),
    (idx(magic: 0x0d03, [3, 2, 4], Array(0..<24)), "magic number is 3331"),
    (idx(magic: 2051, [0, 28, 28], []), "none"), (tinyImages + [0], "holds more"), (Data(), "too short"),
  ])
  func refusesOtherFiles(data: Data, reason: String) throws {
    let path = folder.put("other", data)
    let line = try refusal { _ = try IDX.images(path) }
    #expect(line?.contains(reason) == true, "\(line ?? "no refusal")")
  }

  @Test func refusesLabelsOutOfRange() throws {
    let path = folder.put("labels", idx(magic: 2049, [4], [3, 9, 10, 1]))
    #expect(try refusal { _ = try IDX.labels(path) }?.contains("label number 2 is 10") == true)
    #expect(try IDX.labels(path, classes: 11) == [3, 9, 10, 1])
  }

  @Test("What is no regular file is refused at once, even a pipe that nobody writes to")
  func refusesFoldersAndPipes() throws {
    #expect(try refusal { _ = try IDX.images(folder.path) } != nil)
    #expect(try refusal { _ = try IDX.images(folder.path + "/missing") } != nil)
    let pipe = folder.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(try refusal { _ = try IDX.images(pipe) }?.contains("not a regular file") == true)
  }
}
