/// A checksum of bytes that arrive in pieces: XXH64 by Yann Collet (xxhash.com), 64 bits, at the speed of memory.
///
/// It finds what disks, cables and editors do to a file by accident. It is no defence against somebody who wants two
/// files to agree.
package struct Checksum {
  private static let primes: (UInt64, UInt64, UInt64, UInt64, UInt64) = (
    0x9e37_79b1_85eb_ca87, 0xc2b2_ae3d_27d4_eb4f, 0x1656_67b1_9e37_79f9, 0x85eb_ca77_c2b2_ae63, 0x27d4_eb2f_1656_67c5
  )
  private static let stripe = 32

  private let seed: UInt64
  private var lanes: SIMD4<UInt64>
  private var count: UInt64 = 0
  /// Bytes that do not fill a stripe yet.
  private var rest: [UInt8] = []

  /// The checksum of nothing so far.
  package init(seed: UInt64 = 0) {
    let p = Self.primes
    self.seed = seed
    lanes = SIMD4(seed &+ p.0 &+ p.1, seed &+ p.1, seed, seed &- p.0)
    rest.reserveCapacity(Self.stripe)
  }

  /// Appends bytes.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    count &+= UInt64(bytes.count)
    var bytes = bytes
    if !rest.isEmpty {
      let taken = min(Self.stripe - rest.count, bytes.count)
      rest.append(contentsOf: bytes[..<taken])
      bytes = UnsafeRawBufferPointer(rebasing: bytes[taken...])
      guard rest.count == Self.stripe else { return }
      rest.withUnsafeBytes { lanes = Self.mixed(lanes, $0) }
      rest.removeAll(keepingCapacity: true)
    }
    let whole = bytes.count / Self.stripe * Self.stripe
    lanes = Self.mixed(lanes, UnsafeRawBufferPointer(rebasing: bytes[..<whole]))
    rest.append(contentsOf: bytes[whole...])
  }

  /// The checksum of all bytes so far.
  package var value: UInt64 {
    let p = Self.primes
    var hash: UInt64
    if count >= UInt64(Self.stripe) {
      hash =
        Self.rotated(lanes[0], 1) &+ Self.rotated(lanes[1], 7) &+ Self.rotated(lanes[2], 12)
        &+ Self.rotated(lanes[3], 18)
      for i in 0..<4 { hash = (hash ^ Self.round(0, lanes[i])) &* p.0 &+ p.3 }
    } else {
      hash = seed &+ p.4
    }
    hash &+= count
    rest.withUnsafeBytes { rest in
      var place = 0
      while place + 8 <= rest.count {
        hash ^= Self.round(0, rest.loadUnaligned(fromByteOffset: place, as: UInt64.self))
        hash = Self.rotated(hash, 27) &* p.0 &+ p.3
        place += 8
      }
      if place + 4 <= rest.count {
        hash ^= UInt64(rest.loadUnaligned(fromByteOffset: place, as: UInt32.self)) &* p.0
        hash = Self.rotated(hash, 23) &* p.1 &+ p.2
        place += 4
      }
      for byte in rest[place...] {
        hash ^= UInt64(byte) &* p.4
        hash = Self.rotated(hash, 11) &* p.0
      }
    }
    hash = (hash ^ hash >> 33) &* p.1
    hash = (hash ^ hash >> 29) &* p.2
    return hash ^ hash >> 32
  }

  /// The checksum of some bytes.
  package static func of(_ bytes: some Sequence<UInt8>, seed: UInt64 = 0) -> UInt64 {
    var checksum = Checksum(seed: seed)
    Array(bytes).withUnsafeBytes { checksum.update($0) }
    return checksum.value
  }

  private static func mixed(_ start: SIMD4<UInt64>, _ stripes: UnsafeRawBufferPointer) -> SIMD4<UInt64> {
    var (a, b, c, d) = (start[0], start[1], start[2], start[3])
    var place = 0
    while place < stripes.count {
      a = round(a, stripes.loadUnaligned(fromByteOffset: place, as: UInt64.self))
      b = round(b, stripes.loadUnaligned(fromByteOffset: place + 8, as: UInt64.self))
      c = round(c, stripes.loadUnaligned(fromByteOffset: place + 16, as: UInt64.self))
      d = round(d, stripes.loadUnaligned(fromByteOffset: place + 24, as: UInt64.self))
      place += stripe
    }
    return SIMD4(a, b, c, d)
  }

  @inline(__always)
  private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
    rotated(lane &+ word &* primes.1, 31) &* primes.0
  }

  @inline(__always)
  private static func rotated(_ word: UInt64, _ bits: UInt64) -> UInt64 { word &<< bits | word &>> (64 - bits) }
}

extension UInt64 {
  /// Sixteen hexadecimal digits.
  var hexadecimal: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
