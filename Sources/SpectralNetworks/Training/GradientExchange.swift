/// Processes that train one network together. Each computes the gradients of some micro-batches of a step, and gets those of
/// all, so that the network stays the same on all.
public protocol GradientExchange: Sendable {
  /// The number of this process, from 0.
  var rank: Int { get }
  /// How many there are.
  var count: Int { get }

  /// The bytes of all processes, in the order of their numbers. All give as many; each waits for all.
  func exchange(_ bytes: [UInt8]) throws -> [[UInt8]]
}
