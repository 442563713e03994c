import SpectralKit

/// One of the twelve ideas: it computes, and then tells of what it found.
///
/// A lesson calls the public library only. What it claims is in its findings, so that a test can hold it to them.
public protocol Lesson: Sendable {
  /// What was computed in a run.
  associatedtype Findings: Sendable

  /// The word that chooses the lesson.
  static var word: String { get }
  /// What it is called.
  static var title: String { get }
  /// A short program that does the same, complete with its imports.
  static var listing: String { get }

  /// Computes.
  ///
  /// - Throws: ``LessonStopped`` if it was told to stop, or what the library throws.
  static func measure(_ material: LessonMaterial, _ progress: LessonProgress) throws -> Findings

  /// Tells of what was computed.
  static func text(_ findings: Findings) -> LessonText
}

/// What a lesson tells.
public struct LessonText: Sendable {
  /// What it says, in a sentence.
  public var idea: Prose
  /// Text, formulas, figures.
  public var body: [Block]
  /// What was measured in this run.
  public var numbers: [Page.Measurement]
  /// What to look at.
  public var notice: [Prose]
  /// Questions, with their answers.
  public var exercises: [Page.Exercise]

  /// What a lesson tells.
  public init(
    idea: Prose, body: [Block], numbers: [Page.Measurement], notice: [Prose], exercises: [Page.Exercise]
  ) {
    self.idea = idea
    self.body = body
    self.numbers = numbers
    self.notice = notice
    self.exercises = exercises
  }
}

extension Lesson {
  /// Its place among the lessons, from 1.
  public static var number: Int { Lessons.all.firstIndex { $0.word == word }! + 1 }

  /// The page of what was computed.
  public static func page(of findings: Findings) -> Page {
    Page(word: word, number: number, title: title, text: text(findings), listing: listing)
  }

  /// Computes, and makes the page of it.
  public static func page(_ material: LessonMaterial, _ progress: LessonProgress) throws -> Page {
    page(of: try measure(material, progress))
  }
}

/// All lessons, in order.
public enum Lessons {
  /// All lessons, in order.
  public static let all: [any Lesson.Type] = [
    DenseLesson.self, ParametersLesson.self, ConvolutionLesson.self, TheoremLesson.self, WavesLesson.self,
    FiltersLesson.self,
    SlidingLesson.self, CircularLesson.self, WhereLesson.self, LearningLesson.self, LeNetLesson.self,
    CrossoverLesson.self,
  ]

  /// The lesson of a word or a number.
  public static func named(_ name: String) -> (any Lesson.Type)? {
    all.first { $0.word == name } ?? Int(name).flatMap { all.indices.contains($0 - 1) ? all[$0 - 1] : nil }
  }
}
