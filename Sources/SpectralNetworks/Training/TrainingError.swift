import SpectralCore

/// Why training cannot start or go on: one sentence with the remedy.
public struct TrainingError: SettingError, Hashable, Sendable, CustomStringConvertible {
  /// The sentence.
  public let description: String
  public let settings: [CallerSetting]

  /// An error with this sentence.
  ///
  /// - Parameter settings: What the caller would change to mend it.
  public init(_ description: String, settings: [CallerSetting] = []) {
    self.description = description
    self.settings = settings
  }
}
