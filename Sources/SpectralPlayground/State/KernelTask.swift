import Foundation
import SpectralImaging
import SpectralKit

/// A request for a picture through a kernel that has been understood.
struct KernelTask {
  /// The words of a request.
  struct Words: Decodable {
    let picture: String
    let kernel: KernelSource
    let boundary: String?
    let method: ConvolutionChoice?
    let side: Int?
    let client: String?
  }

  let picture: Picture
  let source: KernelSource
  /// What the kernel is by name; nil for numbers.
  let shape: KernelShape?
  let kernel: Kernel
  let boundary: Boundary
  let method: ConvolutionChoice
  let side: Int?

  /// - Throws: ``HTTPError``.
  init(_ words: Words, _ workbench: Workbench) throws {
    picture = try workbench.gallery.picture(words.picture)
    source = words.kernel
    shape = try source.shape()
    kernel = try source.kernel()
    boundary = try Boundary(word: words.boundary)
    method = words.method ?? .automatic
    side = try words.side.map(checkedSide)
  }

  /// The picture through the kernel.
  func result() throws -> EditedImage<Float> {
    let method = method.method(for: Float.self, deterministic: true)
    return try EditedImage(picture.planes, onlyLuminance: false, isSigned: kernel.leavesDifferences) { image in
      try image.filtered(gain: kernel.meanGain) { try kernel.applied(to: $0, boundary: boundary, by: method) }
    }
  }

  /// How to do the same without the page.
  func recipe() -> Recipe { Recipe(self) }

  /// The file that `spectral convolve` writes, byte for byte.
  func export() throws -> Data { try result().encoded(as: .png).data }
}
