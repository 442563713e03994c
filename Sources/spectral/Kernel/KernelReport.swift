import Foundation
import SpectralKit
import SpectralCore

/// What `spectral kernel` says of a kernel.
struct KernelReport {
  let name: String
  let kernel: Kernel
  /// How far a designed kernel is from what was desired.
  let design: KernelDesign?

  /// The frequencies of the table, in cycles per pixel.
  private static let frequencies: [(label: String, fx: Double, fy: Double)] = [
    ("constant", 0, 0), ("half Nyquist, x", 0.25, 0), ("half Nyquist, y", 0, 0.25), ("Nyquist, x", 0.5, 0),
    ("Nyquist, y", 0, 0.5), ("Nyquist, both", 0.5, 0.5),
  ]

  /// Below this a response is what rounding left of 0, and has no phase.
  private var negligible: Double { 1e-12 * kernel.magnitudeSum }

  // MARK: Text

  var text: String {
    let center = kernel.center
    var lines = [
      "\(name.printable(most: 200)): \(kernel.extent) taps, centre in row \(center.row), column \(center.column) (counted from 0)",
      "",
    ]
    lines += KernelTable(kernel).lines + [""]
    func fact(_ label: String, _ text: String) {
      let body = wrapped(text, width: 76)
      lines += [label.padding(toLength: 24, withPad: " ", startingAt: 0) + body[0]]
      lines += body.dropFirst().map { String(repeating: " ", count: 24) + $0 }
    }
    let roundedSum = abs(kernel.sum) <= negligible ? 0 : kernel.sum
    fact("sum", "\(Self.number(roundedSum)), of magnitudes \(Self.number(kernel.magnitudeSum))")
    let slope = kernel.slopeGain
    if max(abs(slope.x), abs(slope.y)) > 1e-9 * kernel.magnitudeSum && roundedSum == 0 {
      fact("slope", "a rise of 1 per pixel gives \(Self.number(slope.x)) along x, \(Self.number(slope.y)) along y")
    }
    fact("symmetry", symmetry)
    if kernel.parity != .even {
      fact("as a mask", "these are the taps of a convolution; --operation correlation wants them turned by 180 degrees")
    }
    fact("separable", separability)
    let largest = kernel.largestResponse
    fact(
      "largest response",
      "\(Self.number(largest.magnitude)) near \(Self.frequency(largest.fx, largest.fy))")
    if kernel.isLowPass {
      for (line, axis) in [(FrequencyLine.x, "along x"), (.y, "along y"), (.diagonal, "along both")] {
        fact("half power, \(axis)", cutoff(line))
      }
    }
    if let design { fact("design", Self.text(design)) }
    lines += ["", "response                 fx      fy   magnitude      phase   (frequencies in cycles per pixel)"]
    for (label, fx, fy) in Self.frequencies {
      let value = kernel.response(fx: fx, fy: fy)
      let isZero = value.magnitude <= negligible
      lines.append(
        label.padding(toLength: 20, withPad: " ", startingAt: 0) + Self.right(Self.number(fx), 7)
          + Self.right(Self.number(fy), 8) + Self.right(Self.number(isZero ? 0 : value.magnitude), 12)
          + Self.right(isZero ? "-" : Self.degrees(value), 11))
    }
    return lines.joined(separator: "\n")
  }

  private var symmetry: String {
    let shift = (x: kernel.width % 2 == 0, y: kernel.height % 2 == 0)
    let isShifted = shift.x || shift.y
    let place =
      shift.x && shift.y
      ? "half a pixel left of and above the centre"
      : shift.x
        ? "half a pixel left of the centre"
        : "half a pixel above the centre"
    let middle = isShifted ? "its middle, \(place)" : "its centre"
    var text: String
    switch kernel.parity {
    case .even: text = "even about \(middle): the response is \(isShifted ? "real but for that shift" : "real")"
    case .odd: text = "odd about \(middle): the response is \(isShifted ? "imaginary but for that shift" : "imaginary")"
    case .none: text = "neither even nor odd"
    }
    let same = [
      (kernel.isSameLeftAndRight, "left and right"), (kernel.isSameTopAndBottom, "top and bottom"),
      (kernel.isSameTransposed && kernel.taps.count > 1, "rows and columns"),
    ].filter(\.0).map(\.1)
    if !same.isEmpty { text += "; the same \(same.joined(separator: ", "))" }
    return text
  }

  private var separability: String {
    guard let (column, row) = kernel.factors else { return "no" }
    func numbers(_ values: [Double]) -> String { values.map { Self.number($0) }.joined(separator: " ") }
    let steps = "\(kernel.height) + \(kernel.width) steps a pixel instead of \(kernel.taps.count)"
    guard column.count + row.count <= 16 else { return "yes: \(steps)" }
    return "yes, column \(numbers(column)) times row \(numbers(row)): \(steps)"
  }

  private func cutoff(_ line: FrequencyLine) -> String {
    guard let cutoff = kernel.halfPowerCutoff(along: line) else { return "never below" }
    // Along both axes at once the wave is √2 times as fast.
    let frequency = line == .diagonal ? cutoff * 2.0.squareRoot() : cutoff
    return String(
      numbers: "%.4g cycles/pixel (%.4g px, %.4g Nyquist)", frequency, 1 / frequency, 2 * frequency)
  }

