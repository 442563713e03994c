import SpectralFigures

/// The loss over the steps of a run: a pale line for the steps, a strong one for their running mean, and a dot for the
/// test images after each epoch.
struct LossCurve {
  private var losses: [Double] = []
  private var epochs: [Chart.Point] = []

  mutating func addStep(_ loss: Double) { losses.append(loss) }
  mutating func addEpoch(step: Int, loss: Double) { epochs.append(.init(Double(step), loss)) }

  /// The curve on a logarithmic axis, which has no place for a loss that is not above zero.
  func chart(title: String) -> Chart {
    func points(_ values: [Double]) -> [Chart.Point] {
      values.enumerated().map { Chart.Point(Double($0.offset), $0.element) }
    }
    return Chart(
      title, horizontal: ChartAxis("step", .linear), vertical: ChartAxis("cross-entropy"),
      series: [
        .init("training images, running mean", points(runningMean), style: .smooth),
        .init("test images after each epoch", epochs, style: .dots),
        .init("each step", points(losses), style: .faint),
      ])
  }

  /// An exponential mean over about 25 steps, without the pull of its start (as in Adam).
  private var runningMean: [Double] {
    var (sum, weight) = (0.0, 0.0)
    return losses.map { loss in
      if loss.isFinite { (sum, weight) = (0.96 * sum + 0.04 * loss, 0.96 * weight + 0.04) }
      return sum / max(weight, .leastNormalMagnitude)
    }
  }
}
