import Foundation
import TestSupport
import Testing

#if !DEBUG
  /// What `make install` installs can be compiled against, and the programs of the page on C do what it says.
  @Suite(.serialized, .enabled(if: Toolchain.present?.command != nil, "needs swiftc and the products of a build"))
  struct CPageTests {
    /// A prefix with everything installed, made once; the folder it was linked in, and what went wrong.
    private struct Installation: Sendable {
      let prefix: URL
      let linked: URL
      let complaints: String
    }

    private static let installation: Installation = {
      let (prefix, linked) = (temporaryFolder(), temporaryFolder())
      do {
        let products = Toolchain.present!.products
        let link = try Toolchain.run(
          "sh", ["Scripts/link-for-install.sh", products.path, linked.path], in: repositoryRoot)
        let install = try Toolchain.run(
          "sh", ["Scripts/install.sh", "install", prefix.path, linked.path], in: repositoryRoot)
        let failed = link.status != 0 || install.status != 0
        return Installation(prefix: prefix, linked: linked, complaints: failed ? link.errors + install.errors : "")
      } catch { return Installation(prefix: prefix, linked: linked, complaints: "\(error)") }
    }()

    /// What was installed, from the prefix.
    private static func files(_ installation: Installation) -> Set<String> {
      let all = FileManager.default.enumerator(atPath: installation.prefix.path)?.compactMap { $0 as? String } ?? []
      return Set(
        all.filter { path in
          var isFolder: ObjCBool = false
          let there = FileManager.default.fileExists(
            atPath: installation.prefix.appendingPathComponent(path).path, isDirectory: &isFolder)
          return there && !isFolder.boolValue
        })
    }

    private func page() throws -> Page { try #require(Page.all.first { $0.path.hasSuffix("/C.md") }) }

    /// Compiles and links a program as the page says, runs it, and gives its output.
    private func run(_ program: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> String {
      let installation = Self.installation
      try #require(installation.complaints == "", sourceLocation: sourceLocation)
      let folder = temporaryFolder()
      defer { try? FileManager.default.removeItem(at: folder) }
      let source = folder.appendingPathComponent("program.c")
      try program.write(to: source, atomically: true, encoding: .utf8)
      let library = installation.prefix.appendingPathComponent("lib").path
      let line = """
        export PKG_CONFIG_PATH='\(library)/pkgconfig' LD_LIBRARY_PATH='\(library)'
        cc -std=c11 -Wall -Wextra -Werror program.c -o program $(pkg-config --cflags --libs spectralkit) && ./program
        """
      let result = try Toolchain.run("sh", ["-c", line], in: folder)
      #expect(result.status == 0, "\(result.errors)", sourceLocation: sourceLocation)
      return result.output
    }

    @Test func theProgramIsCompiledLinkedAndRun() throws {
      let page = try page()
      let program = try #require(page.blocks.first { $0.language == "c" })
      let shown = try #require(page.blocks.first { $0.language == "output" })
      #expect(program.lines.count <= 40, "a short program has grown to \(program.lines.count) lines")
      #expect(try run(program.lines.joined(separator: "\n") + "\n") == shown.lines.joined(separator: "\n") + "\n")
    }

    /// The other snippets are one program, in order.
    @Test func theSnippetsRun() throws {
      let page = try page()
      let snippets = page.blocks.filter { $0.language == "c" }.dropFirst()
      let outputs = page.blocks.filter { $0.language == "output" }.dropFirst()
      let program =
        "#include <spectralkit.h>\n#include <stdio.h>\nint main(void) {\n"
        + snippets.flatMap(\.lines).joined(separator: "\n") + "\nreturn 0;\n}\n"
      #expect(try run(program) == outputs.flatMap(\.lines).joined(separator: "\n") + "\n")
    }

    /// A child of a fork computes, with as many threads, while the parent's other threads compute.
    @Test func aForkComputes() throws {
      let program = try String(
        contentsOf: repositoryRoot.appendingPathComponent("Tests/DocumentationTests/Programs/fork.c"), encoding: .utf8)
      #expect(try run(program) == "the children computed the same\n")
    }

    @Test func theVersionIsTheCommands() throws {
      let installation = Self.installation
      try #require(installation.complaints == "")
      let command = installation.prefix.appendingPathComponent("bin/spectral").path
      let version = try Toolchain.run(command, ["--version"]).output
      let package = try String(
        contentsOf: installation.prefix.appendingPathComponent("lib/pkgconfig/spectralkit.pc"), encoding: .utf8)
      #expect(package.contains("\nVersion: \(version.dropFirst("spectral ".count).dropLast())\n"))
      let program = """
        #include <spectralkit.h>
        #include <stdio.h>
        int main(void) {
          printf("spectral %s\\n", spectral_version());
          return spectral_interface() != SPECTRAL_INTERFACE;
        }

        """
      #expect(try run(program) == version)
    }

    #if os(Linux)
      /// Nothing but the header's functions can be seen from outside, so that two Swift runtimes do not meet.
      @Test func theLibraryShowsWhatTheHeaderDeclares() throws {
        let installation = Self.installation
        try #require(installation.complaints == "")
        let library = installation.prefix.appendingPathComponent("lib/libspectralkit.so").path
        let symbols = try Toolchain.run("nm", ["-D", "--defined-only", library]).output.split(separator: "\n")
          .compactMap { $0.split(separator: " ").last.map(String.init) }
        let header = try String(
          contentsOf: installation.prefix.appendingPathComponent("include/spectralkit.h"), encoding: .utf8)
        let declared = header.matches(of: /\n[a-z][a-z_0-9 ]*[ *](spectral_[a-z_]+)\(/).map { String($0.1) }
          .filter { $0 != "spectral_dense" }
        #expect(Set(symbols) == Set(declared) && declared.count > 30)
      }
    #endif

    @Test func thePageAndTheCompletionsAreWellFormed() throws {
      let installation = Self.installation
      try #require(installation.complaints == "")
      func path(_ name: String) -> String { installation.prefix.appendingPathComponent("share/" + name).path }
      // Programs that are not there have nothing to say.
      func check(_ line: String) throws {
        let result = try Toolchain.run("sh", ["-c", line])
        #expect(result.status == 0 && result.errors == "", "\(line): \(result.output) \(result.errors)")
      }
      try check("! command -v groff >/dev/null || groff -man -Tutf8 -z '\(path("man/man1/spectral.1"))'")
      let zsh = try String(contentsOfFile: path("zsh/site-functions/_spectral"), encoding: .utf8)
      #expect(zsh.hasPrefix("#compdef spectral\n"))
      try check("! command -v zsh >/dev/null || zsh -n '\(path("zsh/site-functions/_spectral"))'")
      try check("! command -v fish >/dev/null || fish -n '\(path("fish/vendor_completions.d/spectral.fish"))'")
    }

    /// What bash offers behind some words.
    @Test(
      arguments: [
        ("spectral fil", ["filter"]), ("spectral filter --lowp", ["--lowpass"]),
        ("spectral filter --boundary re", ["reflect", "replicate"]), ("spectral lesson theo", ["theorem"]),
        ("spectral filter --output ", []),
      ])
    func bashCompletes(_ words: String, _ offered: [String]) throws {
      let installation = Self.installation
      try #require(installation.complaints == "")
      let script = installation.prefix.appendingPathComponent("share/bash-completion/completions/spectral").path
      let list = words.split(separator: " ", omittingEmptySubsequences: false).map { "'\($0)'" }
      let line = """
        . '\(script)'; COMP_WORDS=(\(list.joined(separator: " "))); COMP_CWORD=\(list.count - 1); _spectral
        printf '%s\\n' "${COMPREPLY[@]}"
        """
      let result = try Toolchain.run("bash", ["-c", line])
      #expect(result.errors == "")
      #expect(result.output.split(separator: "\n").map(String.init).sorted() == offered.sorted())
    }

    @Test func uninstallRemovesWhatWasInstalled() throws {
      let installation = Self.installation
      try #require(installation.complaints == "")
      // In a second prefix, beside a file of somebody else's.
      let prefix = temporaryFolder()
      defer { try? FileManager.default.removeItem(at: prefix) }
      let other = Installation(prefix: prefix, linked: installation.linked, complaints: "")
      let script = ["Scripts/install.sh"]
      let installed = try Toolchain.run(
        "sh", script + ["install", prefix.path, installation.linked.path], in: repositoryRoot)
      #expect(installed.status == 0, "\(installed.errors)")
      try Data().write(to: prefix.appendingPathComponent("share/man/man1/other.1"))
      #expect(Self.files(other).count == 10, "\(Self.files(other))")
      let removed = try Toolchain.run("sh", script + ["uninstall", prefix.path], in: repositoryRoot)
      #expect(removed.status == 0, "\(removed.errors)")
      #expect(Self.files(other) == ["share/man/man1/other.1"])
      #expect(try Toolchain.run("sh", script + ["install", "here"], in: repositoryRoot).status != 0)
    }
  }
#endif
