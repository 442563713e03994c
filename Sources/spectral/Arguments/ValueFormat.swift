import SpectralCore
import SpectralKit

/// A value that cannot be read: what it must be, as the end of a sentence.
struct ValueError: Error {
  /// E.g. `must be a whole number of at least 1`.
  let problem: String
  /// A text that works, where the problem itself quotes what was wrong; nil for that of the format.
  let example: String?

  init(_ problem: String, example: String? = nil) { (self.problem, self.example) = (problem, example) }
}

/// How the text after a flag becomes a value.
struct ValueFormat<Value: Sendable>: Sendable {
  /// What the help calls it, e.g. `N|Y,X`.
  let placeholder: String
  /// A text that works, for error messages.
  let example: String
  /// What the file is for that the text may name.
  var role: FileRole?
  /// Reads the text.
  let read: @Sendable (String) throws(ValueError) -> Value

  init(
    _ placeholder: String, example: String, role: FileRole? = nil,
    read: @escaping @Sendable (String) throws(ValueError) -> Value
  ) {
    self.placeholder = placeholder
    self.example = example
    self.role = role
    self.read = read
  }
}

extension ValueFormat<String> {
  /// Any text but none.
  static func text(_ placeholder: String, example: String, role: FileRole? = nil) -> Self {
    Self(placeholder, example: example, role: role) { text throws(ValueError) in
      if text.isEmpty { throw ValueError("must not be empty") }
      return text
    }
  }
}

extension ValueFormat<String> {
  /// The path of a file that is read; `-` is the standard input.
  static func inputFile(_ placeholder: String, example: String) -> Self {
    text(placeholder, example: example, role: .input)
  }

  /// The path of a file that is written; `-` is the standard output.
  static func outputFile(_ placeholder: String, example: String) -> Self {
    text(placeholder, example: example, role: .output)
  }

  /// The path of a folder, which no standard stream is; a folder that is named `-` is given as `./-`.
  static func folder(example: String) -> Self {
    Self("DIR", example: example) { text throws(ValueError) in
      guard !text.isEmpty, text != "-", FileName.standardDescriptor(text) == nil else {
        throw ValueError("must be a folder")
      }
      return text
    }
  }
}

extension ValueFormat<Int> {
  /// A whole number in a range.
  static func integer(_ range: ClosedRange<Int>, example: Int, placeholder: String = "N") -> Self {
    Self(placeholder, example: "\(example)") { text throws(ValueError) in
      guard let number = Int(text), range.contains(number) else {
        let most = range.upperBound == .max ? "of at least \(range.lowerBound)" : "from \(describe(range))"
        throw ValueError("must be a whole number \(most)")
      }
      return number
    }
  }

  private static func describe(_ range: ClosedRange<Int>) -> String { "\(range.lowerBound) to \(range.upperBound)" }

  /// A number of bytes: plain, or with a unit, in powers of 1024 (K, KiB, M, MiB, G, GiB, T, TiB) or 1000 (KB, MB, GB,
  /// TB).
  static var byteSize: Self {
    Self("SIZE", example: "512MiB") { text throws(ValueError) in
      let problem = ValueError("must be a size of at least 1 byte")
      let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      let unit = text.dropFirst(digits.count).drop { $0 == " " }.lowercased()
      guard let number = Double(digits), let factor = byteUnits[unit] else { throw problem }
      let bytes = number * factor
      // Everything below 2^62 is exactly an Int once rounded.
      guard bytes >= 1, bytes < 0x1p62 else { throw problem }
      return Int(bytes)
    }
  }
}

private let byteUnits: [String: Double] = {
  var units: [String: Double] = ["": 1, "b": 1]
  for (power, letter) in ["k", "m", "g", "t"].enumerated() {
    var (binary, decimal) = (1.0, 1.0)
    for _ in 0...power { (binary, decimal) = (binary * 1024, decimal * 1000) }
    units[letter] = binary
    units[letter + "ib"] = binary
    units[letter + "b"] = decimal
  }
  return units
}()

extension ValueFormat<StreamPart> {
  /// One of several parts, counted from 1.
  static var part: Self {
    Self("I/N", example: "3/8") { text throws(ValueError) in
      let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
      guard numbers.count == 2, let index = numbers[0], let count = numbers[1] else {
        throw ValueError("must be the number of a part and how many there are")
      }
      guard 1...StreamPart.mostParts ~= count else {
        throw ValueError("must be one of 1 to \(StreamPart.mostParts) parts")
      }
      guard 1...count ~= index else { throw ValueError("must be a part from 1/\(count) to \(count)/\(count)") }
      return StreamPart(index, of: count)
    }
  }
}

extension ValueFormat<UInt64> {
  /// The seed of a random generator.
  static var seed: Self {
    Self("N", example: "1") { text throws(ValueError) in
      guard let number = UInt64(text) else { throw ValueError("must be a whole number of at least 0") }
      return number
    }
  }
}

extension ValueFormat<Double> {
  /// A finite number above zero.
  static func positive(example: Double) -> Self {
    Self("X", example: "\(example)") { text throws(ValueError) in
      guard let number = Double(text), number > 0, number.isFinite else {
        throw ValueError("must be a number above 0")
      }
      return number
    }
  }
}

