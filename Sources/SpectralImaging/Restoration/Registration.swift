import Foundation
import SpectralTransforms
import SpectralCore

/// By how much one image is shifted against another.
public struct Shift: Hashable, Sendable {
  /// Pixels downwards.
  public let dy: Double
  /// Pixels to the right.
  public let dx: Double
  /// The standard error of `dy` in pixels, if the shift is right at all: that of the best estimate under as much noise as
  /// the two images differ by. Infinite where nothing changes from row to row.
  public let dyError: Double
  /// The standard error of `dx` in pixels.
  public let dxError: Double
  /// The normalised correlation of what the two images share at this shift, from -1 to 1, under the window.
  public let peak: Double
  /// How clearly this shift stands out, from 0 to 1: 1 - (the evidence for the next best, or what chance brings about) /
  /// (the evidence for this one). Below about 0.3 the shift is a guess: the images are not shifted views of one scene, or they
  /// repeat themselves, or the noise hides it.
  public let confidence: Double
}

/// What becomes of the magnitudes of the cross spectrum when images are registered.
public enum SpectrumNormalization: String, CaseIterable, Hashable, Sendable {
  /// Each frequency counts for what it tells: by how well the phases of its neighbours agree at the shift. That is the
  /// maximum-likelihood estimate (C. H. Knapp and G. C. Carter, "The generalized correlation method for estimation of time
  /// delay", IEEE Transactions on Acoustics, Speech and Signal Processing 24, 1976). Where the noise is white it comes
  /// close to `none`, where it has the spectrum of the image, to `phase`.
  case automatic
  /// Magnitudes stay: the plain correlation. Best for smooth pictures under white noise.
  case none
  /// All magnitudes become 1: phase correlation. Best for pictures with detail throughout whose brightness changed.
  case phase
}

/// Finds the shift between two images of one size.
///
/// Shifts by whole pixels are proposed by the normalised correlation over the overlap, and by phase correlation. Each is
/// judged by the coherence of the spectra of what it leaves for both images to share, and the best is refined: both are
/// windowed where they show the same piece of the scene, the peak of their correlation is found between the pixels by Newton's
/// method, the windows are moved by as much, and so on until nothing moves. A window that moves with the scene does
/// not pull the result towards zero.
///
/// ```swift
/// let shift = try Registration<Float>().shift(from: before, to: after)
/// ```
public struct Registration<Scalar: FourierScalar>: Sendable {
  /// What becomes of the magnitudes of the spectra.
  public let normalization: SpectrumNormalization
  /// How the images are faded out towards the border.
  public let window: RegistrationWindow
  /// The most memory that the work may take beside the images, in bytes; nil for what the machine has.
  public let memoryLimit: Int?

  /// The least part of an image that both must share.
  private static var leastOverlap: Double { 0.1 }
  /// Peaks of each surface that are looked into.
  private static var peaks: Int { 3 }

  /// A search for shifts.
  public init(
    normalization: SpectrumNormalization = .automatic, window: RegistrationWindow = .tukey, memoryLimit: Int? = nil
  ) {
    (self.normalization, self.window, self.memoryLimit) = (normalization, window, memoryLimit)
  }

  /// The shift that takes one image to another: `moved[y, x] ≈ image[y - dy, x - dx]`.
  ///
  /// - Parameters:
  ///   - image: `[H, W]`, or `[C, H, W]` for planes that share one shift.
  ///   - moved: The same shape.
  ///   - opacity: How visible each pixel of `image` is, `[H, W]` from 0 to 1; what is not takes the mean of what is.
  ///   - movedOpacity: The same of `moved`.
  /// - Throws: ``RestorationError`` if the shapes differ, a pixel is not finite, one of the images is the same everywhere,
  ///   or the memory does not suffice.
  public func shift(
    from image: Tensor<Scalar>, to moved: Tensor<Scalar>, opacity: Tensor<Float>? = nil,
    movedOpacity: Tensor<Float>? = nil
  ) throws(RestorationError) -> Shift {
    try requireImage(image)
    try requireImage(moved, called: "second image")
    guard image.shape == moved.shape else {
      throw RestorationError(
        "one image has shape \(image.shape), the other \(moved.shape): a shift needs two of the same size")
    }
    let (height, width) = (image.shape[-2], image.shape[-1])
    let planes = TensorShape([image.count / (height * width), height, width])
    try requireOpacity(opacity, of: planes, called: "image")
    try requireOpacity(movedOpacity, of: planes, called: "second image")
    guard !isEven(image.reshaped(to: planes), whereVisible: opacity),
      !isEven(moved.reshaped(to: planes), whereVisible: movedOpacity)
    else {
      throw RestorationError("an image that is the same everywhere has no shift: take one with something to see in it")
    }
    do {
      try MemoryBudget(limit: memoryLimit).require(
        Self.memory(height: height, width: width, planes: planes[0]),
        for: "the registration of images of \(height) x \(width) pixels", remedy: "take smaller images")
    } catch { throw RestorationError(error.description) }
    let images = (
      first: visible(image.reshaped(to: planes), opacity), second: visible(moved.reshaped(to: planes), movedOpacity)
    )
    return Search(self, images).result()
  }

