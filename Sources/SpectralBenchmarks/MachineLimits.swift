import CKernels
import Dispatch
import Foundation
import SpectralCore

/// What the machine can do at most, measured: the roof over every figure that a benchmark gives.
public struct MachineLimits: Codable, Hashable, Sendable {
  /// Bytes in a second, by where they are; what is read and what is written both count.
  public struct Bandwidth: Codable, Hashable, Sendable {
    /// `to[i] = from[i]`.
    public var copy: Double
    /// `to[i] = a[i] + s b[i]`.
    public var triad: Double

    enum CodingKeys: String, CodingKey {
      case copy = "copy_bytes_per_s"
      case triad = "triad_bytes_per_s"
    }
  }

  /// The processor's model.
  public var processor: String
  /// Threads that worked at once.
  public var threads: Int
  /// Multiplications and additions of single precision in a second, as fused multiply-adds in registers.
  public var singleOperations: Double
  /// The same in double precision.
  public var doubleOperations: Double
  /// Arrays that fill half of each core's second-level cache.
  public var secondLevel: Bandwidth
  /// Arrays far larger than the third-level cache.
  public var memory: Bandwidth

  enum CodingKeys: String, CodingKey {
    case processor, threads, memory
    case singleOperations = "single_flops_per_s"
    case doubleOperations = "double_flops_per_s"
    case secondLevel = "second_level"
  }

  /// Measures them with `Parallel.threads` threads, in some seconds.
  ///
  /// - Parameter memoryLimit: The most bytes of arrays.
  public static func measure(memoryLimit: Int? = nil) -> MachineLimits {
    // As STREAM asks for: together at least four times the last cache.
    let wanted = max(4 * Processor.cacheBytes(level: 3), 256 << 20)
    return MachineLimits(
      processor: Processor.model, threads: Parallel.threads,
      singleOperations: operations(Float.self),
      doubleOperations: operations(Double.self),
      secondLevel: bandwidth(bytesPerThread: Processor.cacheBytes(level: 2) / 2),
      memory: bandwidth(bytesPerThread: min(wanted, MemoryBudget(limit: memoryLimit).bytes / 4) / Parallel.threads))
  }

  /// Operations in a second: a chain of multiply-adds on every thread.
  private static func operations<Scalar: TensorScalar>(_: Scalar.Type) -> Double {
    // Some 20 ms, long enough for all threads to have started.
    let rounds = 2_000_000
    return fastest { threads in
      nonisolated(unsafe) var operations = [Double](repeating: 0, count: threads)
      operations.withUnsafeMutableBufferPointer { operations in
        nonisolated(unsafe) let operations = operations
        Parallel.forEach(threads) { thread in
          let sink = Scratch<Scalar>(count: 1)
          operations[thread] = Scalar.kernels.pointee.fused_multiply_adds(sink.base, rounds, 0.999, 0.001)
        }
      }
      return operations.reduce(0, +)
    }
  }

  private static func bandwidth(bytesPerThread: Int) -> Bandwidth {
    let count = max(bytesPerThread / (3 * MemoryLayout<Double>.stride), 1024) & ~7
    let arrays = (0..<Parallel.threads).map { _ in (0..<3).map { _ in Scratch<Double>(count: count) } }
    nonisolated(unsafe) let own = arrays.map { $0.map(\.base) }
    // Whoever writes first decides in which memory a page is.
    Parallel.forEach(own.count) { thread in
      for array in own[thread] { array.initialize(repeating: 1, count: count) }
    }
    let repeats = max(1, (128 << 20) / (3 * count * MemoryLayout<Double>.stride))
    func rate(_ bytes: Int, _ loop: ([UnsafeMutablePointer<Double>]) -> Void) -> Double {
      fastest { threads in
        Parallel.forEach(threads) { thread in
          for _ in 0..<repeats { loop(own[thread]) }
        }
        return Double(threads * repeats * count * bytes)
      }
    }
    let rates = Bandwidth(
      copy: rate(16) { Double.kernels.pointee.stream_copy($0[0], $0[1], count) },
      triad: rate(24) { Double.kernels.pointee.stream_triad($0[0], $0[1], $0[2], 0.5, count) })
    withExtendedLifetime(arrays) {}
    return rates
  }

  /// The best rate of some runs of a work that says how much it did: enough of them for processors to have settled on a
  /// clock, and for one that nothing disturbs.
  private static func fastest(_ work: (Int) -> Double) -> Double {
    func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
    let first = now()
    var (best, runs) = (0.0, 0)
    while runs < 6 || (now() - first < 0.6 && runs < 100) {
      let start = now()
      let amount = work(Parallel.threads)
      best = max(best, amount / (now() - start))
      runs += 1
    }
    return best
  }

  /// The least seconds in which a machine with these limits could do so many operations on so many bytes of memory, by
  /// each of the two limits.
  public func leastSeconds(
    operations: Double, bytes: Double, precision: BenchmarkCase.Precision
  ) -> (arithmetic: Double, memory: Double) {
    (operations / (precision == .single ? singleOperations : doubleOperations), bytes / max(memory.copy, memory.triad))
  }
}
