import Foundation
import SpectralKit

/// The pictures and what was computed of them, kept for the next request.
final class Workbench: Sendable {
  /// What a kept transform is of.
  struct PlaneKey: Hashable {
    let picture: String
    let boundary: Boundary
    let padding: FilterPadding
    let onlyLuminance: Bool
    let light: Light
  }

  let gallery: Gallery
  /// The turn of live requests.
  let live = LatestOnly()
  private let spectra: Shelf<String, CenteredSpectrum>
  private let transforms: Shelf<PlaneKey, FilteredImage<Float>>
  private let lightPlanes: Shelf<String, ImagePlanes<Float>>

  /// Larger pictures are transformed anew for every filter: their spectra would fill the memory.
  static let keptPixels = 1 << 22

  init(image: String?) throws {
    let spectra = Shelf<String, CenteredSpectrum>(capacity: 256 << 20)
    let transforms = Shelf<PlaneKey, FilteredImage<Float>>(capacity: 512 << 20)
    let lightPlanes = Shelf<String, ImagePlanes<Float>>(capacity: 256 << 20)
    (self.spectra, self.transforms, self.lightPlanes) = (spectra, transforms, lightPlanes)
    gallery = try Gallery(file: image) { id in
      spectra.remove { $0 == id }
      transforms.remove { $0.picture == id }
      lightPlanes.remove { $0 == id }
    }
  }

  /// The spectrum of a picture's brightness.
  func spectrum(of picture: Picture) -> CenteredSpectrum {
    spectra.value(picture.id, bytes: { 12 * $0.height * $0.width }) { CenteredSpectrum(picture.planes.luminance) }
  }

  /// A picture's planes as stored values or as light.
  func planes(of picture: Picture, _ light: Light) -> ImagePlanes<Float> {
    guard light == .linear else { return picture.planes }
    return lightPlanes.value(picture.id, bytes: { 4 * $0.planes.count }) { picture.planes.converted(to: .linear) }
  }

  /// The transform of a picture, for many filters; nil if it is too large to be kept.
  func transform(
    of picture: Picture, _ planes: Tensor<Float>, boundary: Boundary, padding: FilterPadding, onlyLuminance: Bool,
    _ light: Light
  ) throws -> FilteredImage<Float>? {
    guard picture.planes.height * picture.planes.width <= Self.keptPixels else { return nil }
    let key = PlaneKey(
      picture: picture.id, boundary: boundary, padding: padding, onlyLuminance: onlyLuminance, light: light)
    return try transforms.value(key, bytes: { $0.byteCount }) {
      try FilteredImage(planes, boundary: boundary, padding: padding)
    }
  }
}
