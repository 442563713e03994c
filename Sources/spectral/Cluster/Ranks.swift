import Foundation
import SpectralKit
import Synchronization

#if SPECTRALKIT_MPI
  import SpectralMPI
#endif

/// The processes of one run that a launcher of MPI (`mpirun`) has started, numbered from 0; or this one alone.
enum Ranks {
  /// How many there are.
  static var count: Int {
    #if SPECTRALKIT_MPI
      current?.count ?? 1
    #else
      1
    #endif
  }

  /// Whether this one speaks for all.
  static var speaks: Bool {
    #if SPECTRALKIT_MPI
      current?.rank ?? 0 == 0
    #else
      true
    #endif
  }

  /// What shares the steps of a training; nil if this process does them all.
  static var exchange: (any GradientExchange)? {
    #if SPECTRALKIT_MPI
      current
    #else
      nil
    #endif
  }

  /// Waits for all ranks.
  ///
  /// - Throws: ``AgreedEnd`` if one of them has failed.
  static func meet() throws {
    #if SPECTRALKIT_MPI
      try current?.meet()
    #endif
  }

  /// Convolves an array, each rank a part of it.
  ///
  /// - Returns: What all have done, and the most memory that one of them held.
  /// - Throws: ``AgreedEnd`` if another rank has failed.
  static func run(
    _ convolution: StreamedConvolution, from input: String, to output: String, _ progress: inout StreamingProgress
  ) throws -> (StreamReport, peak: Int?) {
    #if SPECTRALKIT_MPI
      guard let current else { preconditionFailure("there is one process only") }
      return try RankedConvolution(ranks: current, convolution: convolution).run(from: input, to: output, &progress)
    #else
      preconditionFailure("there is one process only")
    #endif
  }

  #if SPECTRALKIT_MPI
    private static let group = Mutex<RankGroup?>(nil)
    /// All ranks; nil if this process is alone.
    static var current: RankGroup? { group.withLock { $0 } }
    private static let isStarted = Atomic<Bool>(false)

    /// Starts MPI if a launcher has started this process.
    ///
    /// - Throws: `MPIError`.
    static func start(_ environment: [String: String]) throws {
      guard MPI.isLaunched(environment) else { return }
      let world = try MPI.start()
      isStarted.store(true, ordering: .relaxed)
      guard world.size > 1 else { return }
      // Unless told otherwise the ranks of a machine share its processors; a launcher may have bound each to some.
      let neighbours = try world.onThisMachine().size
      let processors = Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
      Parallel.threads = min(Parallel.processorCount, max(1, processors / neighbours))
      let ranks = try RankGroup(world)
      Console.isMuted = ranks.rank != 0
      group.withLock { $0 = ranks }
    }

    /// Ends MPI, when all ranks have come here.
    static func end() throws {
      guard isStarted.load(ordering: .relaxed) else { return }
      try current?.finish()
      MPI.end()
    }
  #endif
}

/// The end of a run on which all ranks have agreed, and of which one has told.
struct AgreedEnd: Error {
  /// The exit code.
  let code: Int32
}
