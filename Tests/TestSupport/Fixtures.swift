import Foundation

/// Where the files beside a test file are: `fixtures(of: #filePath)` is the folder `Fixtures` next to it.
public func fixtures(of testFile: String) -> URL {
  URL(fileURLWithPath: testFile).deletingLastPathComponent().appendingPathComponent("Fixtures")
}

/// The root of the repository.
public let repositoryRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent()

/// The sanitizer that the tests run under, as `Scripts/sanitize.sh` says it; nil for none.
public let sanitizer = ProcessInfo.processInfo.environment["SPECTRAL_SANITIZER"]

/// How much longer than usual things may take: some ten times under a sanitizer.
public let patience = sanitizer == nil ? 1 : 10

/// A folder of real data beside the project, e.g. `sharedData("mnist")`; nil where it is not there.
///
/// Tests that want it are skipped by name: `@Test(.enabled(if: sharedData("mnist") != nil, "needs ../shared/data/mnist"))`.
public func sharedData(_ name: String) -> URL? {
  let folder = repositoryRoot.deletingLastPathComponent().appendingPathComponent("shared/data/\(name)")
  return FileManager.default.fileExists(atPath: folder.path) ? folder : nil
}

/// A new, empty folder of the test's own.
public func temporaryFolder() -> URL {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("spectralkit-\(UUID().uuidString)")
  try! FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}
