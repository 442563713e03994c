import Foundation
import SpectralImaging
import SpectralKit

extension HTTPResponse {
  /// A picture: its pixels as the body, its size and what else there is to say of it in headers.
  static func picture(_ image: RasterImage, side: Int? = nil, info: some Encodable) throws -> HTTPResponse {
    let pixels = try PixelBytes(image.limited(toSide: side))
    return picture(pixels, info: info)
  }

  static func picture(_ pixels: PixelBytes, info: some Encodable) -> HTTPResponse {
    let words = HTTPResponse.json(info)
    guard words.status == 200 else { return words }
    return HTTPResponse(
      type: "application/octet-stream",
      headers: [
        ("X-Height", "\(pixels.height)"), ("X-Width", "\(pixels.width)"),
        ("X-Info", String(decoding: words.body, as: UTF8.self)),
      ], body: pixels.data)
  }
}

extension HTTPResponse {
  /// A result that is computed now, with the time that it takes.
  static func result(side: Int?, _ compute: () throws -> EditedImage<Float>) throws -> HTTPResponse {
    let start = ContinuousClock.now
    let result = try compute()
    let time = ContinuousClock.now - start
    // Once for its numbers and its pixels.
    let stored = EditedImage(result.image.converted(to: .stored), isSigned: result.isSigned)
    let range = stored.range
    return try .picture(
      stored.picture, side: side,
      info: ResultInfo(
        milliseconds: milliseconds(time), isSigned: stored.isSigned, low: range.low, high: range.high,
        clipped: range.outside))
  }
}

/// What is said of a result beside its pixels.
private struct ResultInfo: Encodable {
  let milliseconds: Double
  let isSigned: Bool
  let low: Double
  let high: Double
  let clipped: Int
}

/// Nothing to say of a picture.
struct NoInfo: Encodable {}

/// What the ends of a scale mean.
struct ScaleInfo: Encodable {
  let low: Double
  let high: Double
}

/// How large a picture or a mask is that follows in the bytes of a request.
struct SizeWords: Decodable {
  /// The most pixels.
  private static let most = 1 << 22
  /// The most bytes of a request with so many of them.
  static let bodyLimit = most + Router.Route.wordsLimit

  let height: Int
  let width: Int

  /// The bytes of so many pixels, one each.
  ///
  /// - Throws: ``HTTPError`` 400 if there are more or fewer.
  func pixels(_ bytes: ArraySlice<UInt8>) throws -> ArraySlice<UInt8> {
    let sides = 1...16384
    guard bytes.count <= Self.most else {
      throw HTTPError(413, "More than \(Self.most) pixels are too many for a mask.", remedy: "Send a smaller one.")
    }
    guard sides.contains(height), sides.contains(width), bytes.count == height * width else {
      throw HTTPError(400, "\(height) x \(width) pixels do not fit the \(bytes.count) bytes that follow.")
    }
    return bytes
  }
}
