import Foundation
import TestSupport
import Testing

/// `spectral lesson`, as it is typed.
@Suite struct LessonCommandTests {
  private let folder = temporaryFolder()

  @Test func listsTheLessons() {
    let list = spectral("lesson")
    #expect(list.code == 0 && list.output.contains("theorem") && list.output.contains("sliding"), "\(list)")
  }

  @Test func writesAReport() throws {
    let lesson = spectral("lesson", "theorem", "--output", "a/b", "--threads", "1", in: folder)
    #expect(lesson.code == 0 && lesson.output.hasSuffix("a/b/theorem.html\n"), "\(lesson)")
    let path = folder.appendingPathComponent("a/b/theorem.html")
    let html = try String(contentsOf: path, encoding: .utf8)
    #expect(html.hasPrefix("<!DOCTYPE html>") && html.hasSuffix("</html>\n"))
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent("a/b").path)
    #expect(files == ["theorem.html"])
  }

  @Test func wrongUsage() throws {
    let unknown = spectral("lesson", "theorm")
    #expect(unknown.code == 2 && unknown.talk.contains("did you mean theorem?") && unknown.lines.count == 1)
    try Data("no picture".utf8).write(to: folder.appendingPathComponent("x.png"))
    for arguments in [["--image", "x.png"], ["--image", "none.png"], ["--data", "none"], ["--output", "x.png/y"]] {
      let wrong = spectral(["lesson", "theorem"] + arguments, in: folder)
      #expect(wrong.code == 1 && wrong.lines.count == 1 && wrong.talk.contains(arguments[1]), "\(wrong)")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x.png"])
  }

  /// Without anything that could show it, the report is there all the same.
  @Test func nothingToOpenItWith() throws {
    let lesson = spectral(["lesson", "sliding", "--open"], in: folder, environment: ["PATH": "/nowhere"])
    #expect(lesson.code == 1 && lesson.talk.contains("lessons/sliding.html"), "\(lesson)")
    #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent("lessons/sliding.html").path))
  }
}
