import Foundation
import SpectralCore

/// Damaged copies of a file's bytes, the same ones at every run.
public enum HostileBytes {
  /// Every beginning of the bytes, from none to all but one.
  public static func truncations(of data: Data) -> some Sequence<Data> {
    (0..<data.count).lazy.map { Data(data.prefix($0)) }
  }

  /// Copies with one to four bytes replaced by others.
  public static func mutations(of data: Data, count: Int, seed: UInt64 = 1) -> some Sequence<Data> {
    var random = RandomGenerator(seed: seed)
    return (0..<count).map { _ in
      var copy = data
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        copy[copy.startIndex + Int.random(in: 0..<data.count, using: &random)] ^= UInt8.random(
          in: 1...255, using: &random)
      }
      return copy
    }
  }
}
