import Foundation

/// An array as a `.npy` file holds it.
public struct NumPyArray: Sendable {
  /// Numbers in one of the two precisions.
  public enum Values: Sendable {
    /// What single and half precision in the file become.
    case float(Tensor<Float>)
    /// What double precision, integers and booleans in the file become.
    case double(Tensor<Double>)
  }

  /// The type of the numbers in the file.
  public let elementType: ElementType
  /// The numbers, in the precision that holds what the file holds.
  public let values: Values

  /// The extents of the array.
  public var shape: TensorShape {
    switch values {
    case .float(let tensor): tensor.shape
    case .double(let tensor): tensor.shape
    }
  }
}

/// Reads and writes arrays in NumPy's `.npy` format.
///
/// Files of versions 1.0, 2.0 and 3.0 are read, little- and big-endian, in C and in Fortran order, of booleans,
/// integers and real numbers. Pipes are read too. A file must hold exactly what its header says: bytes that follow the
/// array are refused, so `.npy` arrays that were appended to one another must be split first.
///
/// Integers must fit: one that the tensor's type cannot hold exactly (beyond 2^53 in `Double`, 2^24 in `Float`) is an
/// error that names its place, not a neighbouring number.
public enum NumPyFile {
  /// Reads an array in the precision that suits it.
  ///
  /// - Throws: ``FileError``, or ``MemoryError`` for an array that the machine has no memory for.
  public static func read(_ path: String) throws -> NumPyArray {
    var file = try InputFile(path)
    let header = try NumPyHeader.read(from: &file)
    switch header.type {
    case .float16, .bfloat16, .float32:
      return NumPyArray(elementType: header.type, values: .float(try tensor(header, &file)))
    default:
      return NumPyArray(elementType: header.type, values: .double(try tensor(header, &file)))
    }
  }

  /// Reads the numbers that follow a header.
  package static func tensor<Scalar: TensorScalar>(_ header: NumPyHeader, _ file: inout InputFile) throws -> Tensor<
    Scalar
  > {
    let byteCount = try checkedByteCount(header, file)
    let shape = TensorShape(header.extents)
    let isStored = header.type == Scalar.elementType && !header.isBigEndian && file.size != nil
    // Numbers that are converted, or brought into another order, are held twice.
    let bytes = isStored ? 0 : header.type.byteCount
    let memory = MemoryEstimate(
      header.extents, scalarBytes: bytes + MemoryLayout<Scalar>.stride * (header.isFortranOrder ? 2 : 1))
    try MemoryBudget.machine.require(memory, for: "reading the array in \(file.path)", remedy: "take a smaller array")
    let elements: Tensor<Scalar>
    if isStored {
      // The size is known to be right, and the bytes need no conversion.
      elements = try Tensor(shape) { target in
        let arrived = try file.fill(UnsafeMutableRawBufferPointer(target))
        guard arrived == byteCount else {
          throw FileError(file.path, sizeMessage(header, byteCount, "\(arrived)", isMore: false))
        }
      }
    } else {
      let bytes = try file.read(upTo: byteCount)
      guard bytes.count == byteCount else {
        throw FileError(file.path, sizeMessage(header, byteCount, "\(bytes.count)", isMore: false))
      }
      elements = try bytes.withUnsafeBytes { bytes in
        try Tensor(shape) { target in
          if let place = convert(bytes, of: header.type, bigEndian: header.isBigEndian, to: target) {
            throw FileError(
              file.path,
              "the integer at place \(place) is too large for \(Scalar.self) to hold exactly: "
                + "save the array as floating-point numbers if rounding them is right")
          }
        }
      }
    }
    guard try file.read(upTo: 1).isEmpty else {
      throw FileError(file.path, sizeMessage(header, byteCount, "more than \(byteCount)", isMore: true))
    }
    return header.isFortranOrder ? rowMajor(elements) : elements
  }

  /// The bytes of the numbers that a header announces.
  ///
  /// - Throws: ``FileError`` if there can be no such array, or if another number of bytes follows the header.
  static func checkedByteCount(_ header: NumPyHeader, _ file: borrowing InputFile) throws -> Int {
    guard let byteCount = header.type.byteCount(header.extents) else {
      throw FileError(file.path, "its shape \(header.extents) is larger than any memory: the header is damaged")
    }
    if let remaining = file.remaining, remaining != byteCount {
      throw FileError(file.path, sizeMessage(header, byteCount, "\(remaining)", isMore: remaining > byteCount))
    }
    return byteCount
  }

  private static func sizeMessage(_ header: NumPyHeader, _ expected: Int, _ found: String, isMore: Bool) -> String {
    let shape = header.extents.isEmpty ? "scalar" : header.extents.map(String.init).joined(separator: " x ")
    return "the header announces \(shape) numbers of \(header.type.byteCount) bytes, \(expected) bytes in all, "
      + "but \(found) follow: " + (isMore ? "the file must hold one array and nothing else" : "the file was cut short")
  }

  /// Brings elements whose first axis is contiguous into row-major order.
  private static func rowMajor<Scalar: TensorScalar>(_ tensor: Tensor<Scalar>) -> Tensor<Scalar> {
    let extents = tensor.shape.extents
    guard extents.count > 1, tensor.count > 0 else { return tensor }
    var strides = [1]
    for extent in extents.dropLast() { strides.append(strides.last! * extent) }
    return tensor.withUnsafeElements { source in
      Tensor(tensor.shape) { target in
        var index = [Int](repeating: 0, count: extents.count)
        let (last, lastStride) = (extents.count - 1, strides.last!)
        var offset = 0
        for row in stride(from: 0, to: target.count, by: extents[last]) {
          for i in 0..<extents[last] { target[row + i] = source[offset + i * lastStride] }
          // Advance the other axes as an odometer does.
          var axis = last - 1
          while axis >= 0 {
            index[axis] += 1
            offset += strides[axis]
            if index[axis] < extents[axis] { break }
            offset -= extents[axis] * strides[axis]
            index[axis] = 0
            axis -= 1
          }
        }
      }
    }
  }
}

extension Tensor {
  /// Reads an array from a `.npy` file, converted to this tensor's type. See ``NumPyFile``.
  ///
  /// - Throws: ``FileError``, also for an integer that the type cannot hold exactly, or ``MemoryError`` for an array that
  ///   the machine has no memory for. Real numbers are rounded.
  public init(npy path: String) throws {
    var file = try InputFile(path)
    self = try NumPyFile.tensor(try NumPyHeader.read(from: &file), &file)
  }

  private var npyHeader: Data { NumPyHeader(type: Scalar.elementType, extents: shape.extents).bytes }

  /// The bytes of a `.npy` file, those of `numpy.save`.
  public var npyData: Data { withUnsafeElements { npyHeader + Data(UnsafeRawBufferPointer($0)) } }

  /// Writes a `.npy` file: ``npyData``.
  ///
  /// - Throws: ``FileError``.
  public func writeNPY(to path: String) throws {
    try AtomicFile.write(to: path) { (file: inout AtomicFile.Handle) in
      try file.write(npyHeader)
      try withUnsafeElements { try file.write(UnsafeRawBufferPointer($0)) }
    }
  }
}
