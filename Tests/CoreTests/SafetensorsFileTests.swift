import Foundation
import SpectralCore
import TestSupport
import Testing

/// tensors.safetensors is the official library's: make_fixtures.py, safetensors 0.8.0.
@Suite struct SafetensorsFileTests {
  let fixture = fixtures(of: #filePath).appendingPathComponent("tensors.safetensors").path

  var contents: SafetensorsFile {
    var file = SafetensorsFile(metadata: ["configuration": "{\"epochs\": 3, \"path\": \"a\\b\"}\té\u{1}"])
    file.put("bytes", Data("hello".utf8))
    file.put("weight", Tensor<Float>([3, 4], (0..<12).map { Float($0) + 0.5 }))
    file.put("bias", Tensor<Double>([2], [1.5, -2]))
    file.put("state", [1, 1 << 63, UInt64.max])
    file["step"] = .init(type: .int64, shape: [], bytes: Data([7, 0, 0, 0, 0, 0, 0, 0]))
    file["half"] = .init(type: .float16, shape: [2], bytes: Data([0x00, 0x3c, 0x00, 0xc1]))
    file.put("nothing", Tensor<Float>.zeros([0, 3]))
    file["odd \"name\"\n"] = .init(type: .bool, shape: [2], bytes: Data([1, 0]))
    return file
  }

  @Test func readsWhatTheLibraryWrote() throws {
    let file = try SafetensorsFile(path: fixture)
    #expect(file == contents)
    #expect(try file.tensor("weight", as: Float.self)[2, 3] == 11.5)
    #expect(try file.tensor("weight", as: Double.self)[2, 3] == 11.5)
    #expect(try file.tensor("bias", as: Double.self).elements == [1.5, -2])
    #expect(try file.tensor("half", as: Float.self).elements == [1, -2.5])
    #expect(try file.words("state") == [1, 1 << 63, .max])
    #expect(try file.integers("step") == [7])
    #expect(try file.data("bytes") == Data("hello".utf8))
    #expect(try file.tensor("nothing", as: Float.self).shape == [0, 3])
  }

  @Test func pipesAreRead() throws {
    for (extra, isWhole) in [(Data(), true), (Data([0]), false)] {
      let pipe = Pipe()
      try pipe.fileHandleForWriting.write(contentsOf: contents.data + extra)
      pipe.fileHandleForWriting.closeFile()
      let path = "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"
      if isWhole {
        #expect(try SafetensorsFile(path: path) == contents)
      } else {
        #expect(throws: FileError.self) { try SafetensorsFile(path: path) }
      }
    }
  }

  @Test func writesTheBytesOfTheLibrary() throws {
    let expected = try Data(contentsOf: URL(fileURLWithPath: fixture))
    #expect(contents.data == expected)
    let path = temporaryFolder().path + "/out.safetensors"
    try contents.write(to: path)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == expected)
    #expect(try SafetensorsFile(data: expected).data == expected)
  }

  @Test func orderOfPuttingDoesNotMatter() {
    var (a, b) = (SafetensorsFile(), SafetensorsFile())
    let names = (0..<20).map { "layer.\($0)" }
    for name in names {
      a.put(name, [UInt64(name.count)])
      a.metadata[name] = name
    }
    for name in names.reversed() {
      b.put(name, [UInt64(name.count)])
      b.metadata[name] = name
    }
    #expect(a.data == b.data)
  }

  @Test func bfloat16Widens() throws {
    var file = SafetensorsFile()
    file["x"] = .init(type: .bfloat16, shape: [2], bytes: Data([0x80, 0x3f, 0x20, 0xc0]))
    #expect(try file.tensor("x", as: Float.self).elements == [1, -2.5])
  }

  @Test func wrongNamesAndTypesAreErrors() {
    #expect(throws: FileError.self) { try contents.tensor("missing", as: Float.self) }
    #expect(throws: FileError.self) { try contents.tensor("bias", as: Float.self) }
    #expect(throws: FileError.self) { try contents.tensor("state", as: Double.self) }
    #expect(throws: FileError.self) { try contents.words("weight") }
    #expect(throws: FileError.self) { try contents.data("state") }
  }

