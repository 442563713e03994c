import Foundation
import SpectralCore
import TestSupport
import Testing

/// The files in Fixtures are NumPy's: make_fixtures.py, NumPy 2.4.6.
@Suite struct NumPyFileTests {
  let folder = temporaryFolder()
  func fixture(_ name: String) -> String { fixtures(of: #filePath).appendingPathComponent(name).path }
  func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: name)) }

  /// 0.5, 1.5, ... as in make_fixtures.py.
  func ramp<Scalar: TensorScalar>(_: Scalar.Type) -> Tensor<Scalar> {
    Tensor([2, 3, 4], (0..<24).map { Scalar($0) + 0.5 })
  }

  @Test(arguments: ["f4.npy", "f4_big.npy", "f4_big_fortran.npy", "version2.npy", "version3.npy"])
  func readsSinglePrecision(name: String) throws {
    guard case .float(let tensor) = try NumPyFile.read(fixture(name)).values else {
      Issue.record("\(name) is single precision")
      return
    }
    #expect(tensor == ramp(Float.self))
    #expect(try Tensor<Double>(npy: fixture(name)) == ramp(Double.self))
  }

  @Test(arguments: ["f8.npy", "f8_big.npy", "f8_fortran.npy"])
  func readsDoublePrecision(name: String) throws {
    guard case .double(let tensor) = try NumPyFile.read(fixture(name)).values else {
      Issue.record("\(name) is double precision")
      return
    }
    #expect(tensor == ramp(Double.self))
    #expect(try Tensor<Float>(npy: fixture(name)) == ramp(Float.self))
  }

  @Test func readsIntegersAndHalves() throws {
    #expect(try Tensor<Double>(npy: fixture("u1.npy")) == Tensor([2, 2], [0, 1, 128, 255]))
    #expect(try Tensor<Double>(npy: fixture("i4.npy")).elements == [-0x1p31, -1, 0, 0x1p31 - 1])
    #expect(try Tensor<Double>(npy: fixture("i8.npy")).elements == [-0x1p53, -1, 0, 0x1p53])
    #expect(try NumPyFile.read(fixture("u1.npy")).elementType == .uint8)
    // 6e-8 rounds to the smallest subnormal half, 2^-24, and 6.1e-5 to the largest, 1023 times that.
    let halves = try Tensor<Float>(npy: fixture("f2.npy"))
    let expected: [Float] = [0, -0.0, 1, -2.5, 65504, 0x1p-24, 0x1.ff8p-15, .infinity, -.infinity]
    #expect(halves.hasSameBits(as: Tensor([9], expected)), "\(halves.elements)")
  }

  @Test func integersThatDoNotFitAreRefused() throws {
    let error = #expect(throws: FileError.self) { try NumPyFile.read(fixture("i8_large.npy")) }
    #expect(error?.message.contains("the integer at place 1 ") == true)
    #expect(throws: FileError.self) { try Tensor<Float>(npy: fixture("i4.npy")) }
  }

  @Test func scalarsAndEmptyArrays() throws {
    #expect(try Tensor<Double>(npy: fixture("scalar.npy")).shape == [])
    #expect(try Tensor<Double>(npy: fixture("scalar.npy")).scalar == 2.5)
    #expect(try Tensor<Float>(npy: fixture("empty.npy")).shape == [0, 3])
  }

  @Test(arguments: [("objects.npy", "Python objects"), ("complex.npy", "'<c16'"), ("fields.npy", "structured")])
  func otherTypesAreRefusedByName(name: String, word: String) {
    let error = #expect(throws: FileError.self) { try NumPyFile.read(fixture(name)) }
    #expect(error?.message.contains(word) == true)
  }

  /// The bytes must be numpy.save's own.
  @Test func writesTheBytesOfNumPy() throws {
    let path = folder.path + "/out.npy"
    func check<Scalar: TensorScalar>(_ tensor: Tensor<Scalar>, _ name: String) throws {
      try tensor.writeNPY(to: path)
      #expect(try bytes(path) == bytes(fixture(name)), "\(name)")
    }
    try check(ramp(Float.self), "f4.npy")
    try check(ramp(Double.self), "f8.npy")
    try check(Tensor<Double>([], [2.5]), "scalar.npy")
    try check(Tensor<Float>([3], [1, 2, 3]), "vector.npy")
    try check(Tensor<Float>.zeros([0, 3]), "empty.npy")
  }

  @Test func everyBitPatternSurvives() throws {
    let path = folder.path + "/bits.npy"
    var random = RandomGenerator(seed: 1)
    let tensor = Tensor<Float>([7, 11]) {
      for i in $0.indices { $0[i] = Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &random)) }
    }
    try tensor.writeNPY(to: path)
    #expect(try Tensor<Float>(npy: path).hasSameBits(as: tensor))
  }

  @Test func pipesAreRead() throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: bytes(fixture("f4.npy")))
    pipe.fileHandleForWriting.closeFile()
    #expect(try Tensor<Float>(npy: "/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)") == ramp(Float.self))
  }

  func read(_ data: Data) throws -> NumPyArray {
    let path = folder.path + "/hostile.npy"
    try data.write(to: URL(fileURLWithPath: path))
    return try NumPyFile.read(path)
  }

  @Test(arguments: ["f4.npy", "f8_fortran.npy", "f4_big.npy", "u1.npy", "scalar.npy"])
  func everyTruncationIsRefused(name: String) throws {
    for data in HostileBytes.truncations(of: try bytes(fixture(name))) {
      #expect(throws: FileError.self) { try read(data) }
    }
    #expect(throws: FileError.self) { try read(try bytes(fixture(name)) + [0]) }
  }

  @Test func damageNeverCrashes() throws {
    for data in HostileBytes.mutations(
      of: try bytes(fixture("f8_fortran.npy")).prefix(128) + Data(count: 192), count: 2000)
    {
      do { _ = try read(data) } catch { #expect(error is FileError) }
    }
  }

  @Test(arguments: [
    "(1000000000000,)", "(4294967296, 4294967296)", "(9223372036854775807,)", "(9223372036854775808,)", "(-1,)",
    "(0, 4611686018427387904, 4611686018427387904)", "(2305843009213693952,)", "(1, 2", "()", "(1.5,)", "[3]",
  ])
  func lyingShapesAreRefused(shape: String) throws {
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }\n"
    let header = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count), 0] + Array(text.utf8))
    #expect(throws: FileError.self) { try read(header + Data(count: 12)) }
    // Through a pipe the size of the file does not warn of the lie.
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: header + Data(count: 12))
    pipe.fileHandleForWriting.closeFile()
    // What a machine cannot hold is refused before anything is read.
    let error = #expect(throws: (any Error).self) {
      try NumPyFile.read("/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")
    }
    #expect(error is FileError || error is MemoryError)
  }

  @Test func otherFilesAreRefused() throws {
    let errors = [Data(), Data("hello, this is text".utf8), Data([0x93] + Array("NUMPY".utf8) + [9, 0, 0, 0])]
    for data in errors { #expect(throws: FileError.self) { try read(data) } }
    #expect(throws: FileError.self) { try NumPyFile.read(folder.path) }
    #expect(throws: FileError.self) { try NumPyFile.read("/dev/zero") }
    let error = #expect(throws: FileError.self) { try NumPyFile.read(folder.path + "/missing.npy") }
    #expect(error?.description == "\(folder.path)/missing.npy: there is no such file: check the name")
  }
}
