import Foundation

/// A request that has passed the guards, whole.
struct HTTPRequest {
  /// The parts of the path that stand for a variable, by its name.
  var variables: [String: String] = [:]
  let query: [String: String]
  let body: [UInt8]
  /// Whether whoever asked has hung up.
  var isAbandoned: () -> Bool = { false }

  /// The body as JSON.
  ///
  /// - Throws: ``HTTPError`` 400.
  func json<Value: Decodable>(_: Value.Type = Value.self) throws -> Value { try Self.decoded(Data(body)) }

  /// The body as a JSON text and the bytes that it speaks of: four bytes with the text's length, little-endian, the text,
  /// the bytes.
  ///
  /// - Throws: ``HTTPError`` 400.
  func mixed<Value: Decodable>(_: Value.Type = Value.self) throws -> (words: Value, bytes: ArraySlice<UInt8>) {
    let length = body.count < 4 ? nil : (0..<4).reduce(0) { $0 | Int(body[$1]) << (8 * $1) }
    guard let length, length <= body.count - 4 else {
      throw HTTPError(
        400, "The body is shorter than it says.", remedy: "Send four bytes of length, the JSON, the bytes.")
    }
    return (try Self.decoded(Data(body[4..<4 + length])), body[(4 + length)...])
  }

  private static func decoded<Value: Decodable>(_ data: Data) throws -> Value {
    do { return try JSONDecoder().decode(Value.self, from: data) } catch let error as DecodingError {
      throw HTTPError(400, "The JSON of the request is not what this call takes: \(Self.sentence(error)).")
    }
  }

  private static func sentence(_ error: DecodingError) -> String {
    func place(_ path: [any CodingKey]) -> String {
      path.isEmpty ? "the body" : path.map(\.stringValue).joined(separator: ".")
    }
    return switch error {
    case .keyNotFound(let key, let context): "\(place(context.codingPath + [key])) is missing"
    case .valueNotFound(_, let context): "\(place(context.codingPath)) is null"
    case .typeMismatch(let type, let context): "\(place(context.codingPath)) is no \(type)"
    case .dataCorrupted(let context):
      context.codingPath.isEmpty ? "it cannot be read" : "\(place(context.codingPath)) is wrong"
    @unknown default: "it cannot be read"
    }
  }

  /// A number of the query.
  ///
  /// - Throws: ``HTTPError`` 400 if it is missing, no number, or out of range.
  func number(_ name: String, in range: ClosedRange<Double>) throws -> Double {
    guard let text = query[name], let number = Double(text), range.contains(number) else {
      throw HTTPError(400, "\(name) must be a number from \(range.lowerBound) to \(range.upperBound).")
    }
    return number
  }

  /// The longest side that a picture of the answer may have; nil for any.
  ///
  /// - Throws: ``HTTPError`` 400.
  func side() throws -> Int? {
    guard let text = query["side"] else { return nil }
    guard let side = Int(text) else { throw HTTPError(400, "side must be a whole number of pixels.") }
    return try checkedSide(side)
  }
}

/// A longest side within reason.
///
/// - Throws: ``HTTPError`` 400.
func checkedSide(_ side: Int) throws -> Int {
  guard (1...16384).contains(side) else { throw HTTPError(400, "side must be from 1 to 16384 pixels, not \(side).") }
  return side
}

/// What a request gets.
struct HTTPResponse {
  var status = 200
  var type: String
  var headers: [(name: String, value: String)] = []
  var body: Data

  /// Words and numbers; status 422 for infinity and NaN, which JSON has not. Values that may be one are optional, and nil
  /// for it.
  static func json(_ value: some Encodable, status: Int = 200) -> HTTPResponse {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else {
      return HTTPError(422, "The numbers become too large to be told.", remedy: "Take smaller ones.").response
    }
    return HTTPResponse(status: status, type: "application/json; charset=utf-8", body: data)
  }

  /// A file.
  static func file(_ data: Data, type: String) -> HTTPResponse { HTTPResponse(type: type, body: data) }
}

/// A request that is refused, or that failed: a status, a sentence, and what to do about it.
package struct HTTPError: Error, Equatable {
  package let status: Int
  let sentence: String
  let remedy: String?

  init(_ status: Int, _ sentence: String, remedy: String? = nil) {
    (self.status, self.sentence, self.remedy) = (status, sentence, remedy)
  }

  var response: HTTPResponse {
    struct Words: Encodable {
      let error: String
      let remedy: String?
    }
    return .json(Words(error: sentence, remedy: remedy), status: status)
  }
}
