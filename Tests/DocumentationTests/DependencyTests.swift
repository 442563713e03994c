import Foundation
import SpectralCore
import TestSupport
import Testing

/// Another package depends on this one by its path, and has types of its own with common names.
@Suite(.enabled(if: Toolchain.present != nil, "needs swift and the products of a build"))
struct DependencyTests {
  @Test func anotherPackageDependsOnThisOne() throws {
    let folder = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    func write(_ text: String, to path: String) throws {
      let file = folder.appendingPathComponent(path)
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try text.write(to: file, atomically: true, encoding: .utf8)
    }
    // A dependency is called by the folder that it is in.
    try FileManager.default.createSymbolicLink(
      at: folder.appendingPathComponent("SpectralKit"), withDestinationURL: repositoryRoot)
    try write(
      """
      // swift-tools-version: 6.2
      import PackageDescription

      let package = Package(
        name: "Pictures",
        platforms: [.macOS(.v15)],
        dependencies: [.package(path: "../SpectralKit")],
        targets: [
          .target(name: "Looks"),
          .executableTarget(name: "pictures", dependencies: ["Looks", .product(name: "SpectralKit", package: "SpectralKit")]),
        ])
      """, to: "Pictures/Package.swift")
    try write(
      """
      public struct Image { public let name: String; public init(name: String) { self.name = name } }
      public struct Shape { public let sides: Int; public init(sides: Int) { self.sides = sides } }
      public enum Charts { public static let title = "chart" }
      """, to: "Pictures/Sources/Looks/Looks.swift")
    try write(
      """
      import Looks
      import SpectralKit

      let image = Image(name: "photograph")
      let shape = Shape(sides: 4)
      let signal = Tensor<Float>([3], [1, 2, 3])
      let result = try convolve(signal, Tensor<Float>([2], [1, 10]), .full)
      print(image.name, shape.sides, Charts.title, result.elements.map { Int($0.rounded()) })
      """, to: "Pictures/Sources/pictures/main.swift")
    let package = folder.appendingPathComponent("Pictures")
    // As somebody else would build it.
    let build = try Toolchain.run(
      "env", ["-u", "SPECTRALKIT_STRICT", "-u", "SPECTRALKIT_MPI", "swift", "build", "--package-path", package.path],
      in: package)
    try #require(build.status == 0, "\(build.output.suffix(2000)) \(build.errors.suffix(2000))")
    let program = package.appendingPathComponent(".build/debug/pictures")
    let run = try Toolchain.run(program.path, [], in: package)
    #expect(run.status == 0 && run.output == "photograph 4 chart [1, 12, 23, 30]\n", "\(run.output) \(run.errors)")
  }

  /// The version has one place, and what repeats it agrees.
  @Test func theVersionAndTheToolsVersionAgree() throws {
    func text(_ path: String) throws -> String {
      try String(contentsOf: repositoryRoot.appendingPathComponent(path), encoding: .utf8)
    }
    #expect(try text("CITATION.cff").contains("\nversion: \(SpectralVersion.current)\n"))
    #expect(try text("Package.swift").hasPrefix("// swift-tools-version: 6.3\n"))
    #expect(try text("README.md").contains("Swift 6.3"))
  }
}
