import CZlib
import SpectralNetworks
import Foundation
import SpectralCore

/// The bytes of an IDX file, whatever its header claims.
func idx(magic: UInt32, _ extents: [UInt32], _ elements: [UInt8]) -> Data {
  var data = Data()
  for word in [magic] + extents { withUnsafeBytes(of: word.bigEndian) { data.append(contentsOf: $0) } }
  return data + Data(elements)
}

/// Three images of 2 x 4 with the pixels 0, 1, 2 ... 23.
let tinyImages = idx(magic: 2051, [3, 2, 4], Array(0..<24))
/// Their labels.
let tinyLabels = idx(magic: 2049, [3], [7, 0, 9])

/// The bytes as zlib's own gzip writer packs them.
func gzipped(_ data: Data) -> Data {
  var stream = z_stream()
  precondition(
    deflateInit2_(
      &stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
      == Z_OK)
  defer { deflateEnd(&stream) }
  var input = [UInt8](data)
  var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(data.count))))
  let capacity = output.count
  let count = input.withUnsafeMutableBufferPointer { input in
    output.withUnsafeMutableBufferPointer { output in
      stream.next_in = input.baseAddress
      stream.avail_in = UInt32(input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(capacity)
      precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END)
      return capacity - Int(stream.avail_out)
    }
  }
  return Data(output.prefix(count))
}

extension URL {
  /// Writes a file into this folder, with the folders on its way, and returns its path.
  @discardableResult
  func put(_ name: String, _ data: Data) -> String {
    let file = appendingPathComponent(name)
    try! FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try! data.write(to: file)
    return file.path
  }
}

/// What a reader says about a file it refuses; nil if it does not.
func refusal(_ read: () throws -> Void) throws -> String? {
  do {
    try read()
    return nil
  } catch let error as FileError { return error.description }
}

/// A data set of `count` images `[C, H, W]` of random bytes, with labels that take turns.
func randomDataset(_ count: Int, _ shape: TensorShape = [1, 5, 6], classes: Int = 3, seed: UInt64 = 1) -> Dataset {
  var random = RandomGenerator(seed: seed)
  return Dataset(
    name: "random", bytes: (0..<count * shape.count).map { _ in UInt8(truncatingIfNeeded: random.next()) },
    imageShape: shape, labels: (0..<count).map { $0 % classes }, classNames: (0..<classes).map(String.init))
}
