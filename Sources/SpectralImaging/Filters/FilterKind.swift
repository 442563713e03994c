import Foundation

/// The kinds of filters that can be told in a line: a shape, a colon, and numbers, the order of a Butterworth filter last,
/// as in `butterworth:0.1,2`.
///
/// ```swift
/// let filter = try FilterKind.bandpass.filter(parsing: "butterworth:0.05,12px,3")
/// ```
public enum FilterKind: String, CaseIterable, Hashable, Sendable {
  /// ``FrequencyFilter/lowPass(_:cutoff:)``.
  case lowpass
  /// ``FrequencyFilter/highPass(_:cutoff:)``.
  case highpass
  /// ``FrequencyFilter/bandPass(_:from:to:)``.
  case bandpass
  /// ``FrequencyFilter/bandStop(_:from:to:)``.
  case bandstop
  /// ``FrequencyFilter/notch(_:x:y:radius:)``.
  case notch
  /// ``FrequencyFilter/directional(_:angle:halfWidth:)``, and with `remove:` before the shape
  /// ``FrequencyFilter/removingDirection(_:angle:halfWidth:cutoff:)``.
  case directional
  /// ``FrequencyFilter/unsharp(_:cutoff:amount:)``.
  case unsharp
  /// ``FrequencyFilter/highBoost(_:cutoff:boost:)``.
  case highBoost = "high-boost"
  /// ``FrequencyFilter/emphasis(_:cutoff:low:high:)``.
  case emphasis

  /// What stands between the shape and the order.
  private enum Argument {
    case cutoff(String)
    /// Negative ones and 0 too.
    case coordinate(String)
    case angle(String)
    case halfWidth(String)
    case gain(String)

    var name: String {
      switch self {
      case .cutoff(let name), .coordinate(let name), .angle(let name), .halfWidth(let name), .gain(let name): name
      }
    }
  }

  private func arguments(_ mode: DirectionalMode) -> [Argument] {
    switch self {
    case .lowpass, .highpass: [.cutoff("a cut-off")]
    case .bandpass, .bandstop: [.cutoff("a lower cut-off"), .cutoff("an upper cut-off")]
    case .notch: [.coordinate("fx"), .coordinate("fy"), .cutoff("a radius")]
    case .directional:
      [.angle("an angle in degrees"), .halfWidth("half a width in degrees")]
        + (mode == .remove ? [.cutoff("a cut-off below which waves pass")] : [])
    case .unsharp: [.cutoff("a cut-off"), .gain("an amount")]
    case .highBoost: [.cutoff("a cut-off"), .gain("a boost")]
    case .emphasis: [.cutoff("a cut-off"), .gain("a gain of slow waves"), .gain("a gain of fast waves")]
    }
  }

  /// What a directional filter does with its direction.
  private enum DirectionalMode: String { case keep, remove }

  /// What to write, e.g. `SHAPE:CUTOFF[,ORDER]`.
  public var usage: String {
    if self == .directional {
      return "keep:SHAPE:ANGLE,HALFWIDTH[,ORDER] | remove:SHAPE:ANGLE,HALFWIDTH,CUTOFF[,ORDER]"
    }
    let names =
      switch self {
      case .lowpass, .highpass: "CUTOFF"
      case .bandpass, .bandstop: "LOW,HIGH"
      case .notch: "FX,FY,RADIUS"
      case .directional: preconditionFailure("told above")
      case .unsharp: "CUTOFF,AMOUNT"
      case .highBoost: "CUTOFF,BOOST"
      case .emphasis: "CUTOFF,LOW,HIGH"
      }
    return "SHAPE:\(names)[,ORDER]"
  }

  /// A line that can be read, with a shape of that name.
  public func example(_ shape: String = "gaussian") -> String {
    let mode = self == .directional ? "remove:" : ""
    let numbers =
      switch self {
      case .lowpass: shape == "butterworth" ? "0.1" : "0.08"
      case .highpass: "0.1"
      case .bandpass: "0.05,0.2"
      case .bandstop: "0.1,0.15"
      case .notch: "0.25,0.0,0.02"
      case .directional: "90,0.5,0.02"
      case .unsharp: "0.1,0.8"
      case .highBoost: "0.1,1.5"
      case .emphasis: "0.02,0.5,2"
      }
    return "\(mode)\(shape):\(numbers)\(shape == "butterworth" ? ",2" : "")"
  }

