import Foundation
import SpectralKit
import SpectralCore
import Synchronization
import TestSupport
import Testing

/// Steps that are cut into micro-batches, alone and shared among processes.
@Suite struct MicroBatchTests {
  private func configuration(_ microBatch: Int?, convolution: ConvolutionChoice = .direct) -> TrainingConfiguration {
    var configuration = TrainingConfiguration()
    (configuration.limit, configuration.batchSize, configuration.epochs) = (50, 20, 1)
    (configuration.deterministic, configuration.convolution) = (true, convolution)
    configuration.microBatchSize = microBatch
    return configuration
  }

  private let data: DatasetPair

  init() throws { data = try DatasetKind.digits.load(limit: 50) }

  /// Trains two steps of 20 images and one of 10.
  private func weights(
    _ configuration: TrainingConfiguration, exchange: (any GradientExchange)? = nil
  ) throws -> (weights: [[Float]], losses: [Double]) {
    var run = TrainingRun(configuration, data: data)
    run.exchange = exchange
    var losses: [Double] = []
    let network = try run.run(onEvent: { if case .batch(let batch) = $0 { losses.append(batch.loss) } }).network
    func elements<Network: Layer>(_ network: Network) -> [[Float]] where Network.Scalar == Float {
      var all: [[Float]] = []
      network.parameters.forEach { all.append($1.elements) }
      return all
    }
    return (elements(network), losses)
  }

  /// The gradient of a batch is the mean of those of its images, however it is cut: only rounding differs.
  @Test(arguments: [1, 3, 20, 64]) func cuttingABatchChangesRoundingOnly(_ size: Int) throws {
    let (whole, losses) = try weights(configuration(nil))
    let (cut, otherLosses) = try weights(configuration(size))
    for (a, b) in zip(losses, otherLosses) { #expect(abs(a - b) <= 1e-5 * abs(a)) }
    for (a, b) in zip(whole, cut) {
      let norm = a.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
      // A few hundred roundings of 2^-24 each in three steps of a small network.
      #expect(difference <= 1e-4 * norm, "\(difference) of \(norm)")
    }
    if size >= 20 { #expect(whole == cut) }
  }

  /// Threads in place of processes, which wait for each other at every exchange.
  private final class Meeting: @unchecked Sendable {
    private let condition = NSCondition()
    private var given: [[UInt8]?]
    private var taken: [[UInt8]] = []
    private var generation = 0

    init(_ count: Int) { given = Array(repeating: nil, count: count) }

    func exchange(_ bytes: [UInt8], rank: Int) -> [[UInt8]] {
      condition.lock()
      defer { condition.unlock() }
      given[rank] = bytes
      let own = generation
      if given.allSatisfy({ $0 != nil }) {
        taken = given.compactMap { $0 }
        given = Array(repeating: nil, count: given.count)
        generation += 1
        condition.broadcast()
      }
      while generation == own { condition.wait() }
      return taken
    }
  }

  private struct Member: GradientExchange {
    let meeting: Meeting
    let rank: Int
    let count: Int
    func exchange(_ bytes: [UInt8]) throws -> [[UInt8]] { meeting.exchange(bytes, rank: rank) }
  }

  /// The bits of one process, on all, whatever their number; also where there are more of them than micro-batches.
  @Test(arguments: [2, 3, 4, 8], [ConvolutionChoice.direct, .fft, .automatic])
  func anyNumberOfProcessesGivesTheSameBits(_ count: Int, _ convolution: ConvolutionChoice) throws {
    let configuration = configuration(4, convolution: convolution)
    let one = try weights(configuration)
    let meeting = Meeting(count)
    let results = Mutex<[Int: ([[Float]], [Double])]>([:])
    let threads = (0..<count).map { rank in
      Thread {
        do {
          let result = try weights(configuration, exchange: Member(meeting: meeting, rank: rank, count: count))
          results.withLock { $0[rank] = result }
        } catch {
          Issue.record(error)
        }
      }
    }
    for thread in threads {
      thread.stackSize = 8 << 20
      thread.start()
    }
    while threads.contains(where: { !$0.isFinished }) { usleep(1000) }
    for rank in 0..<count {
      let result = try #require(results.withLock { $0[rank] })
      #expect(result.0 == one.weights && result.1 == one.losses, "rank \(rank) of \(count)")
    }
  }

  @Test func whatNormalizesOverABatchIsRefused() throws {
    var configuration = configuration(4)
    configuration.model = .largeKernel
    let error = #expect(throws: TrainingError.self) { try TrainingRun(configuration, data: data).check() }
    #expect("\(try #require(error))".contains("from each batch as a whole, which micro-batches would change"))
  }

  @Test func aCheckpointKeepsItsMicroBatches() throws {
    var request = TrainingRequest()
    #expect(try request.configuration(resuming: configuration(4)).microBatchSize == 4)
    request.microBatchSize = 4
    #expect(try request.configuration(resuming: configuration(4)).microBatchSize == 4)
    for stored in [nil, 5] {
      let error = #expect(throws: TrainingError.self) { try request.configuration(resuming: configuration(stored)) }
      #expect("\(try #require(error))".contains("not with micro-batches of 4"))
    }
  }
}
