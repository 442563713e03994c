#if SPECTRALKIT_MPI
  import Foundation
  import SpectralKit
  import SpectralMPI

  /// What the ranks of a run tell each other.
  ///
  /// They agree at meetings, to which each brings some numbers or its failure. So a failure of any of them ends all, with one
  /// line.
  ///
  /// A class because it owns messages under way. Sendable because only the thread that started MPI uses it.
  final class RankGroup: GradientExchange, @unchecked Sendable {
    private let world: Communicator
    /// The same processes, for work between meetings: a rank that fails comes to a meeting while others wait for its work.
    private let atWork: Communicator
    private var sending: [SendRequest] = []
    /// What each has told last.
    private var told: [Int]

    init(_ world: Communicator) throws {
      self.world = world
      atWork = try world.split(color: 0, key: world.rank)
      told = Array(repeating: 0, count: world.size)
    }

    var rank: Int { world.rank }
    var count: Int { world.size }

    // MARK: Meetings

    /// What ends a run.
    private struct Failure: Equatable {
      var code: Int32
      /// Who it came from, e.g. `spectral convolve`.
      var context: String
      var text: String
    }

    /// Waits for all others.
    ///
    /// - Parameters:
    ///   - numbers: What this rank brings; all bring as many, at most ``mostNumbers``.
    ///   - whileWaiting: Called now and then.
    /// - Returns: What each has brought.
    /// - Throws: ``AgreedEnd`` if one of them has failed, `MPIError`.
    @discardableResult
    func meet(_ numbers: [Int] = [], whileWaiting: () throws -> Void = {}) throws -> [[Int]] {
      let request = try world.gathering(Self.message(numbers, nil))
      while try !request.isDone() {
        try whileWaiting()
        usleep(1000)
      }
      let outcomes = try request.value().map(Self.outcome)
      try endIfFailed(outcomes.map(\.failure))
      return outcomes.map { Array($0.numbers.prefix(numbers.count)) }
    }

    /// Brings a failure of this rank to the next meeting. Others that are at work do not come soon: then this rank says what is
    /// wrong and ends, upon which the launcher ends them.
    ///
    /// - Returns: The exit code.
    func fail(_ context: String, _ text: String, code: Int32) -> Int32 {
      let failure = Failure(code: code, context: context, text: text)
      do {
        let request = try world.gathering(Self.message([], failure))
        let deadline = ContinuousClock.now + .seconds(1)
        while try !request.isDone() {
          guard .now < deadline else {
            Console.isMuted = false
            Console.say("\(context): rank \(rank) of \(count): \(text)")
            ProcessEnd.end(code)
          }
          usleep(1000)
        }
        try endIfFailed(request.value().map(Self.outcome).map(\.failure))
      } catch let end as AgreedEnd {
        return end.code
      } catch {
        Console.isMuted = false
        Console.say("\(context): rank \(rank) of \(count): \(text); \(error)")
      }
      return code
    }

    /// Lets the first rank that has failed say so, and ends all.
    private func endIfFailed(_ failures: [Failure?]) throws {
      guard let first = failures.firstIndex(where: { $0 != nil }), let failure = failures[first] else { return }
      if rank == first {
        // What is wrong everywhere is nobody's in particular.
        Console.isMuted = false
        let isEverywhere = failures.allSatisfy { $0 == failure }
        Console.say("\(failure.context): \(isEverywhere ? "" : "rank \(first) of \(count): ")\(failure.text)")
      }
      try world.barrier()
      throw AgreedEnd(code: failure.code)
    }

    /// The most numbers that a rank can bring to a meeting.
    static let mostNumbers = 4
    private static let messageBytes = 1024

    private static func message(_ numbers: [Int], _ failure: Failure?) -> [UInt8] {
      precondition(numbers.count <= mostNumbers, "a rank brings at most \(mostNumbers) numbers, not \(numbers.count)")
      var bytes: [UInt8] = []
      let all = numbers + Array(repeating: 0, count: mostNumbers - numbers.count)
      for number in all + [failure.map { Int($0.code) } ?? 0] {
        withUnsafeBytes(of: number) { bytes += $0 }
      }
      if let failure { bytes += "\(failure.context)\n\(failure.text)".utf8 }
      bytes = Array(bytes.prefix(messageBytes))
      return bytes + Array(repeating: 0, count: messageBytes - bytes.count)
    }

    private static func outcome(_ bytes: [UInt8]) -> (numbers: [Int], failure: Failure?) {
      let numbers = bytes.withUnsafeBytes { bytes in
        (0...mostNumbers).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int.self) }
      }
      guard let code = numbers.last, code != 0 else { return (numbers, nil) }
      let text = String(decoding: bytes[(8 * (mostNumbers + 1))...].prefix { $0 != 0 }, as: UTF8.self)
      let words = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      return (numbers, Failure(code: Int32(code), context: words[0], text: words.count > 1 ? words[1] : ""))
    }

    // MARK: Training

    func exchange(_ bytes: [UInt8]) throws -> [[UInt8]] { try atWork.gather(bytes) }

    // MARK: Progress

    private static let progressTag = 1

    /// Tells rank 0 how far this one is.
    func tell(_ number: Int) throws {
      told[rank] = number
      guard rank != 0 else { return }
      sending = try sending.filter { try !$0.isDone() }
      sending.append(try world.sending(withUnsafeBytes(of: number) { Array($0) }, to: 0, tag: Self.progressTag))
    }

    /// What all have told last, together. For rank 0.
    func sumTold() throws -> Int {
      while let (bytes, sender) = try world.message(tag: Self.progressTag) {
        told[sender] = bytes.withUnsafeBytes { $0.loadUnaligned(as: Int.self) }
      }
      return told.reduce(0, +)
    }

    /// Waits until what this rank has told is on its way, so that MPI can end.
    func finish() throws { for request in sending { try request.wait() } }
  }
#endif
