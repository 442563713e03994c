#if SPECTRALKIT_MPI
  import Foundation
  import SpectralKit

  /// A streamed convolution that the ranks of a run do together: each computes a part, and rank 0 speaks for all.
  struct RankedConvolution {
    let ranks: RankGroup
    let convolution: StreamedConvolution

    /// Computes this rank's part.
    ///
    /// - Returns: What all have done, and the most memory that one of them held.
    /// - Throws: ``AgreedEnd`` if another rank has failed.
    func run(from input: String, to output: String, _ shown: inout StreamingProgress) throws -> (
      StreamReport, peak: Int?
    ) {
      let start = ContinuousClock.now
      var progress = shown
      defer { shown = progress }
      // Whoever comes first must not take what another task has left for the work of the others.
      let reason = ranks.rank == 0 ? try convolution.prepare(from: input, to: output) : nil
      try ranks.meet()
      if let reason { progress.show(.startingAnew(reason: reason)) }
      var plan: StreamPlan?
      var failure: (any Error)?
      var report = try convolution.run(
        StreamPart(ranks.rank + 1, of: ranks.count),
        together: { held in
          let all = try ranks.meet([held.pixels]).reduce(0) { $0 + $1[0] }
          if all > 0, let plan { progress.show(.resuming(plan.progress(pixels: all))) }
          try ranks.tell(held.pixels)
        },
        from: input, to: output, shouldStop: { failure != nil },
        onEvent: { event in
          switch event {
          case .planned(let planned):
            plan = planned
            progress.show(event)
          case .progress(let own):
            do {
              try ranks.tell(own.pixels)
              if ranks.rank == 0, let plan { progress.show(.progress(plan.progress(pixels: try ranks.sumTold()))) }
            } catch { failure = error }
          // What one rank finds is part of what all find, and a rank's damaged journal is mended by itself.
          case .resuming, .startingAnew, .recomputing: break
          }
        })
      if let failure { throw failure }
      let outcomes = try ranks.meet([report.computedPixels, report.isWhole ? 1 : 0, ResidentMemory.peak]) {
        if ranks.rank == 0, let plan { progress.show(.progress(plan.progress(pixels: try ranks.sumTold()))) }
      }
      guard outcomes.contains(where: { $0[1] == 1 }) else {
        throw CommandError(
          "\(output): all ranks have done their parts, and none could finish the file: run the same command again")
      }
      report.part = nil
      report.isWhole = true
      report.computedPixels = outcomes.reduce(0) { $0 + $1[0] }
      report.progress = report.plan.progress(pixels: report.plan.pixels)
      report.seconds = (ContinuousClock.now - start).seconds
      // No message is left on its way.
      while try ranks.rank == 0 && ranks.sumTold() < report.plan.pixels { usleep(1000) }
      return (report, outcomes.map { $0[2] }.max())
    }
  }
#endif
