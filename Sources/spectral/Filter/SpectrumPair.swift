import Foundation
import SpectralKit

/// The spectrum of an image beside that of its filtered copy, in the same colours for the same magnitudes.
struct SpectrumPair {
  private let before: CenteredSpectrum
  private let after: CenteredSpectrum
  private let name: String

  /// The spectra of the brightness of two images of one size, in which transparent is black; of arrays that are no
  /// pictures, of the first plane.
  init<Scalar: AnyMethodScalar>(_ before: ImagePlanes<Scalar>, _ after: ImagePlanes<Scalar>, name: String) {
    func spectrum(_ image: ImagePlanes<Scalar>) -> CenteredSpectrum {
      CenteredSpectrum([1, 3].contains(image.channels) ? image.premultiplied.luminance : image.planes.rows(0..<1))
    }
    var pair = [spectrum(before), spectrum(after)]
    // A high-pass takes away the mean, which is the largest: relative to its own largest all would look stronger.
    let reference = CenteredSpectrum.Reference(pair[0].largestMagnitude, name: "the image's largest")
    for index in pair.indices { pair[index].reference = reference }
    (self.before, self.after) = (pair[0], pair[1])
    self.name = (name as NSString).lastPathComponent
  }

  var image: RasterImage {
    let range = before.usualRange
    return PictureStrip.row([
      before.figure("Spectrum of \(name)", range: range).image, after.figure("Filtered", range: range).image,
    ])
  }
}
