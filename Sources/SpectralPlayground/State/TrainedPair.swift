import SpectralLessons
import SpectralKit

/// Both networks at one moment of their training.
struct TrainedPair: Sendable {
  let lenet: any Layer<Float>
  let dense: any Layer<Float>
  let normalization: Normalization
  /// The state of LeNet's training, as `spectral train` keeps it.
  let checkpoint: @Sendable () throws -> Checkpoint

  struct Filters: Encodable {
    /// `[6][5][5]`.
    let filters: [[[Double]]]
    /// Magnitudes from 0 to 1, each spectrum by its own largest; frequency 0 in the middle.
    let spectra: [[[Double]]]
  }

  /// The filters of the first convolution.
  var filters: Filters {
    let bank = lenet.firstFilters
    let planes = (0..<bank.shape[0]).map { bank.rows($0..<$0 + 1).reshaped(to: [bank.shape[1], bank.shape[2]]) }
    let spectra = planes.map { CenteredSpectrum(Kernel($0).response(height: 32, width: 32)).shares }
    return Filters(filters: planes.map(rows), spectra: spectra.map { rows($0.converted(to: Double.self)) })
  }

  struct FeatureMap: Encodable {
    let layer: String
    let channel: Int
    let height: Int
    let width: Int
    let values: [[Double]]
  }

  struct Answer: Encodable {
    let lenet: [Double]
    let dense: [Double]
    let maps: [FeatureMap]
    /// What the networks see, from 0 to 1.
    let seen: [[Double]]
  }

  /// What both take a digit for, and the maps on LeNet's way to its answer.
  func answer(to digit: DrawnDigit) -> Answer {
    let image = digit.image(normalization)
    let activations = (lenet as? any Sequenced)?.activations(of: image) ?? []
    let maps = activations.filter { $0.values.shape.rank == 4 }.flatMap { label, values -> [FeatureMap] in
      let (count, height, width) = (values.shape[1], values.shape[2], values.shape[3])
      let planes = values.reshaped(to: [count, height, width]).converted(to: Double.self)
      return (0..<count).map { channel in
        FeatureMap(
          layer: label, channel: channel, height: height, width: width,
          values: rows(planes.rows(channel..<channel + 1).reshaped(to: [height, width])))
      }
    }
    func shares(_ network: any Layer<Float>) -> [Double] {
      network(image).converted(to: Double.self).softmax().elements
    }
    return Answer(lenet: shares(lenet), dense: shares(dense), maps: maps, seen: digit.rows)
  }

  private func rows(_ plane: Tensor<Double>) -> [[Double]] {
    let (width, numbers) = (plane.shape[1], plane.elements)
    return (0..<plane.shape[0]).map { Array(numbers[$0 * width..<($0 + 1) * width]) }
  }
}
