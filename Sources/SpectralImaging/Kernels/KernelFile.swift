import Foundation
import SpectralCore

extension Kernel {
  /// Reads a kernel: an array `[kH, kW]` of a `.npy` file as it is, or a picture.
  ///
  /// Of a picture the luminance counts, black and transparent are 0, and the taps are scaled to sum 1, since a picture can
  /// only say how they compare.
  ///
  /// - Parameters:
  ///   - budget: What the file's numbers and the taps, or the decoded picture, may take.
  ///   - bytesPerTap: Those of a number in double precision, unless there are copies.
  ///   - others: What else is held while there is the kernel.
  ///   - onWarnings: Hears what was wrong with a picture that was read all the same.
  /// - Throws: ``FileError`` for a file that cannot be read or holds no kernel, `MemoryError` for a kernel that is too
  ///   large, and what `onWarnings` throws.
  public init(
    path: String, budget: MemoryBudget = KernelShape.usualBudget, bytesPerTap: Int = MemoryLayout<Double>.stride,
    beside others: MemoryEstimate = MemoryEstimate(), onWarnings: ([ImageWarning]) throws -> Void = { _ in }
  ) throws {
    let array = try Self.array(
      path: path, budget: budget, bytesPerTap: bytesPerTap, beside: others, onWarnings: onWarnings)
    guard let taps = Self.taps(of: array, rank: 2) else {
      throw FileError(path, "an array of shape \(array.shape) is no kernel: it must be kH x kW, and not empty")
    }
    self.init(taps)
  }

  /// An array as a kernel with so many axes: it may have further ones of a single element in front. Nil if it is none.
  package static func taps(of array: Tensor<Double>, rank: Int) -> Tensor<Double>? {
    let extents = array.shape.extents
    guard extents.count >= rank, extents.dropLast(rank).allSatisfy({ $0 == 1 }), array.count > 0 else { return nil }
    return array.reshaped(to: TensorShape(Array(extents.suffix(rank))))
  }

  /// Reads what a file holds for ``init(path:budget:bytesPerTap:beside:onWarnings:)``: an array of any shape with finite
  /// numbers, or a picture's `[kH, kW]`.
  package static func array(
    path: String, budget: MemoryBudget, bytesPerTap: Int, beside others: MemoryEstimate,
    onWarnings: ([ImageWarning]) throws -> Void
  ) throws -> Tensor<Double> {
    var file = try InputFile(path)
    let start = try file.peek(upTo: FileSignature.length)
    if ImageFormat(firstBytes: start) == nil, FileSignature(firstBytes: start)?.isPicture == true {
      throw FileError(path, ImageFormat.refusal(firstBytes: start, arraysToo: true))
    }
    if ImageFormat(firstBytes: start) != nil {
      let limit = max(0, budget.bytes - (others.bytes ?? .max))
      let data = try file.rest(limit: limit)
      let image = try RasterImage(data: data, name: path, sizeLimit: limit)
      try onWarnings(image.warnings)
      let pixels = image.composed(on: .black).luminance.pixels
      let taps = pixels.converted(to: Double.self).reshaped(to: [pixels.shape[1], pixels.shape[2]])
      guard taps.count > 0, taps.sum > 0 else {
        throw FileError(path, "the picture is black, and a kernel of nothing but 0 makes nothing: make it brighter")
      }
      return taps / taps.sum
    }
    let header = try NumPyHeader.read(from: &file)
    // The taps, and the file's own numbers while they become taps.
    let bytes = max(bytesPerTap, MemoryLayout<Double>.stride + header.type.byteCount)
    let taps = MemoryEstimate(header.extents, scalarBytes: bytes)
    try budget.require(
      taps + others, for: "the kernel of \(header.extents.map(String.init).joined(separator: " x ")) taps in \(path)",
      remedy: "take a smaller kernel")
    let array: Tensor<Double> = try NumPyFile.tensor(header, &file)
    guard array.isFinite else {
      throw FileError(path, "the kernel holds NaN or infinity, and no error bound holds for that: mend it first")
    }
    return array
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
    try picture.write(to: path)
  }

  /// The taps as a picture: see ``write(to:)``.
  package var picture: RasterImage {
    let largest = taps.maximumMagnitude
    let isSigned = taps.withUnsafeElements { $0.contains { $0 < 0 } }
    let shown = taps.map { tap in
      let share = largest > 0 ? tap / largest : 0
      return isSigned ? 0.5 + 0.5 * share : share
    }
    return RasterImage(pixels: shown.converted(to: Float.self).reshaped(to: [1, height, width]), bitDepth: 16)
  }
}
