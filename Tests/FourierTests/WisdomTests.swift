import Foundation
import Fourier
import TestSupport
import Testing

@Suite struct WisdomTests {
  private let texts = ["float32": "(fftw-3 wisdom\n  (codelet 1)\n)", "float64": "", "other": "x\ny"]

  @Test func whatIsWrittenIsRead() {
    #expect(Wisdom.decode(Wisdom.encode(texts)) == texts)
  }

  /// FFTW aborts on some damaged wisdom, so nothing damaged may reach it.
  @Test func anyDamageIsNoticed() {
    let bytes = Array(Wisdom.encode(texts).utf8)
    for length in 0..<bytes.count {
      #expect(Wisdom.decode(String(decoding: bytes.prefix(length), as: UTF8.self)) == nil)
    }
    for place in bytes.indices {
      var damaged = bytes
      damaged[place] ^= 1
      #expect(Wisdom.decode(String(decoding: damaged, as: UTF8.self)) == nil, "byte \(place)")
    }
  }

  @Test func aMissingFileIsNoWisdom() {
    #expect(Wisdom.read(URL(fileURLWithPath: "/nonexistent/wisdom")) == nil)
  }
}