  /// A file with this header and so many zero bytes after it.
  func file(_ header: String, dataCount: Int = 8) throws -> SafetensorsFile {
    let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
    return try SafetensorsFile(data: length + Data(header.utf8) + Data(count: dataCount))
  }

  func tensor(_ name: String, _ shape: String, _ begin: Int, _ end: Int) -> String {
    "\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}"
  }

  @Test func goodHeadersPass() throws {
    #expect(try file("{}", dataCount: 0).names.isEmpty)
    #expect(try file("{\(tensor("a", "[1]", 4, 8)), \(tensor("b", "[1]", 0, 4))}  ").names == ["a", "b"])
    let escaped = try file("{\"__metadata__\":{\"k\\u00e9\\ud83d\\ude00\":\"\\/\"},\(tensor("a", "[2]", 0, 8))}")
    #expect(escaped.metadata == ["ké😀": "/"])
  }

  @Test(arguments: [
    ("\u{89}PNG\r\n\u{1a}\n", "a PNG picture"), ("\u{93}NUMPY\u{1}\u{0}", "a .npy array"),
    ("PK\u{3}\u{4}\u{14}\u{0}\u{0}\u{0}", "a ZIP archive"),
  ])
  func otherFilesAreCalledByTheirNames(start: String, name: String) throws {
    let bytes = Data(start.unicodeScalars.map { UInt8($0.value) })
    let error = try #require(throws: FileError.self) { try SafetensorsFile(data: bytes + Data(count: 64)) }
    #expect(error.description.contains("this is \(name)"), "\(error)")
  }

  @Test func badHeadersAreRefused() {
    let headers = [
      "", "[]", " {}", "{", "{\"a\"}", "{}x",
      "{\(tensor("a", "[1]", 0, 4))}",  // bytes left over
      "{\(tensor("a", "[1]", 0, 4)),\(tensor("b", "[1]", 8, 12))}",  // a hole, and beyond the end
      "{\(tensor("a", "[1]", 0, 4)),\(tensor("b", "[1]", 0, 4))}",  // an overlap
      "{\(tensor("a", "[1]", 0, 4)),\(tensor("a", "[1]", 4, 8))}",  // a name twice
      "{\(tensor("a", "[3]", 0, 8))}",  // shape and length disagree
      "{\(tensor("a", "[4611686018427387904,4]", 0, 8))}",  // 2^64 numbers
      "{\(tensor("a", "[0,4611686018427387904,4611686018427387904]", 0, 0)),\(tensor("b", "[2]", 0, 8))}",
      "{\(tensor("a", "[2]", 8, 0))}", "{\(tensor("a", "[-2]", 0, 8))}", "{\(tensor("a", "[2.0]", 0, 8))}",
      "{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
      "{\"a\":{\"dtype\":\"X9\",\"shape\":[2],\"data_offsets\":[0,8]}}",
      "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}",
      "{\"__metadata__\":{\"k\":1},\(tensor("a", "[2]", 0, 8))}",
      "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"},\(tensor("a", "[2]", 0, 8))}",
      "{\"__metadata__\":{},\"__metadata__\":{},\(tensor("a", "[2]", 0, 8))}",
      "{\"\\ud800\":{},\(tensor("a", "[2]", 0, 8))}", "{\"\\u00g0\":{},\(tensor("a", "[2]", 0, 8))}",
    ]
    for header in headers { #expect(throws: FileError.self, "\(header)") { try file(header) } }
    let lie = Data([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]) + Data("{}".utf8)
    #expect(throws: FileError.self) { try SafetensorsFile(data: lie) }
    #expect(throws: FileError.self) { try SafetensorsFile(path: "/dev/zero") }
  }

  @Test func everyTruncationIsRefused() throws {
    let whole = contents.data
    for data in HostileBytes.truncations(of: whole) {
      #expect(throws: FileError.self) { try SafetensorsFile(data: data) }
    }
    #expect(throws: FileError.self) { try SafetensorsFile(data: whole + [0]) }
  }

  @Test func damageNeverCrashes() throws {
    for data in HostileBytes.mutations(of: contents.data, count: 5000) {
      do { _ = try SafetensorsFile(data: data).data } catch { #expect(error is FileError) }
    }
  }
}
