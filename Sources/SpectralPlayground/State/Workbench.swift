import Foundation
import SpectralKit

/// The pictures and what was computed of them, kept for the next request.
final class Workbench: Sendable {
  /// What kept planes are of.
  private struct SeenKey: Hashable {
    let picture: String
    let light: Light
    let side: Int
  }

  /// What a kept transform is of.
  private struct PlaneKey: Hashable {
    let picture: String
    /// `[C, H, W]`: of a transparent picture alpha is a plane for some filters and not for others.
    let shape: TensorShape
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
  private let seenPlanes: Shelf<SeenKey, ImagePlanes<Float>>

  /// Larger pictures are transformed anew for every filter: their spectra would fill the memory.
  static let keptPixels = 1 << 22

  init(image: String?) throws {
    let spectra = Shelf<String, CenteredSpectrum>(capacity: Gallery.decodedLimit)
    let transforms = Shelf<PlaneKey, FilteredImage<Float>>(capacity: 512 << 20)
    let lightPlanes = Shelf<String, ImagePlanes<Float>>(capacity: 256 << 20)
    let seenPlanes = Shelf<SeenKey, ImagePlanes<Float>>(capacity: 128 << 20)
    (self.spectra, self.transforms, self.lightPlanes) = (spectra, transforms, lightPlanes)
    self.seenPlanes = seenPlanes
    gallery = try Gallery(file: image) { id in
      spectra.remove { $0 == id }
      transforms.remove { $0.picture == id }
      lightPlanes.remove { $0 == id }
      seenPlanes.remove { $0.picture == id }
    }
  }

  /// The spectrum of a picture's brightness, in which transparent is black.
  func spectrum(of picture: Picture) -> CenteredSpectrum {
    spectra.value(picture.id, bytes: { 12 * $0.height * $0.width }) {
      CenteredSpectrum(picture.planes.premultiplied.luminance)
    }
  }

  /// A picture's planes as stored values or as light.
  func planes(of picture: Picture, _ light: Light) -> ImagePlanes<Float> {
    guard light == .linear else { return picture.planes }
    return lightPlanes.value(picture.id, bytes: { 4 * $0.planes.count }) { picture.planes.converted(to: .linear) }
  }

  /// The same, made smaller until no side is longer than `side`: the pixels that are seen.
  func planes(of picture: Picture, _ light: Light, side: Int) -> ImagePlanes<Float> {
    let whole = planes(of: picture, light)
    guard max(whole.height, whole.width) > side else { return whole }
    return seenPlanes.value(
      SeenKey(picture: picture.id, light: light, side: side), bytes: { 4 * ($0.planes.count + ($0.alpha?.count ?? 0)) }
    ) {
      let seen = RasterImage(pixels: whole.planes, alpha: whole.alpha, metadata: whole.metadata).limited(toSide: side)
      return ImagePlanes(
        planes: seen.pixels, alpha: seen.alpha, origin: whole.origin, light: light, metadata: seen.metadata)
    }
  }

  /// The transform of a picture's planes, for many filters; nil if they are too large for it to be kept.
  func transform(
    of picture: Picture, _ planes: Tensor<Float>, boundary: Boundary, padding: FilterPadding, onlyLuminance: Bool,
    _ light: Light
  ) throws -> FilteredImage<Float>? {
    guard planes.shape[1] * planes.shape[2] <= Self.keptPixels else { return nil }
    let key = PlaneKey(
      picture: picture.id, shape: planes.shape, boundary: boundary, padding: padding, onlyLuminance: onlyLuminance,
      light: light)
    return try transforms.value(key, bytes: { $0.byteCount }) {
      try FilteredImage(planes, boundary: boundary, padding: padding)
    }
  }
}
