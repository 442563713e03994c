import Foundation
import SpectralCore
import SpectralTransforms

/// The spectrum of a signal, an image or a volume as numbers: what of it is listed and drawn where ``CenteredSpectrum`` has
/// no picture.
public struct RankedSpectrum<Scalar: FourierScalar>: Sendable {
  /// The size of the array, `[L]`, `[H, W]` or `[D, H, W]`.
  public let size: [Int]
  /// The mean of the array.
  public let mean: Double
  /// X at the frequencies from 0 to Nyquist along the last axis and at all others along the rest, real and imaginary parts.
  private let values: Tensor<Scalar>

  /// A wave that stands out.
  public struct Peak: Hashable, Sendable {
    /// Cycles per element along each axis, outermost first.
    public let frequencies: [Double]
    /// The wave swings by so much up and down, in the array's own units.
    public let amplitude: Double
    /// |X| in decibels, relative to the largest.
    public let decibels: Double

    /// The distance from frequency 0, cycles per element.
    public var frequency: Double { frequencies.reduce(0) { $0 + $1 * $1 }.squareRoot() }
  }

  /// The spectrum of an array.
  ///
  /// - Parameter window: As of pictures; `hann` fades the array out towards its ends.
  public init(_ array: Tensor<Scalar>, window: CenteredSpectrum.Window = .none) {
    precondition(array.count > 0 && array.shape.rank > 0, "there is no spectrum of \(array.shape) numbers")
    size = array.shape.extents
    mean = array.mean
    let transform = RealTransform<Scalar>(size: size)
    let x = window == .none ? array : Self.underBell(array, mean: mean)
    values = x.withUnsafeElements { x in
      Tensor([transform.spectrumCount, 2]) { transform.forward(x.baseAddress!, $0.baseAddress!) }
    }
  }

  /// The bytes that a spectrum takes, and its centred copy, beside the array.
  package static func memory(size: [Int]) -> MemoryEstimate {
    let scalar = MemoryLayout<Scalar>.stride
    return MemoryEstimate(size, scalarBytes: 4 * scalar)
      + MemoryEstimate(size.dropLast() + [size.last! / 2 + 1, 2], scalarBytes: scalar)
  }

  /// The deviations from the mean under a cosine bell along each axis whose mean is 1, and the mean: so waves keep their
  /// magnitudes.
  private static func underBell(_ array: Tensor<Scalar>, mean: Double) -> Tensor<Scalar> {
    let size = array.shape.extents
    let bells = size.map { count in
      (0..<count).map { count > 1 ? 1 - cos(2 * .pi * (Double($0) + 0.5) / Double(count)) : 1 }
    }
    return array.withUnsafeElements { x in
      Tensor(array.shape) { target in
        for first in stride(from: 0, to: target.count, by: size.last!) {
          var (rest, across) = (first / size.last!, 1.0)
          for axis in size.indices.dropLast().reversed() {
            across *= bells[axis][rest % size[axis]]
            rest /= size[axis]
          }
          for place in 0..<size.last! {
            target[first + place] = Scalar(mean + (Double(x[first + place]) - mean) * across * bells.last![place])
          }
        }
      }
    }
  }

  private var half: Int { size.last! / 2 + 1 }

  /// The whole spectrum with frequency 0 in the middle, the array's axes and one for real and imaginary part, not normalised,
  /// as `numpy.fft.fftshift(numpy.fft.fftn(x))` has it.
  public var centered: Tensor<Scalar> {
    let (half, width) = (half, size.last!)
    return values.withUnsafeElements { values in
      Tensor(TensorShape(size + [2])) { target in
        nonisolated(unsafe) let (values, target) = (values, target)
        Parallel.forEach(target.count / (2 * width), grain: max(1, (1 << 13) / width)) { line in
          // Where this row and the opposite one stand in the half that is kept.
          var (rest, own, opposite, stride) = (line, 0, 0, 1)
          for axis in size.indices.dropLast().reversed() {
            let count = size[axis]
            let k = (rest % count + count - count / 2) % count
            rest /= count
            own += k * stride
            opposite += (count - k) % count * stride
            stride *= count
          }
          for column in 0..<width {
            let k = column - width / 2
            let place = 2 * (k < 0 ? opposite * half - k : own * half + k)
            target[2 * (line * width + column)] = values[place]
            target[2 * (line * width + column) + 1] = k < 0 ? -values[place + 1] : values[place + 1]
          }
        }
      }
    }
  }

