import SpectralCore

extension CallerSetting {
  /// The flag by which users of the command know it.
  var flag: String {
    switch self {
    case .background: "--background"
    case .batchSize: "--batch-size"
    case .dataFolder: "--data"
    case .dataset: "--dataset"
    case .determinism: "--deterministic"
    case .learningRate: "--learning-rate"
    case .limit: "--limit"
    case .model: "--model"
    case .optimizer: "--optimizer"
    case .planning: "--plan"
    case .port: "--port"
    case .resuming: "--resume"
    case .schedule: "--schedule"
    case .seed: "--seed"
    }
  }
}

extension Specification {
  /// An error as this command's users read it: its sentence, and the flags that it is about.
  func told(_ error: any Error) -> String {
    let settings = (error as? any SettingError)?.settings ?? []
    let known = settings.compactMap { setting in flags.first { $0.name == setting.flag } }
    guard !known.isEmpty else { return "\(error)" }
    // What can be chosen from is in the help.
    let usages = known.map { flag in
      guard let placeholder = flag.placeholder, !placeholder.contains("|") else { return flag.name }
      return "\(flag.name) \(placeholder)"
    }
    return "\(error) (\(usages.joined(separator: ", ")))"
  }
}
