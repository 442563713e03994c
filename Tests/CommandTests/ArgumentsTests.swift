import TestSupport
import Testing

/// What every subcommand has in common: help, version, exit codes, and the words about wrong usage.
@Suite struct ArgumentsTests {
  static let subcommands = [
    "train", "evaluate", "predict", "spectrum", "filter", "hybrid", "convolve", "kernel", "deblur", "match", "lesson",
    "conv1d", "conv2d", "conv3d",
    "compare", "benchmark", "demo",
  ]

  @Test func helpGoesToStandardOutput() {
    for arguments in [["--help"], ["-h"], ["help"]] {
      let help = spectral(arguments)
      #expect(help.code == 0 && help.talk.isEmpty)
      for name in Self.subcommands { #expect(help.output.contains("  \(name) ")) }
    }
  }

  @Test(arguments: subcommands) func everySubcommandHelps(_ name: String) {
    let help = spectral(name, "--help")
    #expect(help.code == 0 && help.talk.isEmpty)
    #expect(help.output.hasPrefix("Usage: spectral \(name)"))
    #expect(help.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
    #expect(spectral("help", name).output == help.output)
    // Whoever asks for help gets it, whatever else is wrong.
    #expect(spectral(name, "--nonsense", "--help").output == help.output)
    #expect(spectral(name, "--version").output == spectral("--version").output)
  }

  /// `-o` is where the result goes, wherever there is one.
  @Test(arguments: subcommands) func theResultHasTheSameShortFlagEverywhere(_ name: String) {
    let help = spectral(name, "--help").output
    let hasResult = !["evaluate", "predict", "compare"].contains(name)
    #expect(help.contains("-o, ") == hasResult, "\(help)")
    if help.contains("--output ") { #expect(help.contains("-o, --output ")) }
  }

  @Test func version() {
    let version = spectral("--version")
    #expect(version.code == 0 && version.output.hasPrefix("spectral ") && version.talk.isEmpty)
  }

  // With its type, which the compiler would look for too long.
  static let wrong: [([String], [String])] = [
    ([], ["conv2d", "compare", "--help"]),
    (["conv2"], ["conv2", "did you mean conv2d?"]),
    (["xyzzy"], ["xyzzy", subcommands.joined(separator: ", ")]),
    (["--verison"], ["--verison", "did you mean --version?"]),
    (["conv2d", "--ouput", "y.npy"], ["--ouput", "did you mean --output?"]),
    (["conv2d", "-stride", "2"], ["-stride", "did you mean --stride?"]),
    (["conv2d", "--bound", "zero"], ["--bound", "did you mean --boundary?"]),
    (["conv2d", "--quux"], ["--quux", "spectral conv2d --help"]),
    (["conv2d"], ["--input is missing", "e.g. --input x.npy"]),
    (["conv2d", "--input", "x.npy"], ["--weight is missing"]),
    (["conv2d", "--input", "x.npy", "--weight", "w.npy"], ["--output is missing"]),
    (["conv2d", "--input"], ["--input needs a value"]),
    (["conv2d", "--input", "--weight", "w.npy"], ["--input needs a value"]),
    (["conv2d", "--input", "--weight=w.npy"], ["--input needs a value"]),
    (["conv2d", "--input="], ["--input must not be empty"]),
    (["conv2d", "--deterministic=yes"], ["--deterministic takes no value"]),
    (["conv2d", "--input", "x", "--weight", "w", "--output", "y", "z"], ["'z'", "--help"]),
    (["compare"], ["FILE is missing"]),
    (["compare", "a.png", "b.png"], ["'b.png' is one too many"]),
  ]

  /// Every one of these is wrong usage: exit code 2 and one line with these words in it.
  @Test(arguments: wrong)
  func wrongUsage(_ arguments: [String], _ words: [String]) {
    let outcome = spectral(arguments)
    #expect(outcome.code == 2 && outcome.output.isEmpty && outcome.lines.count == 1, "\(outcome)")
    for word in words { #expect(outcome.talk.contains(word), "\(outcome.talk)") }
  }

  /// A value that means nothing names its flag, itself, and one that works.
  @Test(arguments: [
    ("--stride", "0"), ("--stride", "1,2,3"), ("--stride", "two"), ("--stride", ""), ("--stride", "-1"),
    ("--padding", "1,2,3"), ("--padding", "-1"), ("--padding", "none"), ("--padding", "1,"), ("--padding", "smae"),
    ("--boundary", "wrap"), ("--dilation", "0,1"), ("--groups", "0"), ("--groups", "99999999999999999999"),
    ("--operation", "Convolution"), ("--method", "fftw"), ("--threads", "0"), ("--threads", "1.5"),
    ("--memory-limit", "0"), ("--memory-limit", "12 parsecs"), ("--memory-limit", "nan"),
    ("--memory-limit", "1e999G"),
  ])
  func wrongValues(_ flag: String, _ value: String) {
    let files = ["conv2d", "--input", "x.npy", "--weight", "w.npy", "--output", "y.npy"]
    for arguments in [files + [flag, value], files + ["\(flag)=\(value)"]] {
      let outcome = spectral(arguments)
      #expect(outcome.code == 2 && outcome.output.isEmpty && outcome.lines.count == 1, "\(outcome)")
      #expect(outcome.talk.contains("\(flag) must ") && outcome.talk.contains("not '\(value)': e.g. \(flag) "))
    }
  }

  @Test func valuesMayLookLikeNumbersBelowZero() {
    // Taken as the flag's value, and found wrong as such.
    #expect(spectral("compare", "x.png", "--runs", "-1").talk.contains("--runs must be a whole number from 1"))
  }

  @Test func theLastOfTwoCounts() {
    let outcome = spectral(
      "conv2d", "--input", "missing.npy", "--weight", "w.npy", "--output", "y.npy", "--input", "absent.npy")
    #expect(outcome.code == 1 && outcome.talk.contains("absent.npy"))
  }

  @Test func afterTwoDashesNothingIsAFlag() {
    let outcome = spectral("compare", "--", "--help")
    #expect(outcome.code == 1 && outcome.talk.contains("--help: there is no such file"))
  }

  @Test func aFullDiskBehindTheStandardOutputIsAnError() throws {
    #if os(Linux)
      let outcome = spectral(shell: "exec \"$0\" --help > /dev/full")
      #expect(outcome.code == 1 && outcome.talk.contains("standard output: the disk is full"))
    #endif
  }
}