  /// |X| of all frequencies that are kept.
  private var magnitudes: [Double] {
    values.withUnsafeElements { values in
      (0..<values.count / 2).map { hypot(Double(values[2 * $0]), Double(values[2 * $0 + 1])) }
    }
  }

  /// The signed steps of a place of the half that is kept along each axis; Nyquist is positive.
  private func steps(_ place: Int) -> [Int] {
    var steps = [place % half]
    var rest = place / half
    for axis in size.indices.dropLast().reversed() {
      let k = rest % size[axis]
      steps.insert(2 * k > size[axis] ? k - size[axis] : k, at: 0)
      rest /= size[axis]
    }
    return steps
  }

  /// Where the frequency of some steps, or its opposite, is kept.
  private func place(_ steps: [Int]) -> Int {
    let width = size.last!
    let last = (steps.last! % width + width) % width
    let sign = last < half ? 1 : -1
    var place = 0
    for axis in size.indices.dropLast() {
      let k = sign * steps[axis] % size[axis]
      place = place * size[axis] + (k < 0 ? k + size[axis] : k)
    }
    return place * half + (sign > 0 ? last : width - last)
  }

  /// The strongest waves: frequencies whose magnitude is not below that of any neighbour, the strongest first. Frequency 0,
  /// the mean, is none, and of each pair of opposite frequencies one is given.
  public func peaks(most count: Int) -> [Peak] {
    let magnitudes = magnitudes
    let largest = max(magnitudes.max()!, .leastNormalMagnitude)
    var neighbours: [[Int]] = [[]]
    for _ in size { neighbours = neighbours.flatMap { steps in [-1, 0, 1].map { steps + [$0] } } }
    var found: [(place: Int, magnitude: Double)] = []
    for (place, own) in magnitudes.enumerated() where own > 0 && place > 0 {
      guard found.count < count || own > found.last!.magnitude else { continue }
      let steps = steps(place)
      // Of the pairs of which both are kept, the one whose last step that is not its own opposite is positive.
      let deciding = zip(steps, size).reversed().first { $0.0 != 0 && 2 * $0.0 != $0.1 }
      guard deciding.map({ $0.0 > 0 }) ?? true else { continue }
      let isPeak = neighbours.allSatisfy { step in
        let other = self.place(zip(steps, step).map { $0 + $1 })
        return other == place || other == 0 || magnitudes[other] <= own
      }
      guard isPeak else { continue }
      let rank = found.firstIndex { own > $0.magnitude } ?? found.count
      found.insert((place, own), at: rank)
      if found.count > count { found.removeLast() }
    }
    return found.map { peak in
      let steps = steps(peak.place)
      let isAlone = zip(steps, size).allSatisfy { $0 == 0 || 2 * $0 == $1 }
      return Peak(
        frequencies: zip(steps, size).map { Double($0) / Double($1) },
        amplitude: (isAlone ? 1 : 2) * peak.magnitude / Double(size.reduce(1, *)),
        decibels: 20 * log10(peak.magnitude / largest))
    }
  }

  /// The largest magnitude, in the units of the unnormalised transform.
  public var largestMagnitude: Double { magnitudes.max()! }

  /// The magnitudes of a signal over its frequencies. The mean, and whatever is zero, has no place on it; of more than 2000
  /// frequencies each point is the strongest of its neighbours.
  ///
  /// - Precondition: the array is a signal.
  public func chart(_ title: String, range: ClosedRange<Double>? = nil) -> Chart {
    precondition(size.count == 1, "a chart shows the spectrum of a signal, not of \(size) numbers")
    let magnitudes = magnitudes
    let largest = max(magnitudes.max()!, .leastNormalMagnitude)
    let count = min(2000, magnitudes.count - 1)
    let points = (0..<max(count, 0)).compactMap { point -> Chart.Point? in
      let covered = 1 + point * (magnitudes.count - 1) / count..<1 + (point + 1) * (magnitudes.count - 1) / count
      let strongest = covered.max { magnitudes[$0] < magnitudes[$1] }!
      let decibels = 20 * log10(magnitudes[strongest] / largest)
      guard decibels.isFinite, range?.contains(decibels) ?? true else { return nil }
      return Chart.Point(Double(strongest) / Double(size[0]), decibels)
    }
    return Chart(
      title, horizontal: ChartAxis("frequency, cycles per sample", .linear),
      vertical: ChartAxis("magnitude, dB relative to the largest", .linear),
      series: [.init("magnitude", points, style: .smooth)], marks: [.init(x: 0.5, "Nyquist")])
  }
}
