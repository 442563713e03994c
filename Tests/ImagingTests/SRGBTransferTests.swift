import Foundation
import SpectralImaging
import SpectralCore
import Testing

@Suite struct SRGBTransferTests {
  @Test func knownPairs() {
    // From the tables of IEC 61966-2-1: bytes and their light in linear percent.
    for (byte, light) in [
      (0, 0.0), (10, 0.0030353), (11, 0.0033465), (55, 0.0382044), (128, 0.2158605), (188, 0.5028865), (255, 1),
    ] {
      #expect(abs(SRGBTransfer.linear(Double(byte) / 255) - light) < 5e-8)
      #expect(abs(SRGBTransfer.stored(light) * 255 - Double(byte)) < 2e-3)
    }
  }

  @Test func thereAndBack() {
    for step in -300...300 {
      let x = Double(step) / 100
      #expect(abs(SRGBTransfer.stored(SRGBTransfer.linear(x)) - x) < 1e-15 * max(1, abs(x)) + 3e-8)
      #expect(SRGBTransfer.linear(-x) == -SRGBTransfer.linear(x))
    }
  }

  /// Over the whole range of numbers that images hold, a run of vectors gives what the definition gives.
  @Test func vectorsAgreeWithTheDefinition() {
    var values: [Float] = [0, -0, 1, 0.0031308, 0.0031309, 0.5, 100, 1e-30, 1e9]
    for i in 0..<100_000 { values.append(Float(i) / 65535) }
    values += values.map { -$0 }
    let stored = SRGBTransfer.stored(Tensor([values.count], values))
    let errors = zip(values, stored.elements).map { value, result in
      let expected = SRGBTransfer.stored(Double(value))
      return abs(Double(result) - expected) / max(1, abs(expected))
    }
    // The last of Halley's steps rounds to 6 u, the roots and products around it to another 6.
    #expect(errors.max()! <= 12 * 0x1p-24)
    let light = SRGBTransfer.linear(Tensor([values.count], values))
    #expect(light.elements == values.map { SRGBTransfer.linear($0) })
  }
}
