import Foundation

/// The loss over the steps of a run as an SVG picture, its axis logarithmic: a grey line for the steps, a blue one for
/// their running mean, and a dot for the test images after each epoch.
struct LossCurve {
  private(set) var losses: [Double] = []
  private(set) var epochs: [(step: Int, loss: Double)] = []

  mutating func addStep(_ loss: Double) { losses.append(loss) }
  mutating func addEpoch(step: Int, loss: Double) { epochs.append((step, loss)) }

  private static let (width, height) = (720.0, 400.0)
  private static let (left, right, top, bottom) = (64.0, 20.0, 40.0, 48.0)

  /// The picture.
  func svg(title: String) -> String {
    let shown = (losses + epochs.map(\.loss)).filter { $0.isFinite && $0 > 0 }
    let low = pow(10, (log10(shown.min() ?? 0.1)).rounded(.down))
    let high = max(pow(10, (log10(shown.max() ?? 1)).rounded(.up)), 10 * low)
    func x(_ step: Int) -> Double {
      Self.left + (Self.width - Self.left - Self.right) * Double(step) / Double(max(losses.count, 1))
    }
    func y(_ loss: Double) -> Double {
      let share = (log10(min(max(loss, low), high)) - log10(low)) / (log10(high) - log10(low))
      return Self.height - Self.bottom - (Self.height - Self.top - Self.bottom) * share
    }
    func line(_ values: [Double], _ style: String) -> String {
      let points = values.enumerated().filter { $1.isFinite && $1 > 0 }
        .map { String(format: "%.1f,%.1f", x($0), y($1)) }
      return "<polyline fill=\"none\" \(style) points=\"\(points.joined(separator: " "))\"/>"
    }
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(Int(Self.width))\" height=\"\(Int(Self.height))\" "
        + "font-family=\"sans-serif\" font-size=\"12\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
      "<text x=\"\(Self.left)\" y=\"24\" font-size=\"15\">\(title)</text>",
    ]
    var tick = low
    while tick <= high * 1.001 {
      let place = String(format: "%.1f", y(tick))
      parts.append(
        "<line x1=\"\(Self.left)\" x2=\"\(Self.width - Self.right)\" y1=\"\(place)\" y2=\"\(place)\" stroke=\"#ddd\"/>"
          + "<text x=\"\(Self.left - 8)\" y=\"\(place)\" dy=\"4\" text-anchor=\"end\">\(String(format: "%g", tick))</text>"
      )
      tick *= 10
    }
    parts.append(line(losses, "stroke=\"#c8c8c8\""))
    parts.append(line(runningMean, "stroke=\"#1f5fa8\" stroke-width=\"2\""))
    for epoch in epochs {
      let place = String(format: "cx=\"%.1f\" cy=\"%.1f\"", x(epoch.step), y(epoch.loss))
      parts.append("<circle \(place) r=\"4\" fill=\"#c62f1f\"/>")
    }
    parts.append(
      "<text x=\"\(Self.width - Self.right)\" y=\"\(Self.height - 16)\" text-anchor=\"end\">\(losses.count) steps; "
        + "blue: running mean of the training loss; red: test images after each epoch</text>")
    return (parts + ["</svg>", ""]).joined(separator: "\n")
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
