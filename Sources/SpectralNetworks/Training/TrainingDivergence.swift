/// A training whose numbers are no longer finite. It stops there, and what was written last was still finite.
public struct TrainingDivergence: Error, Hashable, Sendable, CustomStringConvertible {
  /// Steps that were taken.
  public let step: Int
  /// The loss of the last of them.
  public let loss: Double
  /// The rate that the schedule changes.
  public let learningRate: Double
  /// What was written last; nil if nothing was.
  public let kept: Kept?

  /// A checkpoint on disk.
  public struct Kept: Hashable, Sendable {
    /// The file.
    public let path: String
    /// The steps that led to it.
    public let step: Int
  }

  /// What happened, what to do, and what is left, in one sentence.
  public var description: String {
    let what =
      loss.isNaN ? "the loss is not a number" : loss.isInfinite ? "the loss is infinite" : "weights are not finite"
    return "training diverged in step \(step), \(what): begin anew with a learning rate below \(learningRate)"
      + (kept.map { "; \($0.path) holds the last finite state that was written, after step \($0.step)" } ?? "")
  }
}