  /// What the work holds beside the images: the padded correlation over the overlaps and its tables of sums, and then
  /// windowed images, their spectra and the product.
  static func memory(height: Int, width: Int, planes: Int) -> MemoryEstimate {
    let scalar = MemoryLayout<Scalar>.stride
    let images = MemoryEstimate([2, planes, height, width], scalarBytes: scalar)
    let padded = MemoryEstimate([20, height + 1, width + 1], scalarBytes: scalar)
    let sums = MemoryEstimate([2, planes + 1, height + 1, width + 1], scalarBytes: MemoryLayout<Double>.stride)
    return images + padded + sums
  }

  /// Where a picture has opacity, each plane's pixels drawn towards the mean of the visible ones as far as they are
  /// transparent: there is nothing to see there, and no edge.
  private func visible(_ planes: Tensor<Scalar>, _ opacity: Tensor<Float>?) -> Tensor<Scalar> {
    guard let opacity else { return planes }
    var copy = planes
    copy.withUnsafeMutableElements { x in opacity.withUnsafeElements { drawToMean(x, $0) } }
    return copy
  }

  // MARK: Search

  private struct Candidate {
    let shift: Displacement
    let evidence: Double
  }

  /// One registration at work.
  private struct Search {
    let settings: Registration
    let images: (first: Tensor<Scalar>, second: Tensor<Scalar>)
    let transform: RealTransform2D<Scalar>
    let rings: FrequencyRings
    var height: Int { rings.height }
    var width: Int { rings.width }
    /// A Hann window leaks least, and what leaks is coherent by chance.
    var judging: RegistrationWindow { settings.window == .none ? .none : .hann }
    var wraps: Bool { settings.window == .none }

    init(_ settings: Registration, _ images: (first: Tensor<Scalar>, second: Tensor<Scalar>)) {
      (self.settings, self.images) = (settings, images)
      let (height, width) = (images.first.shape[1], images.first.shape[2])
      transform = RealTransform2D(height: height, width: width)
      rings = FrequencyRings(height: height, width: width)
    }

    func result() -> Shift {
      var candidates = proposals().compactMap { judged($0) }
      candidates.sort { $0.evidence > $1.evidence }
      // A ratio of likelihoods below e prefers none: then the images have hardly moved.
      let best = candidates.prefix { $0.evidence > candidates[0].evidence - 1 }.min {
        $0.shift.length < $1.shift.length
      }
      let shift = refined(best?.shift ?? Displacement(dy: 0, dx: 0))
      let evidence = evidence(at: shift, spectra(shift, judging))
      let spectra = spectra(shift, settings.window)
      let summit = spectra.correlation(.automatic, near: shift).summit(at: shift)
      let errors = spectra.standardErrors(at: summit)
      let next = candidates.filter { isElsewhere($0.shift, shift, summit, errors) }.map(\.evidence).max() ?? 0
      // The best of N shifts of unrelated images has evidence ln N by chance.
      let shifts = Double(height * width * (wraps ? 1 : 4))
      let confidence = evidence > 0 ? max(0, 1 - max(next, log(shifts)) / evidence) : 0
      let aligned = zip(spectra.coherence(at: shift), spectra.power).reduce(0) { $0 + $1.0 * $1.1 }
      return Shift(
        dy: wrapped(shift.dy, height), dx: wrapped(shift.dx, width), dyError: errors.dy, dxError: errors.dx,
        peak: spectra.energy > 0 ? min(aligned / spectra.energy, 1) : 0, confidence: confidence)
    }

    private func wrapped(_ value: Double, _ count: Int) -> Double {
      wraps ? value - (value / Double(count)).rounded() * Double(count) : value
    }

    /// Whether a candidate is another shift: more than the two pixels away that a peak between the pixels may spread
    /// over, and not on the hill of a broad one, where the standard error says how well the place is known. An axis
    /// along which nothing changes has no hill.
    private func isElsewhere(
      _ candidate: Displacement, _ shift: Displacement, _ summit: Summit, _ errors: Displacement
    ) -> Bool {
      let dy = wrapped(candidate.dy - shift.dy, height)
      let dx = wrapped(candidate.dx - shift.dx, width)
      func isClose(_ distance: Double, _ error: Double) -> Bool { abs(distance) <= 2 || error.isFinite }
      let isNear = max(abs(dy), abs(dx)) <= 2
      return !isNear
        && !(isClose(dy, errors.dy) && isClose(dx, errors.dx) && summit.reaches(Displacement(dy: dy, dx: dx)))
    }

    private func spectra(_ shift: Displacement, _ window: RegistrationWindow) -> OverlapSpectra<Scalar> {
      OverlapSpectra(images, shift: shift, window: window, transform, rings)
    }

    // MARK: Whole pixels

