import Foundation

/// How many bytes a task may hold at once, and the one gate through which every size passes before it is allocated.
///
/// Whoever is about to allocate by sizes that a user or a file states first adds them up in a ``MemoryEstimate`` and asks
/// ``require(_:for:remedy:)``. Nothing is allocated before the answer.
public struct MemoryBudget: Hashable, Sendable {
  /// The most bytes.
  public let bytes: Int
  /// Whether the caller chose the number; otherwise it is what the machine has.
  public let isChosen: Bool

  /// A budget of `limit` bytes, or of what this process may have at all where that is less or `limit` is nil.
  public init(limit: Int? = nil) {
    isChosen = limit.map { $0 <= MemoryBudget.available } ?? false
    bytes = min(limit ?? .max, MemoryBudget.available)
  }

  /// Everything that this process may have.
  public static let machine = MemoryBudget()

  /// The machine's memory, or less where the process's address space (`ulimit -v`) or its control group is bounded.
  private static let available: Int = {
    var bytes = ResidentMemory.machine
    var limit = rlimit()
    #if os(Linux)
      let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
    #else
      let resource = RLIMIT_AS
    #endif
    if getrlimit(resource, &limit) == 0, limit.rlim_cur != rlim_t.max {
      bytes = min(bytes, Int(clamping: limit.rlim_cur))
    }
    #if os(Linux)
      if let data = try? InputFile.contents(of: "/sys/fs/cgroup/memory.max", limit: 64),
        let group = Int(String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
      {
        bytes = min(bytes, group)
      }
    #endif
    return bytes
  }()

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
  public init(_ extents: [Int], scalarBytes: Int) { bytes = Shape.count(extents + [scalarBytes]) }

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

  /// The estimate, the limit and the remedy in one sentence.
  public var description: String {
    let most = ByteCount(budget.bytes)
    return "\(purpose) takes \(estimate) of memory, and "
      + (budget.isChosen
        ? "the limit is \(most): raise the limit, or \(remedy)" : "this machine has \(most): \(remedy)")
  }
}
