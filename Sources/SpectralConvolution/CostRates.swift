import Foundation
import SpectralCore
import Synchronization

/// The rates by which solvers estimate how long they take.
public enum CostRates: Hashable, Sendable {
  /// Those that are written in the solvers, fitted to machines with AVX-512: the same choices on every machine.
  case fixed
  /// Those that were measured on this machine (`spectral benchmark --rates`); the fixed ones where none were.
  case machine

  /// How many times as long as by the fixed rates a kind of work takes.
  package func factor(_ work: String) -> Double { self == .fixed ? 1 : MachineRates.factors[work] ?? 1 }
}

/// How fast this machine is, measured once and remembered in the user's cache folder: for each kind of work that a solver
/// counts, how many times as long it takes as by the fixed rates.
///
/// The file has a line for each: processor, tab, kind of work, tab, factor; so several machines may share it.
package enum MachineRates {
  /// The version is raised when an estimate changes so much that old factors say nothing any more.
  private static let title = "SpectralKit convolution rates 2"
  private static let file = CacheFile.folder.map {
    CacheFile($0.appendingPathComponent("convolution-rates"), title: title)
  }
  private static let known = Mutex<[String: Double]?>(nil)

  /// What is known of this machine; empty if nothing was measured.
  package static var factors: [String: Double] {
    known.withLock { known in
      if known == nil { known = file?.read().map { decode($0)[Processor.model] ?? [:] } ?? [:] }
      return known!
    }
  }

  /// Takes over what was measured, and remembers it.
  ///
  /// - Throws: `FileError` if it cannot be written; it holds for this process all the same.
  package static func keep(_ factors: [String: Double]) throws {
    known.withLock { $0 = factors }
    try file?.update { text in
      var all = text.map(decode) ?? [:]
      all[Processor.model] = factors
      return encode(all)
    }
  }

  package static func encode(_ factors: [String: [String: Double]]) -> String {
    factors.sorted { $0.key < $1.key }.flatMap { processor, factors in
      factors.sorted { $0.key < $1.key }.map { "\(processor)\t\($0.key)\t\($0.value)\n" }
    }.joined()
  }

  /// The factors in a text, by processor; lines that are none are left out.
  package static func decode(_ text: String) -> [String: [String: Double]] {
    var factors: [String: [String: Double]] = [:]
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard parts.count == 3, let factor = Double(parts[2]), factor.isFinite, factor > 0 else { continue }
      factors[String(parts[0]), default: [:]][String(parts[1])] = factor
    }
    return factors
  }
}
