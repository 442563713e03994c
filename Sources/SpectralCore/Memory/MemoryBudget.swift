import Foundation

/// How many bytes a task may hold at once, and the one gate through which every size passes before it is allocated.
///
/// Whoever is about to allocate by sizes that a user or a file states first adds them up in a ``MemoryEstimate`` and asks
/// ``require(_:for:remedy:)``. Nothing is allocated before the answer.
public struct MemoryBudget: Hashable, Sendable {
  /// The most bytes.
  public let bytes: Int
  /// Who set the number.
  public enum Origin: Hashable, Sendable {
    /// The caller, who can raise it.
    case chosen
    /// The program, for a kind of task.
    case fixed
    /// It is what the machine has left.
    case machine
  }

  /// Who set the number.
  public let origin: Origin

  /// Whether the caller chose the number.
  public var isChosen: Bool { origin == .chosen }

  /// A budget of `limit` bytes, or of what this process may have at all where that is less or `limit` is nil.
  public init(limit: Int? = nil) { self.init(limit, .chosen) }

  /// A budget that the program sets, or what this process may have at all where that is less.
  public init(fixed limit: Int) { self.init(limit, .fixed) }

  private init(_ limit: Int?, _ origin: Origin) {
    let available = MachineMemory.available
    self.origin = limit.map { $0 <= available } ?? false ? origin : .machine
    bytes = min(limit ?? .max, available)
  }

  /// Everything that this process may have by now. What other processes hold counts, so it changes.
  public static var machine: MemoryBudget { MemoryBudget() }

  /// Refuses an estimate that is larger than the budget.
  ///
  /// - Parameters:
  ///   - purpose: What the memory is for, as the subject of a sentence: `filtering 10 x 10 pixels`.
  ///   - remedy: What a user can do besides raising a limit that was chosen, as an imperative: `take a smaller kernel`.
  /// - Throws: ``MemoryError`` with the estimate.
  public func require(_ estimate: MemoryEstimate, for purpose: String, remedy: String) throws(MemoryError) {
    if let needed = estimate.bytes, needed <= bytes { return }
    throw MemoryError(purpose: purpose, estimate: estimate, budget: self, remedy: remedy)
  }
}

/// A sum of sizes in bytes that cannot overflow.
public struct MemoryEstimate: Hashable, Sendable, CustomStringConvertible {
  /// The bytes; nil for more than an `Int` can count.
  public private(set) var bytes: Int?

  /// So many bytes.
  public init(bytes: Int = 0) { self.bytes = bytes }

  /// An array of these extents.
  ///
  /// - Parameter scalarBytes: The bytes of one number.
  public init(_ extents: [Int], scalarBytes: Int) { bytes = TensorShape.count(extents + [scalarBytes]) }

  /// Both together.
  public static func + (a: MemoryEstimate, b: MemoryEstimate) -> MemoryEstimate {
    var sum = MemoryEstimate()
    guard let x = a.bytes, let y = b.bytes else {
      sum.bytes = nil
      return sum
    }
    let (total, overflow) = x.addingReportingOverflow(y)
    sum.bytes = overflow ? nil : total
    return sum
  }

  /// Adds to an estimate.
  public static func += (a: inout MemoryEstimate, b: MemoryEstimate) { a = a + b }

  /// The estimate as people read it.
  public var description: String {
    bytes.map { "\(ByteCount($0, rounding: .up))" } ?? "more than 8 EiB"
  }
}

/// A task that would take more memory than it may.
public struct MemoryError: Error, Hashable, Sendable, CustomStringConvertible {
  /// What the memory is for.
  public let purpose: String
  /// What it would take.
  public let estimate: MemoryEstimate
  /// What it may take.
  public let budget: MemoryBudget
  /// What a user can do.
  public let remedy: String

  /// A refusal by whoever finds the estimate in another way than by ``MemoryBudget/require(_:for:remedy:)``.
  package init(purpose: String, estimate: MemoryEstimate, budget: MemoryBudget, remedy: String) {
    (self.purpose, self.estimate, self.budget, self.remedy) = (purpose, estimate, budget, remedy)
  }

  /// The estimate, the limit and the remedy in one sentence.
  public var description: String {
    let most = ByteCount(budget.bytes)
    let rest =
      switch budget.origin {
      case .chosen: "the limit is \(most): raise the limit, or \(remedy)"
      case .fixed: "the most that it may take is \(most): \(remedy)"
      case .machine: "this machine has \(most) for it: \(remedy)"
      }
    return "\(purpose) takes \(estimate) of memory, and \(rest)"
  }
}
