import Foundation
import SpectralCore
import Synchronization

/// The plans that were chosen by measurement, remembered by the process and in a file.
///
/// The file has a line for each: what was measured, a tab, the plan. What was measured is a text that names everything on
/// which the plan depends, the processor included, so several machines may share the file.
///
/// A class because everyone shares what it learns.
package final class PlanBook: Sendable {
  /// What the process knows, kept in the user's cache folder.
  package static let shared = PlanBook(
    CacheFile.folder.map { CacheFile($0.appendingPathComponent("convolution-plans"), title: title) })

  /// The version is raised when an engine changes so much that old measurements say nothing any more.
  package static let title = "SpectralKit convolution plans 2"

  private let file: CacheFile?
  private let plans = Mutex<[String: ConvolutionPlan]?>(nil)
  private static let oneAtATime = Mutex(())

  /// - Parameter file: Where plans are remembered across runs; nil to forget them with the process.
  package init(_ file: CacheFile?) { self.file = file }

  /// The plan for `key`, or else the one that `measure` finds, which is remembered. Measurements wait for each other, for
  /// two at once would time each other's work.
  ///
  /// - Parameter accept: Whether a remembered plan is still one that can be chosen.
  package func plan(
    _ key: String, accept: (ConvolutionPlan) -> Bool, measure: () -> ConvolutionPlan
  ) -> ConvolutionPlan {
    if let plan = recall(key), accept(plan) { return plan }
    return Self.oneAtATime.withLock { _ in
      // Somebody else may have measured it meanwhile.
      if let plan = recall(key), accept(plan) { return plan }
      let plan = measure()
      plans.withLock { $0![key] = plan }
      // A folder that cannot be written to costs the next run its time, and nothing else.
      try? remember(key, plan)
      return plan
    }
  }

  private func recall(_ key: String) -> ConvolutionPlan? {
    plans.withLock { plans in
      if plans == nil { plans = file?.read().map(Self.decode) ?? [:] }
      return plans![key]
    }
  }

  private func remember(_ key: String, _ plan: ConvolutionPlan) throws {
    try file?.update { text in
      var all = text.map(Self.decode) ?? [:]
      all[key] = plan
      return Self.encode(all)
    }
  }

  package static func encode(_ plans: [String: ConvolutionPlan]) -> String {
    plans.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)\n" }.joined()
  }

  /// The plans in a text; lines that are none are left out.
  package static func decode(_ text: String) -> [String: ConvolutionPlan] {
    var plans: [String: ConvolutionPlan] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard parts.count == 2, let plan = ConvolutionPlan(String(parts[1])) else { continue }
      plans[String(parts[0])] = plan
    }
    return plans
  }
}
