import Foundation

/// The compiler, and what the build of these tests left behind for it.
public struct Toolchain: Sendable {
  /// The folder of products: `Modules`, object files, and the command.
  public let products: URL

  /// The toolchain; nil if there is no `swiftc`, or the products are not where SwiftPM puts them.
  public static let present: Toolchain? = {
    // Objects that carry a sanitizer do not link into a program without it.
    guard sanitizer == nil else { return nil }
    guard let version = try? run("swiftc", ["--version"]), version.status == 0 else { return nil }
    // The tests run from the folder of products, or are named by an argument that lies in it.
    let places = CommandLine.arguments.map { URL(fileURLWithPath: $0) }
    let usual = ["release", "debug"].map { repositoryRoot.appendingPathComponent(".build/\($0)/tests") }
    for place in places + usual {
      var folder = place
      while folder.path.count > 1 {
        folder.deleteLastPathComponent()
        let module = folder.appendingPathComponent("Modules/SpectralKit.swiftmodule").path
        if FileManager.default.fileExists(atPath: module) { return Toolchain(products: folder) }
      }
    }
    return nil
  }()

  /// Compiles a program that uses the library.
  ///
  /// - Returns: What the compiler complains about; empty if nothing.
  public func compile(_ program: URL, to object: URL) throws -> String {
    var arguments = ["-c", "-swift-version", "6", "-warnings-as-errors", program.path, "-o", object.path]
    arguments += ["-I", products.appendingPathComponent("Modules").path]
    arguments += ["-module-cache-path", products.appendingPathComponent("ModuleCache").path]
    arguments += flags("--cflags-only-I", Self.libraries)
    for map in moduleMaps { arguments += ["-Xcc", "-fmodule-map-file=\(map.path)"] }
    let result = try Self.run("swiftc", arguments)
    return result.status == 0 ? "" : result.errors
  }

  /// Links a compiled program with the object files of the library.
  ///
  /// - Parameters:
  ///   - targets: The targets whose objects are taken; nil for the whole library.
  ///   - libraries: The system's libraries, by their pkg-config names; BLAS is Accelerate on macOS.
  /// - Returns: What the linker complains about; empty if nothing.
  public func link(
    _ object: URL, to executable: URL, targets: [String]? = nil, libraries: [String] = Self.libraries
  ) throws -> String {
    let rooms = try Self.contents(products).filter { folder in
      guard folder.pathExtension == "build", Self.isRoom(folder) else { return false }
      return targets?.contains(folder.deletingPathExtension().lastPathComponent) ?? true
    }
    let objects = try rooms.flatMap { try Self.contents($0) }.filter { $0.pathExtension == "o" }
    var arguments = [object.path] + objects.map(\.path) + ["-o", executable.path]
    arguments += flags("--libs", libraries)
    #if canImport(Darwin)
      if libraries.contains("openblas") { arguments += ["-framework", "Accelerate"] }
    #endif
    let result = try Self.run("swiftc", arguments)
    return result.status == 0 ? "" : result.errors
  }

  /// The command; nil if it has not been built.
  public var command: URL? {
    let command = products.appendingPathComponent("spectral")
    return FileManager.default.isExecutableFile(atPath: command.path) ? command : nil
  }

  /// Whether a folder of object files belongs to the library rather than to a test or a program.
  private static func isRoom(_ folder: URL) -> Bool {
    let name = folder.deletingPathExtension().lastPathComponent
    let source = repositoryRoot.appendingPathComponent("Sources/\(name)").path
    return FileManager.default.fileExists(atPath: source)
      && !["spectral", "SpectralBenchmarks", "SpectralLessons", "SpectralPlayground"].contains(name)
  }

  private var moduleMaps: [URL] {
    let sources = (try? Self.contents(repositoryRoot.appendingPathComponent("Sources"))) ?? []
    let built = ((try? Self.contents(products)) ?? []).filter { $0.pathExtension == "build" }
    return (sources + built).map { $0.appendingPathComponent("module.modulemap") }
      .filter { FileManager.default.fileExists(atPath: $0.path) }
  }

  /// What the whole library links.
  public static let libraries = ["fftw3f", "fftw3", "openblas", "libpng", "libjpeg", "zlib"]

  private func flags(_ kind: String, _ libraries: [String]) -> [String] {
    libraries.flatMap { library -> [String] in
      #if canImport(Darwin)
        if library == "openblas" { return [] }
      #endif
      guard let result = try? Self.run("pkg-config", [kind, library]), result.status == 0 else { return [] }
      return result.output.split(whereSeparator: \.isWhitespace).map(String.init)
    }
  }

  private static func contents(_ folder: URL) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
  }

  /// Runs a program of the search path, or at an absolute path, to its end.
  public static func run(
    _ program: String, _ arguments: [String], in folder: URL? = nil
  ) throws -> (status: Int32, output: String, errors: String) {
    // Files rather than pipes: a pipe that nobody empties stops the program.
    let scratch = temporaryFolder()
    defer { try? FileManager.default.removeItem(at: scratch) }
    let files = ["output", "errors"].map { scratch.appendingPathComponent($0) }
    for file in files { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    if let folder { process.currentDirectoryURL = folder }
    // Programs of these tests leave no wisdom behind.
    process.environment = ProcessInfo.processInfo.environment.merging(["SPECTRALKIT_CACHE": ""]) { $1 }
    try process.run()
    process.waitUntilExit()
    let texts = files.map { (try? String(contentsOf: $0, encoding: .utf8)) ?? "" }
    return (process.terminationStatus, texts[0], texts[1])
  }
}
