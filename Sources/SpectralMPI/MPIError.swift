import CMPI

/// A call of MPI that failed.
public struct MPIError: Error, Hashable, CustomStringConvertible {
  /// What was asked for, e.g. `MPI_Allreduce`.
  public let call: String
  /// MPI's own words.
  public let message: String

  init(_ call: String, code: Int32) {
    self.call = call
    var text = [CChar](repeating: 0, count: Int(MPI_MAX_ERROR_STRING) + 1)
    var count: Int32 = 0
    let isKnown = MPI_Error_string(code, &text, &count) == MPI_SUCCESS
    message =
      isKnown
      ? String(decoding: text.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self) : "error \(code)"
  }

  /// One line.
  public var description: String { "\(call) failed: \(message)" }

  /// Calls MPI.
  static func check(_ call: String, _ body: () -> Int32) throws(MPIError) {
    let code = body()
    guard code == MPI_SUCCESS else { throw MPIError(call, code: code) }
  }
}