extension ValueFormat where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of a few words.
  static func word(example: Value) -> Self {
    let words = Value.allCases.map(\.rawValue)
    return Self(words.joined(separator: "|"), example: example.rawValue) { text throws(ValueError) in
      if words.contains(text), let value = Value(rawValue: text) { return value }
      throw ValueError("must be one of \(words.joined(separator: ", "))\(hint(text, words))")
    }
  }
}

/// `; did you mean ...?` where a word is close, else nothing.
func hint(_ text: String, _ words: some Sequence<String>) -> String {
  nearest(to: text, in: words).map { "; did you mean \($0)?" } ?? ""
}

extension ValueFormat<LearningRateSchedule> {
  /// How a learning rate changes.
  static var schedule: Self {
    Self("SCHEDULE", example: "warmup:100,cosine") { text throws(ValueError) in
      do { return try LearningRateSchedule(parsing: text) } catch {
        throw ValueError(
          "must be constant, step:EVERY,FACTOR, cosine, cosine:MINIMUM, warmup:STEPS or warmup:STEPS,SCHEDULE")
      }
    }
  }
}

extension ValueFormat<Extent> {
  /// A number of at least 1 for each axis of an image, or one for both.
  static var extent: Self {
    let values = ValueFormat<AxisValues>.axisValues(rank: 2)
    return Self(values.placeholder, example: values.example) { text throws(ValueError) in
      let numbers = try values.read(text).expanded(rank: 2)
      return Extent(height: numbers[0], width: numbers[1])
    }
  }
}

extension ValueFormat<AxisValues> {
  /// A number of at least 1 for each axis, or one for all.
  static func axisValues(rank: Int) -> Self {
    let axes = axisLetters(rank: rank)
    return Self(rank == 1 ? "N" : "N|" + axes.joined(separator: ","), example: "2") { text throws(ValueError) in
      let numbers = wholeNumbers(text)
      guard let numbers, [1, rank].contains(numbers.count), numbers.allSatisfy({ $0 >= 1 }) else {
        let more = rank == 1 ? "" : ", or \(rank) (\(axisNames(rank: rank))) as in \(["", "2,1", "1,2,2"][rank - 1])"
        throw ValueError("must be one whole number of at least 1\(more)")
      }
      return AxisValues(numbers)
    }
  }
}

extension ValueFormat<Boundary> {
  /// A boundary by name, or a number of its own.
  static var boundary: Self {
    let words = Boundary.allCases.map(\.rawValue) + ["constant:VALUE"]
    return Self(words.joined(separator: "|"), example: "reflect") { text throws(ValueError) in
      if let boundary = Boundary(rawValue: text) { return boundary }
      throw ValueError("must be one of \(words.joined(separator: ", "))\(hint(text, words))")
    }
  }
}

private func axisLetters(rank: Int) -> [String] { rank == 1 ? ["L"] : Array(["D", "H", "W"].suffix(rank)) }
private func axisNames(rank: Int) -> String {
  ["depth", "vertical", "horizontal"].suffix(rank).joined(separator: ", ")
}

extension ValueFormat<Padding> {
  /// A rule by name, or numbers of elements: for all sides, for each axis, or for each side.
  static func padding(rank: Int) -> Self {
    let axes = axisLetters(rank: rank).joined(separator: ",")
    let sides = ["BEFORE,AFTER", "TOP,BOTTOM,LEFT,RIGHT", "FRONT,BACK,TOP,BOTTOM,LEFT,RIGHT"][rank - 1]
    let words = "valid|same|full|N|" + (rank == 1 ? "" : axes + "|") + sides
    return Self(words, example: "same") { text throws(ValueError) in
      switch text {
      case "valid": return .valid
      case "same": return .same
      case "full": return .full
      default: break
      }
      let perAxis = rank == 1 ? "" : ", \(rank) (\(axisNames(rank: rank))) as in \(["", "1,2", "1,2,2"][rank - 1])"
      let perSide = ["0,1", "0,1,0,1", "0,1,0,1,0,1"][rank - 1]
      let problem =
        "must be valid, same, full, or whole numbers of at least 0: one for all sides\(perAxis), or \(2 * rank) "
        + "(\(sides.lowercased().replacing(",", with: ", "))) as in \(perSide)"
      guard let numbers = wholeNumbers(text), numbers.allSatisfy({ $0 >= 0 }) else {
        throw ValueError(problem + hint(text, ["valid", "same", "full"]))
      }
      switch numbers.count {
      case 1: return .pixels(numbers[0])
      case rank: return .symmetric(AxisValues(numbers))
      case 2 * rank:
        return .sides((0..<rank).map { Padding.Sides(before: numbers[2 * $0], after: numbers[2 * $0 + 1]) })
      default: throw ValueError(problem)
      }
    }
  }
}

/// Whole numbers between commas; nil if something else is there.
private func wholeNumbers(_ text: String) -> [Int]? {
  let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
  return numbers.contains(nil) ? nil : numbers.compactMap { $0 }
}
