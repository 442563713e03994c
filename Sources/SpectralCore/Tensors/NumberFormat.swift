import Foundation

extension String {
  /// `String(format:)` for all numbers that are printed: NaN has no sign, which says nothing and reads as a value below zero.
  package init(numbers format: String, _ arguments: any CVarArg...) {
    self.init(
      format: format,
      arguments: arguments.map { argument in
        switch argument {
        case let value as Double where value.isNaN: Double.nan
        case let value as Float where value.isNaN: Float.nan
        default: argument
        }
      })
  }
}
