import Foundation

/// A browser without a window, driven over two pipes in its own protocol; no port, no driver program.
///
/// Sendable because nothing changes but what ``DevTools`` guards.
final class Chromium: @unchecked Sendable {
  /// The browser, if one is installed: Debian's `chromium`, or what `SPECTRAL_CHROMIUM` names.
  static let executable: String? = {
    let named = ProcessInfo.processInfo.environment["SPECTRAL_CHROMIUM"].map { [$0] } ?? []
    let usual = [
      "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome",
      "/Applications/Chromium.app/Contents/MacOS/Chromium",
      "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    ]
    return (named + usual).first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  /// One browser for all tests; it goes when the tests end, because its pipes do.
  static let shared: Chromium = {
    let browser = Chromium(executable!)
    atexit { Chromium.shared.close() }
    return browser
  }()

  let devTools: DevTools
  /// Where files go that a page saves.
  let downloads: URL
  private let process: pid_t
  private let profile: URL

  private init(_ executable: String) {
    profile = FileManager.default.temporaryDirectory.appendingPathComponent("spectral-browser-\(getpid())")
    downloads = profile.appendingPathComponent("downloads")
    try! FileManager.default.createDirectory(at: downloads, withIntermediateDirectories: true)
    let (toBrowser, fromBrowser) = (Pipe.pair(), Pipe.pair())
    process = Self.spawn(
      executable,
      [
        "--headless", "--remote-debugging-pipe", "--user-data-dir=\(profile.path)", "--no-first-run", "--disable-gpu",
        "--hide-scrollbars", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
        "--disable-sync", "--mute-audio", "--force-color-profile=srgb",
        // Chromium's own sandbox refuses to run as root, and containers seldom have what it needs. The only pages are ours.
        "--no-sandbox",
      ], input: toBrowser.reading, output: fromBrowser.writing)
    Foundation.close(toBrowser.reading)
    Foundation.close(fromBrowser.writing)
    devTools = DevTools(reading: fromBrowser.reading, writing: toBrowser.writing)
    _ = try! devTools.call(
      "Browser.setDownloadBehavior", ["behavior": "allow", "downloadPath": downloads.path, "eventsEnabled": false])
  }

  private func close() {
    kill(process, SIGKILL)
    var status: Int32 = 0
    waitpid(process, &status, 0)
    try? FileManager.default.removeItem(at: profile)
  }

  /// Starts a program with its descriptors 3 and 4 joined to pipes.
  private static func spawn(_ executable: String, _ arguments: [String], input: Int32, output: Int32) -> pid_t {
    #if canImport(Darwin)
      var actions: posix_spawn_file_actions_t?
    #else
      var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for descriptor in Int32(1)...2 { posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0) }
    posix_spawn_file_actions_adddup2(&actions, input, 3)
    posix_spawn_file_actions_adddup2(&actions, output, 4)
    var words = ([executable] + arguments).map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    var process: pid_t = 0
    let failure = posix_spawn(&process, executable, &actions, nil, &words, environ)
    precondition(failure == 0, "\(executable) does not start: \(String(cString: strerror(failure)))")
    return process
  }
}

/// The two ends of a pipe.
private struct Pipe {
  let reading: Int32
  let writing: Int32

  /// A pipe whose ends are neither inherited by other programs nor in the way of the descriptors 3 and 4.
  static func pair() -> Pipe {
    var ends: [Int32] = [0, 0]
    precondition(pipe(&ends) == 0, "no pipe to be had")
    let high = ends.map { fcntl($0, F_DUPFD_CLOEXEC, 10) }
    ends.forEach { close($0) }
    return Pipe(reading: high[0], writing: high[1])
  }
}
