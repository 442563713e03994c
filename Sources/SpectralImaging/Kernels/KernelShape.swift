import SpectralConvolution

/// The kernels of the library, by what they do.
///
/// Lengths are in pixels, angles in degrees, counter-clockwise as the picture is looked at (0 to the right, 90 up, though
/// rows are counted downwards). Taps are those of a convolution: see ``Kernel``.
public enum KernelShape: Hashable, Sendable {
  /// The mean of so many pixels.
  ///
  /// Sum 1, separable; even about its middle.
  case box(Extent)

  /// A bell, `exp(-(x² + y²) / (2 σ²))`, scaled to sum 1.
  ///
  /// Separable, even, the same in all directions but for the corners of the pixels. It reaches as far as `radius`, which
  /// is 3 σ rounded up unless given; what lies beyond, 0.3 % of the weight of each axis, is left out.
  case gaussian(deviation: Double, radius: Int? = nil)

  /// The mean over a disk, a lens out of focus: each tap is the share of its pixel that the disk covers, scaled to sum 1.
  ///
  /// Even. The diameter need not be whole. Areas are exact, so nothing is jagged.
  case disk(diameter: Double)

  /// The mean along a straight path, a camera that moved: each tap is the length of the path inside its pixel, divided
  /// by that of the whole path. Sum 1.
  ///
  /// Even, so both directions of the path are one. The path is a line without width through the centre; at 0 and 90
  /// degrees an odd length L is a row or a column of L equal taps.
  case motion(length: Double, angle: Double)

  /// The slope along an axis by Sobel: central differences, smoothed by 1 2 1 across. Sum 0.
  ///
  /// A rise of 1 per pixel gives 8. Along x it is positive where the picture becomes brighter to the right, along y where
  /// it does downwards. Separable, odd along its axis.
  case sobel(ImageAxis)

  /// The slope along an axis by Scharr: as ``sobel(_:)`` with 3 10 3 across, which turns less with the direction. A rise
  /// of 1 per pixel gives 32.
  case scharr(ImageAxis)

  /// The slope along an axis by Prewitt: as ``sobel(_:)`` with 1 1 1 across. A rise of 1 per pixel gives 6.
  case prewitt(ImageAxis)

  /// The sum of second differences, negative on a bright spot: over the four neighbours, or over all eight.
  ///
  /// Sum 0, even. On `x² + y²` it gives 4, or 12 with eight neighbours.
  case laplacian(neighbors: NeighborCount = .four)

  /// The Laplacian of a Gaussian of sum 1: `(x² + y² - 2 σ²) / σ⁴` times ``gaussian(deviation:radius:)``, less the mean
  /// of its taps, so that their sum is 0.
  ///
  /// Even. It reaches as far as `radius`, 4 σ rounded up unless given.
  case laplacianOfGaussian(deviation: Double, radius: Int? = nil)

  /// The picture less its Laplacian times `amount`: edges are steepened. Sum 1, even.
  case sharpen(amount: Double = 1)

  /// The picture plus its slope away from a light at an angle, as if brightness were height. Sum 1, 3 x 3.
  ///
  /// The slope is Prewitt's along both axes, weighted by the cosine and sine of the angle with the larger one scaled to
  /// 1. At 135 degrees, light from the upper left, the taps are 2 1 0 / 1 1 -1 / 0 -1 -2.
  case emboss(lightAngle: Double = 135)

  /// A wave under a bell: `exp(-(u² + γ² v²) / (2 σ²)) cos(2π u / λ + φ)`, u along the angle, v across. It answers to
  /// stripes of one width and direction.
  ///
  /// The angle is that in which the wave runs, across its stripes. Scaled so that its response at the wave's own
  /// frequency has magnitude 1. Even for phase 0; odd, an edge, for 90. The sum is 0 for phase 90, and small else unless
  /// the bell is narrow.
  ///
  /// - wavelength: λ, at least 2 pixels.
  /// - deviation: σ along u; 0.56 λ unless given, which makes a band of one octave.
  /// - phase: φ, in degrees.
  /// - aspect: γ; below 1 the bell is longer along the stripes.
  /// - radius: How far it reaches; 3 standard deviations, rounded up, unless given.
  case gabor(
    wavelength: Double, angle: Double, deviation: Double? = nil, phase: Double = 0, aspect: Double = 1,
    radius: Int? = nil)

  /// Independent normal numbers of standard deviation 1 / side: for trying things out.
  case random(side: Int, seed: UInt64 = 1)
}

/// The axes of an image.
public enum ImageAxis: String, CaseIterable, Hashable, Sendable {
  /// Along the rows, to the right.
  case x
  /// Along the columns, downwards.
  case y
}

/// The neighbours of a pixel that count.
public enum NeighborCount: Int, CaseIterable, Hashable, Sendable {
  /// Left, right, above, below.
  case four = 4
  /// The diagonal ones too.
  case eight = 8
}
