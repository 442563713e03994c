/// Which handler answers to which address.
struct Router: Sendable {
  typealias Handler = @Sendable (HTTPRequest) throws -> HTTPResponse

  /// An address with parts that vary, and its handler.
  struct Route: Sendable {
    let method: String
    /// The parts of the path; `:name` stands for any one part.
    let path: [String]
    /// The most bytes of a body, if that is less than what the server takes.
    let bodyLimit: Int
    /// Whether it has its turn by itself: see ``LatestOnly``.
    let isLive: Bool
    let handler: Handler

    /// What words need at most.
    static let wordsLimit = 1 << 20

    /// - Parameter call: A method and a path, as in `GET /api/pictures/:id/pixels`.
    init(_ call: String, bodyLimit: Int = wordsLimit, isLive: Bool = false, _ handler: @escaping Handler) {
      (self.bodyLimit, self.isLive, self.handler) = (bodyLimit, isLive, handler)
      let words = call.split(separator: " ")
      method = String(words[0])
      path = words[1].split(separator: "/").map(String.init)
    }

    private init(_ other: Route, _ handler: @escaping Handler) {
      (method, path, bodyLimit, isLive) = (other.method, other.path, other.bodyLimit, other.isLive)
      self.handler = handler
    }

    /// The same, computed when there is a place.
    func admitted(by admission: Admission) -> Route {
      guard !isLive else { return self }
      let handler = handler
      return Route(self) { request in
        try admission.run(isWanted: { !request.isAbandoned() }) { try handler(request) }
      }
    }
  }

  let routes: [Route]

  /// The route of an address, and what the varying parts are; nil if there is none.
  func route(_ method: String, _ path: [String]) -> (route: Route, variables: [String: String])? {
    for route in routes where route.method == method && route.path.count == path.count {
      var variables: [String: String] = [:]
      let fits = zip(route.path, path).allSatisfy { pattern, part in
        guard pattern.hasPrefix(":") else { return pattern == part }
        variables[String(pattern.dropFirst())] = part
        return true
      }
      if fits { return (route, variables) }
    }
    return nil
  }
}
