import AutomaticConvolution
import Testing

/// The checksums are those of xxHash's own program: `xxhsum -H64`, and `xxhash.xxh64(data, seed)` of Python's xxhash.
@Suite struct ChecksumTests {
  /// The bytes that xxHash's self-test takes: the high bytes of powers of a prime.
  private static let bytes: [UInt8] = {
    var generator: UInt64 = 2_654_435_761
    return (0..<222).map { _ in
      defer { generator = generator &* 11_400_714_785_074_694_797 }
      return UInt8(truncatingIfNeeded: generator >> 56)
    }
  }()

  /// For the seeds 0 and 2654435761.
  @Test(
    arguments: [
      (0, 0xef46_db37_51d8_e999, 0xac75_fda2_929b_17ef), (1, 0xe934_a84a_db05_2768, 0x5014_6076_43a9_b4c3),
      (4, 0x9136_a0dc_a574_57ee, 0xcaab_286b_d8e9_fdb5), (14, 0x8282_dcc4_994e_35c8, 0xc3bd_6bf6_3deb_6df0),
      (222, 0xb641_ae8c_b691_c174, 0x20cb_8ab7_ae10_c14a),
    ] as [(Int, UInt64, UInt64)])
  func equalsThatOfTheReference(_ count: Int, _ plain: UInt64, _ seeded: UInt64) {
    #expect(Checksum.of(Self.bytes.prefix(count)) == plain)
    #expect(Checksum.of(Self.bytes.prefix(count), seed: 2_654_435_761) == seeded)
  }

  @Test func wordsThatManyKnow() {
    #expect(Checksum.of("a".utf8) == 0xd24e_c4f1_a98c_6e5b)
    #expect(Checksum.of("abc".utf8) == 0x44bc_2cf5_ad77_0999)
  }

  @Test func piecesMakeTheWhole() {
    for cut in 0...Self.bytes.count {
      var checksum = Checksum()
      Self.bytes[..<cut].withUnsafeBytes { checksum.update($0) }
      Self.bytes[cut...].withUnsafeBytes { checksum.update($0) }
      #expect(checksum.value == Checksum.of(Self.bytes))
    }
  }
}
