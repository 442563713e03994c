import Foundation
import Imaging
import Tensors

extension Kernel {
  /// Reads a kernel: an array `[kH, kW]` of a `.npy` file as it is, or a picture.
  ///
  /// Of a picture the luminance counts, black is 0, and the taps are scaled to sum 1, since a picture can only say how
  /// they compare.
  ///
  /// - Parameter byteLimit: The most bytes that the taps, or the decoded picture, may take.
  /// - Throws: ``FileError`` for a file that cannot be read or holds no kernel.
  public init(path: String, byteLimit: Int = KernelShape.defaultByteLimit) throws {
    if try Self.isPicture(path) {
      let pixels = try Image(path: path, sizeLimit: byteLimit).luminance.pixels
      let taps = pixels.converted(to: Double.self).reshaped(to: [pixels.shape[1], pixels.shape[2]])
      guard taps.count > 0, taps.sum > 0 else {
        throw FileError(path, "the picture is black, and a kernel of nothing but 0 makes nothing: make it brighter")
      }
      self.init(taps / taps.sum)
      return
    }
    let array = try Tensor<Double>(npy: path)
    let extents = array.shape.extents
    guard extents.count >= 2, extents.dropLast(2).allSatisfy({ $0 == 1 }), array.count > 0 else {
      throw FileError(path, "an array of shape \(array.shape) is no kernel: it must be kH x kW, and not empty")
    }
    guard array.isFinite else {
      throw FileError(path, "the kernel holds NaN or infinity, and no error bound holds for that: mend it first")
    }
    self.init(array.reshaped(to: Shape(Array(extents.suffix(2)))))
  }

  private static func isPicture(_ path: String) throws -> Bool {
    var file = try InputFile(path)
    // A pipe cannot be read again, and holds no picture that could be named.
    guard file.size != nil else { return false }
    return ImageFormat(firstBytes: try file.read(upTo: 8)) != nil
  }

  /// Writes the taps, whole or not at all: a `.npy` file with the numbers themselves, in double precision, or a picture
  /// of 16 bits where the format can.
  ///
  /// In a picture the largest tap is white. Black is 0 if there is no negative tap; else 0 is the grey in the middle, and
  /// black is the largest tap's negative. A kernel without negative taps can be read back from a PNG.
  ///
  /// - Throws: ``FileError``.
  public func write(to path: String) throws {
    if path.lowercased().hasSuffix(".npy") { return try taps.writeNPY(to: path) }
    guard (try? ImageFormat(path: path)) != nil else {
      throw FileError(path, "a kernel is written as numbers or as a picture: end the name in .npy or .png")
    }
    let largest = taps.maximumMagnitude
    let isSigned = taps.withUnsafeElements { $0.contains { $0 < 0 } }
    let shown = taps.map { tap in
      let share = largest > 0 ? tap / largest : 0
      return isSigned ? 0.5 + 0.5 * share : share
    }
    try Image(pixels: shown.converted(to: Float.self).reshaped(to: [1, height, width]), bitDepth: 16).write(to: path)
  }
}
