import CFFTW
import Synchronization
import SpectralCore

/// How much effort FFTW spends on choosing how to compute a transform.
public enum PlanningRigor: String, CaseIterable, Hashable, Sendable {
  /// A rule of thumb, at once. The same plan on every run, so the choice for deterministic work.
  case estimate
  /// Time several ways and keep the fastest; what it learns is kept as wisdom. What FFTW transforms may differ from run
  /// to run in the last bits; what the built-in loops of ``LaneTransform`` transform does not.
  case measure
}

/// A way to compute one transform, chosen by FFTW. Making it takes a lock and perhaps time; executing it takes neither.
///
/// A class because it owns a foreign resource, the `fftw_plan`. Plans are kept for the life of the process: a program
/// uses few of them, again and again.
public final class TransformPlan<Scalar: FourierScalar>: @unchecked Sendable {
  /// What it does.
  public let kind: TransformKind
  private let raw: OpaquePointer

  private init(kind: TransformKind, raw: OpaquePointer) {
    self.kind = kind
    self.raw = raw
  }

  /// The plan for a layout, made on first use and shared from then on.
  ///
  /// - Parameters:
  ///   - aligned: Whether every array it will be executed on starts at a multiple of 64 bytes. An unaligned plan
  ///     takes any array and may be slower.
  public static func shared(
    _ kind: TransformKind, _ layout: TransformLayout, rigor: PlanningRigor, aligned: Bool = true
  ) -> TransformPlan {
    let key = PlanKey(precision: Scalar.precisionName, kind: kind, layout: layout, rigor: rigor, aligned: aligned)
    return Planner.locked { planner in
      if let plan = planner.plans[key] as? TransformPlan { return plan }
      planner.prepare(Scalar.self, rigor)
      let plan = make(kind, layout, rigor, aligned)
      planner.plans[key] = plan
      return plan
    }
  }

  private static func make(
    _ kind: TransformKind, _ layout: TransformLayout, _ rigor: PlanningRigor, _ aligned: Bool
  ) -> TransformPlan {
    precondition(
      layout.transformed.allSatisfy { $0.count > 0 } && layout.repeated.allSatisfy { $0.count > 0 },
      "a transform of no points")
    // Measuring overwrites its arrays, so plans are made on scratch, out of place.
    let extents = layout.extents(kind)
    let input = Scratch<Scalar>(count: extents.input)
    let output = Scratch<Scalar>(count: extents.output)
    if rigor == .measure {
      input.base.initialize(repeating: 0, count: input.count)
      output.base.initialize(repeating: 0, count: output.count)
    }
    var flags = rigor == .measure ? FFTW_MEASURE : FFTW_ESTIMATE
    if !aligned { flags |= FFTW_UNALIGNED }
    if kind == .complexToReal { flags |= UInt32(FFTW_DESTROY_INPUT) }
    Scalar.setPlanningTimeLimit(2)
    guard let raw = Scalar.makePlan(kind, layout, input.base, output.base, flags) else {
      preconditionFailure("FFTW has no plan for \(layout)")
    }
    return TransformPlan(kind: kind, raw: raw)
  }

  /// Computes the transform from one array to another. Any number of threads may do so at once.
  @inline(__always)
  public func execute(_ input: UnsafeMutablePointer<Scalar>, _ output: UnsafeMutablePointer<Scalar>) {
    Scalar.execute(kind, raw, input, output)
  }
}

/// The plans that FFTW has made for this process.
package enum TransformPlans {
  /// How many there are.
  package static var count: Int { Planner.locked { $0.plans.count } }
}

struct PlanKey: Hashable {
  let precision: String
  let kind: TransformKind
  let layout: TransformLayout
  let rigor: PlanningRigor
  let aligned: Bool
}

/// FFTW's planner is one for the whole process and not thread-safe: whoever plans, or touches wisdom, goes through here.
struct Planner {
  var plans: [PlanKey: any Sendable] = [:]
  /// Whether something was learned since it was last written down.
  private var hasLearned = false
  private var hasRecalled = false
  /// What FFTW knows by measurement, by precision, while it must not use it.
  private var shelved: [String: String] = [:]
  /// The precisions for which FFTW itself holds what it knows.
  private var live: Set<String> = []

  private static let state = Mutex(Planner())

  static func locked<Result: Sendable>(_ body: (inout Planner) throws -> Result) rethrows -> Result {
    try state.withLock { planner in try body(&planner) }
  }

  /// Gives FFTW what it may use: for a measured plan all that is known, for an estimate nothing. FFTW would base an
  /// estimate on what was measured, and the plan would depend on what ran before.
  mutating func prepare<Scalar: FourierScalar>(_: Scalar.Type, _ rigor: PlanningRigor) {
    let name = Scalar.precisionName
    switch rigor {
    case .measure:
      recallWisdom()
      if let wisdom = shelved.removeValue(forKey: name) { _ = Scalar.importWisdom(wisdom) }
      live.insert(name)
      hasLearned = true
    case .estimate:
      guard live.remove(name) != nil else { return }
      shelved[name] = Scalar.exportWisdom()
      Scalar.forgetWisdom()
    }
  }

  /// All that is known, by precision, if something was learned since the last call.
  mutating func newWisdom() -> [String: String]? {
    guard hasLearned else { return nil }
    hasLearned = false
    func text<Scalar: FourierScalar>(_: Scalar.Type) -> String {
      shelved[Scalar.precisionName] ?? (live.contains(Scalar.precisionName) ? Scalar.exportWisdom() : nil) ?? ""
    }
    return [Float.precisionName: text(Float.self), Double.precisionName: text(Double.self)]
  }

  private mutating func recallWisdom() {
    guard !hasRecalled else { return }
    hasRecalled = true
    if let file = Wisdom.file, let texts = Wisdom.read(file) { shelved = texts.filter { !$0.value.isEmpty } }
  }
}
