import SpectralCore

/// A step cut into micro-batches of a fixed size, whose gradients are summed in a fixed order: two by two, as the leaves of a
/// tree. Who computes which of them has no part in the result, so that it is the same bits for any number of processes.
struct MicroBatches {
  /// What a micro-batch, or several, add to a step.
  struct Term {
    /// The gradient by all parameters, in the order in which they are visited.
    var gradient: [Float]
    /// The loss, as far as it is these images'.
    var loss: Double
    /// Images that were taken for what they are.
    var correct: Int
  }

  /// Images of the batch.
  let images: Int
  /// Images of a micro-batch; the last may have fewer.
  let size: Int

  /// How many there are.
  var count: Int { (images + size - 1) / size }

  /// The images of one.
  func range(_ index: Int) -> Range<Int> { index * size..<min((index + 1) * size, images) }

  /// Those that one of several processes computes.
  func share(of rank: Int, among processes: Int) -> Range<Int> {
    count * rank / processes..<count * (rank + 1) / processes
  }

  /// The sum of terms that follow each other.
  static func sum(_ terms: ArraySlice<Term>) -> Term {
    guard terms.count > 1 else { return terms.first! }
    let middle = terms.startIndex + terms.count / 2
    var sum = sum(terms[..<middle])
    let other = Self.sum(terms[middle...])
    sum.gradient.withUnsafeMutableBufferPointer { sum in
      other.gradient.withUnsafeBufferPointer { other in
        for i in sum.indices { sum[i] += other[i] }
      }
    }
    sum.loss += other.loss
    sum.correct += other.correct
    return sum
  }

  // MARK: Bytes

  /// The terms of a share as the bytes that processes exchange, with room for the largest share.
  func bytes(_ terms: [Term], parameters: Int, among processes: Int) -> [UInt8] {
    let most = (count + processes - 1) / processes
    var bytes: [UInt8] = []
    bytes.reserveCapacity(most * Self.byteCount(parameters))
    for term in terms {
      term.gradient.withUnsafeBytes { bytes += $0 }
      withUnsafeBytes(of: term.loss) { bytes += $0 }
      withUnsafeBytes(of: term.correct) { bytes += $0 }
    }
    return bytes + Array(repeating: 0, count: most * Self.byteCount(parameters) - bytes.count)
  }

  /// The terms of all processes, from what ``bytes(_:parameters:among:)`` has made of those of each.
  func terms(_ messages: [[UInt8]], parameters: Int) -> [Term] {
    messages.enumerated().flatMap { rank, message in
      message.withUnsafeBytes { bytes in
        share(of: rank, among: messages.count).indices.map { index in
          let start = (index - share(of: rank, among: messages.count).lowerBound) * Self.byteCount(parameters)
          let gradient = [Float](unsafeUninitializedCapacity: parameters) { numbers, count in
            UnsafeMutableRawBufferPointer(numbers).copyMemory(
              from: UnsafeRawBufferPointer(rebasing: bytes[start..<start + 4 * parameters]))
            count = parameters
          }
          return Term(
            gradient: gradient, loss: bytes.loadUnaligned(fromByteOffset: start + 4 * parameters, as: Double.self),
            correct: bytes.loadUnaligned(fromByteOffset: start + 4 * parameters + 8, as: Int.self))
        }
      }
    }
  }

  private static func byteCount(_ parameters: Int) -> Int { 4 * parameters + 16 }
}
