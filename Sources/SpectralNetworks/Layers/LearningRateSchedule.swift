import Foundation

/// How the learning rate changes during training: a pure function of the step's number.
///
/// As text, for the command line and for checkpoints:
///
/// | text | meaning |
/// |---|---|
/// | `constant` | the base rate throughout |
/// | `step:EVERY,FACTOR` | times FACTOR after every EVERY epochs |
/// | `cosine` or `cosine:MINIMUM` | half a cosine from the base rate to MINIMUM, 0 unless given, over all steps |
/// | `warmup:STEPS` | a straight line up to the base rate over STEPS steps, then constant |
/// | `warmup:STEPS,SCHEDULE` | the same, then any of the first three over the steps that remain |
public indirect enum LearningRateSchedule: Hashable, Sendable {
  /// The base rate throughout.
  case constant
  /// Times `factor` after every `every` epochs.
  case step(every: Int, factor: Double)
  /// Half a cosine from the base rate down to `minimum`, a learning rate, over all steps.
  case cosine(minimum: Double = 0)
  /// A straight line up to the base rate over `steps` steps, then another schedule over the steps that remain.
  case warmUp(steps: Int, then: LearningRateSchedule)

  /// The learning rate of a step.
  ///
  /// - Parameters:
  ///   - step: The number of the step, from 0.
  ///   - total: How many steps there will be.
  ///   - base: The learning rate that the schedule changes.
  ///   - stepsPerEpoch: How many steps an epoch has; with 1, `step:EVERY,FACTOR` counts steps.
  public func rate(at step: Int, of total: Int, base: Double, stepsPerEpoch: Int = 1) -> Double {
    precondition(step >= 0 && stepsPerEpoch > 0, "step \(step), \(stepsPerEpoch) steps an epoch")
    switch self {
    case .constant: return base
    case .step(let every, let factor): return base * pow(factor, Double(step / stepsPerEpoch / every))
    case .cosine(let minimum):
      let progress = total > 0 ? min(1, Double(step) / Double(total)) : 1
      return minimum + (base - minimum) * (1 + cos(.pi * progress)) / 2
    case .warmUp(let steps, let next):
      if step < steps { return base * Double(step + 1) / Double(steps) }
      return next.rate(at: step - steps, of: max(0, total - steps), base: base, stepsPerEpoch: stepsPerEpoch)
    }
  }
}

/// A schedule's text that means nothing: what is wrong, and what is allowed.
public struct ScheduleError: Error, Hashable, Sendable, CustomStringConvertible {
  /// One sentence with the remedy.
  public let description: String
}

extension LearningRateSchedule: CustomStringConvertible {
  /// The text that ``init(parsing:)`` reads.
  public var description: String {
    switch self {
    case .constant: "constant"
    case .step(let every, let factor): "step:\(every),\(factor)"
    case .cosine(let minimum): minimum == 0 ? "cosine" : "cosine:\(minimum)"
    case .warmUp(let steps, .constant): "warmup:\(steps)"
    case .warmUp(let steps, let next): "warmup:\(steps),\(next)"
    }
  }

  /// The schedule that a text describes.
  ///
  /// - Throws: ``ScheduleError`` if it describes none; the sentence says what is allowed.
  public init(parsing text: String) throws(ScheduleError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let settings = parts.count > 1 ? parts[1] : nil
    func wrong(_ why: String) -> ScheduleError { ScheduleError(description: "the schedule '\(text)' \(why)") }
    func split(_ settings: String?) -> (first: String, rest: String?) {
      let pieces = (settings ?? "").split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
      return (pieces.first.map(String.init) ?? "", pieces.count > 1 ? String(pieces[1]) : nil)
    }
    switch parts[0] {
    case "constant":
      guard settings == nil else { throw wrong("has settings, but a constant rate has none: write constant") }
      self = .constant
    case "step":
      let (first, rest) = split(settings)
      guard let every = Int(first), every > 0, let factor = rest.flatMap(Double.init), factor > 0, factor.isFinite
      else {
        throw wrong("must be step:EVERY,FACTOR with a number of epochs from 1 and a factor above 0, e.g. step:10,0.1")
      }
      self = .step(every: every, factor: factor)
    case "cosine":
      guard let settings else {
        self = .cosine()
        return
      }
      guard let minimum = Double(settings), minimum >= 0, minimum.isFinite else {
        throw wrong("must be cosine or cosine:MINIMUM with a learning rate from 0, e.g. cosine:1e-5")
      }
      self = .cosine(minimum: minimum)
    case "warmup":
      let (first, rest) = split(settings)
      guard let steps = Int(first), steps > 0 else {
        throw wrong(
          "must be warmup:STEPS or warmup:STEPS,SCHEDULE with a number of steps from 1, e.g. warmup:100,cosine")
      }
      let next = try LearningRateSchedule(parsing: rest ?? "constant")
      if case .warmUp = next { throw wrong("warms up twice: write one warmup:STEPS") }
      self = .warmUp(steps: steps, then: next)
    default:
      throw wrong("is unknown: write constant, step:EVERY,FACTOR, cosine, cosine:MINIMUM or warmup:STEPS,SCHEDULE")
    }
  }
}

/// As its text, in files.
extension LearningRateSchedule: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do { try self.init(parsing: container.decode(String.self)) } catch let error as ScheduleError {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: error.description)
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