  private static func text(_ design: KernelDesign) -> String {
    let at = design.frequencyOfLargest
    return "off by at most \(number(design.largestDeviation)), near \(frequency(at.fx, at.fy)); root mean square "
      + number(design.rootMeanSquareDeviation)
  }

  private static func frequency(_ fx: Double, _ fy: Double) -> String {
    "fx = \(number(fx)), fy = \(number(fy))"
  }

  private static func degrees(_ value: ComplexNumber<Double>) -> String {
    let degrees = (value.phaseInDegrees * 10).rounded() / 10
    return "\(number(degrees == -180 ? 180 : degrees)) deg"
  }

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(1, width - text.count)) + text
  }

  /// Five digits that count, and no zeros for show.
  static func number(_ value: Double) -> String {
    value == 0 ? "0" : String(numbers: "%.5g", value)
  }

  // MARK: JSON

  var json: JSON {
    let (center, largest, slope, factors) = (kernel.center, kernel.largestResponse, kernel.slopeGain, kernel.factors)
    func numbers(_ values: some Sequence<Double>) -> JSON { .array(values.map { .number($0) }) }
    let taps = kernel.taps.elements
    var members: [(String, JSON)] = [
      ("kernel", .string(name)), ("height", .integer(kernel.height)), ("width", .integer(kernel.width)),
      ("center", [.integer(center.row), .integer(center.column)]),
      (
        "taps",
        .array((0..<kernel.height).map { numbers(taps[$0 * kernel.width..<($0 + 1) * kernel.width]) })
      ), ("sum", .number(kernel.sum)), ("magnitude_sum", .number(kernel.magnitudeSum)),
      ("slope_gain", ["x": .number(slope.x), "y": .number(slope.y)]), ("parity", .string(kernel.parity.rawValue)),
      ("same_left_and_right", .boolean(kernel.isSameLeftAndRight)),
      ("same_top_and_bottom", .boolean(kernel.isSameTopAndBottom)), ("separable", .boolean(factors != nil)),
      (
        "largest_response",
        ["fx": .number(largest.fx), "fy": .number(largest.fy), "magnitude": .number(largest.magnitude)]
      ), ("low_pass", .boolean(kernel.isLowPass)),
    ]
    if let factors { members.append(("factors", ["column": numbers(factors.column), "row": numbers(factors.row)])) }
    if kernel.isLowPass {
      func cutoff(_ line: FrequencyLine) -> JSON { kernel.halfPowerCutoff(along: line).map { .number($0) } ?? .null }
      members.append(
        (
          "half_power_cycles_per_pixel",
          ["x": cutoff(.x), "y": cutoff(.y), "fx_and_fy_on_diagonal": cutoff(.diagonal)]
        ))
    }
    if let design {
      let at = design.frequencyOfLargest
      members.append(
        (
          "design_deviation",
          [
            "largest": .number(design.largestDeviation), "fx": .number(at.fx), "fy": .number(at.fy),
            "rms": .number(design.rootMeanSquareDeviation),
          ]
        ))
    }
    members.append(
      (
        "response",
        .array(
          Self.frequencies.map { _, fx, fy in
            let value = kernel.response(fx: fx, fy: fy)
            return [
              "fx": .number(fx), "fy": .number(fy), "real": .number(value.real), "imaginary": .number(value.imaginary),
              "magnitude": .number(value.magnitude),
              "phase_degrees": value.magnitude <= negligible ? .null : .number(value.phaseInDegrees),
            ]
          })
      ))
    return .object(members)
  }
}

/// The taps as aligned rows of numbers: of a large kernel, the middle.
struct KernelTable {
  private let kernel: Kernel

  init(_ kernel: Kernel) { self.kernel = kernel }

  /// The most rows and the widest row that are shown.
  private static let mostRows = 21
  private static let widest = 100

  var lines: [String] {
    let largest = kernel.taps.maximumMagnitude
    let isWhole = kernel.taps.elements.allSatisfy { $0 == $0.rounded() && abs($0) < 1e6 }
    // A power of ten is put in front where numbers are all small or large.
    let power = largest > 0 ? Int(log10(largest).rounded(.down)) : 0
    let factor = isWhole || (-2...4).contains(power) ? 0 : power
    let decimals = isWhole ? 0 : max(0, 3 - (power - factor))
    func text(_ value: Double) -> String {
      let text = String(numbers: "%.\(decimals)f", value / pow(10, Double(factor)))
      return value == 0 ? "0" : text.allSatisfy({ "-0.".contains($0) }) ? "~0" : text
    }
    let width = 2 + max(text(largest).count, text(-largest).count)
    let (rows, columns) = (middle(kernel.height, Self.mostRows), middle(kernel.width, Self.widest / width))
    var lines = rows.map { row in
      columns.map { column in
        let text = text(kernel.taps[row, column])
        return String(repeating: " ", count: width - text.count) + text
      }.joined()
    }
    if factor != 0 { lines.insert("  1e\(factor) times", at: 0) }
    if rows.count < kernel.height || columns.count < kernel.width {
      lines.append("  (the middle \(rows.count) x \(columns.count); -o kernel.npy writes all)")
    }
    return lines
  }

  private func middle(_ count: Int, _ most: Int) -> Range<Int> {
    guard count > most else { return 0..<count }
    // An odd number, around the centre.
    let shown = most - 1 + most % 2
    return count / 2 - shown / 2..<count / 2 + shown / 2 + 1
  }
}
