import SpectralConvolution
import Synchronization

/// The plans that one method has made so far: a network poses the same few problems at every step.
///
/// A class because copies of a method share it.
package final class PlanShelf: Sendable {
  package struct Key: Hashable {
    let problem: ConvolutionProblem
    let training: Bool
    /// Nil if the plan does not depend on it.
    let threads: Int?

    package init(problem: ConvolutionProblem, training: Bool, threads: Int?) {
      (self.problem, self.training, self.threads) = (problem, training, threads)
    }
  }

  package init() {}

  private static let capacity = 256
  private let plans = Mutex<[Key: ConvolutionPlan]>([:])

  /// The plan for a problem, made if it is not there.
  package func plan(_ key: Key, make: () -> ConvolutionPlan) -> ConvolutionPlan {
    if let plan = plans.withLock({ $0[key] }) { return plan }
    // Without the lock, for measuring takes a while and other problems need not wait.
    let plan = make()
    plans.withLock { plans in
      if plans.count >= Self.capacity { plans.removeAll() }
      plans[key] = plan
    }
    return plan
  }
}
