import Foundation
import TestSupport

/// A page of documentation, taken apart into what can be checked.
struct Page: Sendable, CustomStringConvertible {
  /// A fenced block of code.
  struct Block: Sendable {
    /// The word after the fence, e.g. `swift`; empty if there is none.
    let language: String
    /// The line of the file that the first line of the block is.
    let line: Int
    let lines: [String]
  }

  /// Where it is, from the root of the repository.
  let path: String
  let blocks: [Block]
  /// The lines outside of blocks.
  let prose: [String]

  init(path: String) throws {
    self.path = path
    var (blocks, prose) = ([Block](), [String]())
    var open: (language: String, line: Int, lines: [String])?
    let text = try String(contentsOf: repositoryRoot.appendingPathComponent(path), encoding: .utf8)
    for (index, line) in text.components(separatedBy: "\n").enumerated() {
      if line.hasPrefix("```") {
        if let block = open {
          blocks.append(Block(language: block.language, line: block.line, lines: block.lines))
          open = nil
        } else {
          open = (String(line.dropFirst(3)), index + 2, [])
        }
      } else if open != nil {
        open!.lines.append(line)
      } else {
        prose.append(line)
      }
    }
    (self.blocks, self.prose) = (blocks, prose)
  }

  /// The Swift blocks, in order, as one program whose errors the compiler reports at their place in the page.
  var program: String? {
    let blocks = blocks.filter { $0.language == "swift" }
    guard !blocks.isEmpty else { return nil }
    let file = repositoryRoot.appendingPathComponent(path).path
    return blocks.map { block in
      "#sourceLocation(file: \"\(file)\", line: \(block.line))\n" + block.lines.joined(separator: "\n") + "\n"
    }.joined()
  }

  /// What the page tells a reader to type: lines of `sh` blocks, and of `console` blocks after a `$`, with lines that
  /// end in a backslash joined.
  var commands: [String] {
    blocks.flatMap { block -> [String] in
      guard ["sh", "console"].contains(block.language) else { return [] }
      var commands: [String] = []
      var continues = false
      for line in block.lines {
        let isTyped = continues || block.language == "sh" || line.hasPrefix("$ ")
        let text = line.hasSuffix("\\") ? String(line.dropLast()) : line
        if continues {
          commands[commands.count - 1] += text
        } else if isTyped {
          commands.append(text.hasPrefix("$ ") ? String(text.dropFirst(2)) : text)
        }
        continues = isTyped && line.hasSuffix("\\")
      }
      return commands.filter { !$0.hasPrefix("#") && !$0.isEmpty }
    }
  }

  /// Files of the repository that the page links to or shows.
  var links: [String] {
    let pattern = /\]\(([^)\s]+)\)/
    return prose.joined(separator: "\n").matches(of: pattern).map { String($0.1) }
      .filter { !$0.contains("://") && !$0.hasPrefix("#") && !$0.hasPrefix("doc:") }
      .map { String($0.prefix { $0 != "#" }) }
  }

  var description: String { path }

  /// Every page: at the root, and everything in `Docs`.
  static let all: [Page] = {
    let manager = FileManager.default
    let atRoot = ((try? manager.contentsOfDirectory(atPath: repositoryRoot.path)) ?? []).filter { $0.hasSuffix(".md") }
    let inDocs =
      manager.enumerator(atPath: repositoryRoot.appendingPathComponent("Docs").path)?.compactMap { $0 as? String } ?? []
    let paths = atRoot + inDocs.filter { $0.hasSuffix(".md") && !$0.hasPrefix("build/") }.map { "Docs/" + $0 }
    return paths.sorted().compactMap { try? Page(path: $0) }
  }()
}
