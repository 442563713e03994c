import Foundation

/// The files of the page, which are part of the program.
enum Page {
  /// Each file by the last part of its address.
  private static let files: [(name: String, bytes: @Sendable () -> [UInt8])] = [
    ("index.html", { PackageResources.index_html })
  ]

  private static let types = [
    "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml", "png": "image/png",
  ]

  /// The addresses of the files; `/` is the first one's.
  static var routes: [Router.Route] {
    let routes = files.map { name, bytes in
      let response = response(name, bytes())
      return Router.Route("GET /\(name)") { _ in response }
    }
    let index = response(files[0].name, files[0].bytes())
    return [Router.Route("GET /") { _ in index }] + routes
  }

  private static func response(_ name: String, _ bytes: [UInt8]) -> HTTPResponse {
    let ending = name.split(separator: ".").last.map(String.init) ?? ""
    return .file(Data(bytes), type: types[ending, default: "application/octet-stream"])
  }
}
