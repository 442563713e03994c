/// Something that a caller decides and that an error is about.
///
/// The library calls it by plain words. A program whose users know it under another name, a flag or a field of a form, tells
/// them by what ``SettingError/settings`` says: one table of names, whatever the error.
public enum CallerSetting: String, CaseIterable, Hashable, Sendable {
  /// What transparent pictures are put on.
  case background
  /// Images of a step.
  case batchSize
  /// The folder with the files of a data set.
  case dataFolder
  /// Which data set.
  case dataset
  /// Whether the same run gives the same bits again.
  case determinism
  /// How fast a network learns.
  case learningRate
  /// Only so many training images.
  case limit
  /// Which network.
  case model
  /// The rule that changes the parameters.
  case optimizer
  /// How the method of a convolution is chosen.
  case planning
  /// Where a server listens.
  case port
  /// Whether a run goes on where another one stopped.
  case resuming
  /// How the learning rate changes.
  case schedule
  /// Where random numbers come from.
  case seed
}

/// An error that says which settings would mend it.
public protocol SettingError: Error {
  /// The settings, in the order in which its sentence speaks of them; none if it is about something else.
  var settings: [CallerSetting] { get }
}