  /// Reads a shape and its numbers.
  ///
  /// Cut-offs and the coordinates of a notch are in cycles per pixel, or in another unit of
  /// ``Frequency/init(parsing:)``.
  ///
  /// - Throws: ``FrequencyFilterError``; it says what the filter takes, or which number is out of range.
  public func filter(parsing text: String) throws(FrequencyFilterError) -> FrequencyFilter {
    let (mode, text) = try mode(text)
    let (shape, numbers) = try parts(text, mode)
    func frequency(_ index: Int) -> Frequency { Frequency(numbers[index]) }
    switch self {
    case .lowpass: return .lowPass(shape, cutoff: frequency(0))
    case .highpass: return .highPass(shape, cutoff: frequency(0))
    case .bandpass: return .bandPass(shape, from: frequency(0), to: frequency(1))
    case .bandstop: return .bandStop(shape, from: frequency(0), to: frequency(1))
    case .notch: return .notch(shape, x: frequency(0), y: frequency(1), radius: frequency(2))
    case .directional where mode == .keep: return .directional(shape, angle: numbers[0], halfWidth: numbers[1])
    case .directional:
      return .removingDirection(shape, angle: numbers[0], halfWidth: numbers[1], cutoff: frequency(2))
    case .unsharp: return .unsharp(shape, cutoff: frequency(0), amount: numbers[1])
    case .highBoost: return .highBoost(shape, cutoff: frequency(0), boost: numbers[1])
    case .emphasis: return .emphasis(shape, cutoff: frequency(0), low: numbers[1], high: numbers[2])
    }
  }

  /// The word that a directional filter begins with, and the rest.
  private func mode(_ text: String) throws(FrequencyFilterError) -> (DirectionalMode, rest: String) {
    guard self == .directional else { return (.keep, text) }
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let mode = DirectionalMode(rawValue: parts[0]), parts.count == 2 else {
      throw FrequencyFilterError("needs keep: or remove: before its shape, not '\(text)'")
    }
    return (mode, parts[1])
  }

  private func parts(
    _ text: String, _ mode: DirectionalMode
  ) throws(FrequencyFilterError) -> (FilterShape, [Double]) {
    let arguments = arguments(mode)
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let name = parts[0]
    guard FilterShape.names.contains(name) else {
      throw FrequencyFilterError("needs a shape, ideal, gaussian or butterworth, before a colon, not '\(name)'")
    }
    let hasOrder = name == "butterworth"
    let fields =
      parts.count < 2 ? [] : parts[1].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard fields.count == arguments.count + (hasOrder ? 1 : 0) else {
      let names = arguments.map(\.name) + (hasOrder ? ["an order"] : [])
      let list = names.count == 1 ? names[0] : names.dropLast().joined(separator: ", ") + " and " + names.last!
      throw FrequencyFilterError("\(name) needs \(list)")
    }
    var numbers: [Double] = []
    for (argument, field) in zip(arguments, fields) { numbers.append(try Self.number(argument, field)) }
    if (self == .bandpass || self == .bandstop) && numbers[0] >= numbers[1] {
      throw FrequencyFilterError(
        "needs the slower cut-off first, and \(fields[0]) is not slower than \(fields[1])")
    }
    let shape = try hasOrder ? FilterShape.butterworth(orderText: fields.last!) : FilterShape(parsing: name)
    return (shape, numbers)
  }

  private static func number(_ argument: Argument, _ text: String) throws(FrequencyFilterError) -> Double {
    switch argument {
    case .cutoff: return try Frequency(cutoff: text).cyclesPerPixel
    case .coordinate: return try Frequency(parsing: text).withinNyquist(text).cyclesPerPixel
    case .angle(let name), .gain(let name):
      guard let number = Double(text), number.isFinite else {
        throw FrequencyFilterError("needs \(name), a number, not '\(text)'")
      }
      return number
    case .halfWidth(let name):
      guard let number = Double(text), number > 0, number <= 90 else {
        throw FrequencyFilterError("needs \(name), above 0 and up to 90, not '\(text)'")
      }
      return number
    }
  }
}
