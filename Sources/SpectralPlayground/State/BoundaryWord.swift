import SpectralKit

extension Boundary {
  /// A boundary by the word of a request.
  ///
  /// - Throws: ``HTTPError`` 400 for a word that is none.
  init(word: String?, otherwise usual: Boundary = .reflect) throws {
    guard let boundary = word.map(Boundary.init(rawValue:)) ?? usual else {
      throw HTTPError(400, "boundary must be \(Boundary.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    self = boundary
  }
}
