import Foundation
import SpectralKit
import SpectralCore

/// The places that were found, for people or for programs.
struct MatchReport {
  let matches: [Match]
  let template: Extent
  let method: MatchingMethod
  /// The image and the template.
  let paths: [String]

  func print(asJSON: Bool) throws {
    if asJSON { return try Console.result(json.description) }
    for match in matches {
      try Console.result(
        String(
          numbers: "x %d, y %d  (%.2f, %.2f)  score %.4f", match.column, match.row, match.exactColumn, match.exactRow,
          match.score))
    }
  }

  private var json: JSON {
    [
      "image": .string(paths[0]), "template": .string(paths[1]), "method": .string(method.rawValue),
      "units": "pixels from the image's first to the template's first",
      "height": .integer(template.height), "width": .integer(template.width),
      "matches": .array(
        matches.map {
          [
            "row": .integer($0.row), "column": .integer($0.column), "exactRow": .number($0.exactRow),
            "exactColumn": .number($0.exactColumn), "score": .number($0.score),
          ]
        }),
    ]
  }
}

/// The shift between two images, for people or for programs.
struct ShiftReport<Scalar: AnyMethodScalar> {
  let shift: Shift
  let method: MatchingMethod
  let search: Registration<Scalar>
  /// The image that was shifted, and the one that was not.
  let paths: [String]

  /// Below this confidence another shift explains the images almost as well, or chance does.
  private let leastConfidence = 0.3

  func print(asJSON: Bool) throws {
    try Console.result(asJSON ? json.description : sentence)
    if shift.confidence < leastConfidence {
      Console.say(
        "the shift is a guess: \(paths[0].printable()) and \(paths[1].printable()) do not show one scene, or it repeats itself, or noise hides it"
      )
    }
  }

  private var sentence: String {
    func pixels(_ length: Double, _ error: Double, _ back: String, _ forth: String) -> String {
      String(numbers: "%.2f ± %.2f pixels ", abs(length), error) + (length < 0 ? back : forth)
    }
    return
      "\(paths[0].printable()) is \(paths[1].printable()) shifted by \(pixels(shift.dx, shift.dxError, "left", "right")) and "
      + "\(pixels(shift.dy, shift.dyError, "up", "down"))  "
      + String(numbers: "(correlation %.2f, confidence %.2f of 1)", shift.peak, shift.confidence)
  }

  private var json: JSON {
    // JSON has no infinity: nothing tells a shift along that axis.
    func error(_ value: Double) -> JSON { value.isFinite ? .number(value) : .null }
    return [
      "image": .string(paths[0]), "template": .string(paths[1]), "method": .string(method.rawValue),
      "normalization": .string(search.normalization.rawValue), "window": .string(search.window.rawValue),
      "units": "pixels", "dx": .number(shift.dx), "dy": .number(shift.dy), "dxError": error(shift.dxError),
      "dyError": error(shift.dyError), "peak": .number(shift.peak), "confidence": .number(shift.confidence),
    ]
  }
}
