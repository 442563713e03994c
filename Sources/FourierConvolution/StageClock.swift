import Dispatch
import Synchronization

/// A stage of the Fourier method.
public enum ConvolutionStage: Int, CaseIterable, Sendable {
  /// Filters to spectra, or their gradient's back.
  case filters
  /// Tiles are gathered from the arrays and transformed.
  case transform
  /// Spectra are multiplied. Where every channel has a filter of its own, the transforms of columns are part of it, for a
  /// column goes there and back while it is in the first-level cache.
  case product
  /// Tiles are transformed back and scattered to the arrays.
  case inverse

  /// What people call it.
  public var title: String {
    switch self {
    case .filters: "filters"
    case .transform: "gather and transform"
    case .product: "product"
    case .inverse: "inverse and scatter"
    }
  }
}

/// What one stage took and did, all threads together.
public struct StageTime: Sendable {
  /// The stage.
  public let stage: ConvolutionStage
  /// Seconds, added up over the threads.
  public let seconds: Double
  /// Multiplications and additions, by the usual count: 2.5 N log2 N for a real transform of N points, 8 for a complex
  /// multiply-add.
  public let operations: Double
  /// Bytes that it reads from its operands and writes to its results, each once.
  public let bytes: Double
}

/// Adds up what stages take while somebody wants to know. Else it costs a load for each piece of work.
enum StageClock {
  private static let isRunning = Atomic<Bool>(false)
  private static let nanoseconds = Mutex<[UInt64]>([])

  /// Does a piece of work of a stage.
  @inline(__always) static func time<Result>(_ stage: ConvolutionStage, _ work: () -> Result) -> Result {
    guard isRunning.load(ordering: .relaxed) else { return work() }
    let start = DispatchTime.now().uptimeNanoseconds
    let result = work()
    let taken = DispatchTime.now().uptimeNanoseconds - start
    nanoseconds.withLock { $0[stage.rawValue] += taken }
    return result
  }

  /// The seconds of each stage while `body` runs. Whatever else the process convolves meanwhile counts too.
  static func seconds(_ body: () -> Void) -> [Double] {
    nanoseconds.withLock { $0 = Array(repeating: 0, count: ConvolutionStage.allCases.count) }
    isRunning.store(true, ordering: .relaxed)
    body()
    isRunning.store(false, ordering: .relaxed)
    return nanoseconds.withLock { $0.map { 1e-9 * Double($0) } }
  }
}
