extension PeriodicNoise {
  /// The filter that takes waves away: a Gaussian notch for each, two bins of the image's transform in radius.
  ///
  /// `removed(from:)` does better, since a filter sees a wave end at the border, and leaves a rim there. As a filter the
  /// waves can be drawn, combined with other filters, and taken from further images of the same scanner or screen.
  ///
  /// - Parameters:
  ///   - waves: Those that ``waves(in:)`` found.
  ///   - height: The rows of the image.
  ///   - width: The columns of the image.
  public static func notches(for waves: [Wave], height: Int, width: Int) -> FrequencyFilter {
    let radius = Frequency(min(0.5, 2 / Double(min(height, width))))
    func frequency(_ cycles: Double) -> Frequency { Frequency(min(max(cycles, -0.5), 0.5)) }
    return waves.reduce(.identity) { filter, wave in
      filter * .notch(.gaussian, x: frequency(wave.fx), y: frequency(wave.fy), radius: radius)
    }
  }
}
