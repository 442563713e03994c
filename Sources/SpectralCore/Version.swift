/// The version of SpectralKit.
public enum SpectralVersion {
  /// E.g. `0.1.0`. The command, the C interface and whatever is installed take it from here.
  public static let current = "0.1.0"
}