    /// Shifts worth a look, and none at all.
    private func proposals() -> [Displacement] {
      var shifts: Set<Displacement> = [Displacement(dy: 0, dx: 0)]
      func insert(_ dy: Int, _ dx: Int) { shifts.insert(Displacement(dy: Double(dy), dx: Double(dx))) }
      if settings.normalization != .phase {
        if wraps {
          for (row, column) in circularPeaks(.none, .none) { insert(row, column) }
        } else {
          for (dy, dx) in OverlapCorrelation.bestShifts(
            images, count: Registration.peaks, leastOverlap: Registration.leastOverlap)
          { insert(dy, dx) }
        }
      }
      if settings.normalization != .none {
        // A window takes away the cross that the borders leave; without one more of a large shift's overlap counts.
        for window in wraps ? [RegistrationWindow.none] : [.none, .hann] {
          for (row, column) in circularPeaks(.phase, window) {
            // A row down by so many is a row up by the rest.
            for dy in wraps ? [row] : [row, row - height] {
              for dx in wraps ? [column] : [column, column - width] { insert(dy, dx) }
            }
          }
        }
      }
      return shifts.filter(isAllowed).sorted { ($0.dy, $0.dx) < ($1.dy, $1.dx) }
    }

    private func circularPeaks(
      _ normalization: SpectrumNormalization, _ window: RegistrationWindow
    ) -> [(row: Int, column: Int)] {
      let windows = window.pair(height: height, width: width, shift: Displacement(dy: 0, dx: 0))
      func prepared(_ images: Tensor<Scalar>) -> Tensor<Scalar> {
        Tensor(images.shape) { target in
          for plane in 0..<images.shape[0] {
            let part = images.rows(plane..<plane + 1).reshaped(to: [height, width])
            windows.first.applied(to: part).plane.withUnsafeElements {
              (target.baseAddress! + plane * height * width).update(from: $0.baseAddress!, count: $0.count)
            }
          }
        }
      }
      let surface = PhaseSurface.surface(
        from: prepared(images.first), to: prepared(images.second), normalization: normalization)
      return highestPeaks(surface, count: Registration.peaks)
    }

    /// The part of an image that both share.
    private func overlap(_ shift: Displacement) -> Double {
      guard !wraps else { return 1 }
      return max(0, 1 - abs(shift.dy) / Double(height)) * max(0, 1 - abs(shift.dx) / Double(width))
    }

    private func isAllowed(_ shift: Displacement) -> Bool {
      func isLongEnough(_ shift: Double, _ count: Int) -> Bool {
        // A window needs a few pixels.
        Double(count) - abs(shift) >= min(8, Double(count) / 2)
      }
      return wraps
        || overlap(shift) >= Registration.leastOverlap && isLongEnough(shift.dy, height)
          && isLongEnough(shift.dx, width)
    }

    private func judged(_ proposal: Displacement) -> Candidate? {
      let spectra = spectra(proposal, judging)
      var shift = spectra.correlation(settings.normalization, near: proposal).maximum(near: proposal)
      if (shift - proposal).length > 1.5 || !isAllowed(shift) { shift = proposal }
      return Candidate(shift: shift, evidence: evidence(at: shift, spectra))
    }

    private func evidence(at shift: Displacement, _ spectra: OverlapSpectra<Scalar>) -> Double {
      // A view that moved by most of its size is less likely to begin with, and a small overlap of smooth pictures has so few
      // features that chance makes them agree.
      spectra.evidence(spectra.coherence(at: shift)) + 8 * log(max(overlap(shift), 1e-9))
    }

    // MARK: Fractions

    /// Moves the windows with the scene until the peak stays where they are.
    private func refined(_ start: Displacement) -> Displacement {
      var shift = start
      var previous: Displacement?
      for _ in 0..<30 {
        let correlation = spectra(shift, settings.window).correlation(settings.normalization, near: shift)
        var step = correlation.maximum(near: shift) - shift
        // Steps shrink by a constant factor, the pull of windows that are not yet in place: their sum is known after two.
        if let last = previous, case let factor = step.dot(last) / last.dot(last), factor > 0, factor < 0.95 {
          step = 1 / (1 - factor) * step
          previous = nil
        } else {
          previous = step.length > 0 ? step : nil
        }
        if step.length > 1.5 { step = 1.5 / step.length * step }
        let next = shift + step
        // A peak that is nowhere near where it was proposed is another one, or none.
        guard (next - start).length <= 4, isAllowed(next) else { return shift }
        shift = next
        if step.length < 1e-4 { break }
      }
      return shift
    }
  }
}

/// Draws the pixels of planes towards their mean by how transparent they are.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
private func drawToMean<Scalar: TensorScalar>(
  _ planes: UnsafeMutableBufferPointer<Scalar>, _ opacity: UnsafeBufferPointer<Float>
) {
  for start in stride(from: 0, to: planes.count, by: opacity.count) {
    var (sum, weight) = (0.0, 0.0)
    for i in opacity.indices {
      sum += Double(opacity[i]) * Double(planes[start + i])
      weight += Double(opacity[i])
    }
    let mean = weight > 0 ? sum / weight : 0
    for i in opacity.indices {
      planes[start + i] = Scalar(mean + Double(opacity[i]) * (Double(planes[start + i]) - mean))
    }
  }
}
