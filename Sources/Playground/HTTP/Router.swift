/// Which handler answers to which address.
struct Router: Sendable {
  typealias Handler = @Sendable (HTTPRequest) throws -> HTTPResponse

  /// An address with parts that vary, and its handler.
  struct Route: Sendable {
    let method: String
    /// The parts of the path; `:name` stands for any one part.
    let path: [String]
    let handler: Handler

    /// - Parameter call: A method and a path, as in `GET /api/pictures/:id/pixels`.
    init(_ call: String, _ handler: @escaping Handler) {
      let words = call.split(separator: " ")
      method = String(words[0])
      path = words[1].split(separator: "/").map(String.init)
      self.handler = handler
    }
  }

  let routes: [Route]

  /// The handler of an address, and what the varying parts are; nil if there is none.
  func route(_ method: String, _ path: [String]) -> (handler: Handler, variables: [String: String])? {
    for route in routes where route.method == method && route.path.count == path.count {
      var variables: [String: String] = [:]
      let fits = zip(route.path, path).allSatisfy { pattern, part in
        guard pattern.hasPrefix(":") else { return pattern == part }
        variables[String(pattern.dropFirst())] = part
        return true
      }
      if fits { return (route.handler, variables) }
    }
    return nil
  }
}
