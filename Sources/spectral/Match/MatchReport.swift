import Foundation
import SpectralKit

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
          format: "x %d, y %d  (%.2f, %.2f)  score %.4f", match.column, match.row, match.exactColumn, match.exactRow,
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
struct ShiftReport {
  let shift: Shift
  /// The image that was shifted, and the one that was not.
  let paths: [String]

  func print(asJSON: Bool) throws {
    guard !asJSON else {
      let json: JSON = [
        "image": .string(paths[0]), "template": .string(paths[1]), "method": "phase", "units": "pixels",
        "dx": .number(shift.dx), "dy": .number(shift.dy), "peak": .number(shift.peak),
        "confidence": .number(shift.confidence),
      ]
      return try Console.result(json.description)
    }
    func pixels(_ length: Double, _ back: String, _ forth: String) -> String {
      String(format: "%.2f pixels ", abs(length)) + (length < 0 ? back : forth)
    }
    try Console.result(
      "\(paths[0]) is \(paths[1]) shifted by \(pixels(shift.dx, "left", "right")) and \(pixels(shift.dy, "up", "down"))  "
        + String(format: "(confidence %.2f of 1)", shift.confidence))
  }
}
