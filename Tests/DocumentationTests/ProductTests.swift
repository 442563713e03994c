import Foundation
import TestSupport
import Testing

/// A product that is taken singly links what it needs and no more.
@Suite(.serialized, .enabled(if: Toolchain.present != nil, "needs swiftc and the products of a build"))
struct ProductTests {
  @Test func convolvingTensorsLinksNeitherCodecNorBLAS() throws {
    let (folder, toolchain) = (temporaryFolder(), try #require(Toolchain.present))
    defer { try? FileManager.default.removeItem(at: folder) }
    let source = folder.appendingPathComponent("main.swift")
    try """
    import AutomaticConvolution
    import SpectralConvolution
    import SpectralCore

    let image = Tensor<Float>([1, 1, 2, 2], [1, 2, 3, 4])
    let filter = Tensor<Float>([1, 1, 2, 2], [1, 10, 100, 1000])
    let result = try AutomaticConvolution<Float>()(image, filter)
    result.withUnsafeElements { print(Int($0[0].rounded())) }
    """.write(to: source, atomically: true, encoding: .utf8)
    try #require(try toolchain.compile(source, to: folder.appendingPathComponent("main.o")) == "")
    #if !DEBUG
      let program = folder.appendingPathComponent("convolve")
      let complaints = try toolchain.link(
        folder.appendingPathComponent("main.o"), to: program,
        targets: [
          "CKernels", "SpectralCore", "SpectralTransforms", "SpectralConvolution", "SpatialConvolution",
          "FourierConvolution", "AutomaticConvolution",
        ], libraries: ["fftw3f", "fftw3"])
      try #require(complaints == "")
      let result = try Toolchain.run(program.path, [], in: folder)
      // 1 · 1 + 2 · 10 + 3 · 100 + 4 · 1000
      #expect(result.status == 0 && result.output == "4321\n", "\(result.errors)")
    #endif
  }
}
