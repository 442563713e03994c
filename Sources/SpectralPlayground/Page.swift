import Foundation

/// The files of the page, which are part of the program.
package enum Page {
  /// Each file by the last part of its address. The manifest embeds all that are in the folder; a test finds one that is
  /// missing here.
  private static let files: [(name: String, bytes: @Sendable () -> [UInt8])] = [
    ("index.html", { PackageResources.index_html }),
    ("api.js", { PackageResources.api_js }),
    ("areas.css", { PackageResources.areas_css }),
    ("canvas.js", { PackageResources.canvas_js }),
    ("chart.js", { PackageResources.chart_js }),
    ("choice.js", { PackageResources.choice_js }),
    ("comparison.js", { PackageResources.comparison_js }),
    ("diagnostics.js", { PackageResources.diagnostics_js }),
    ("filter-state.js", { PackageResources.filter_state_js }),
    ("filter.js", { PackageResources.filter_js }),
    ("format.js", { PackageResources.format_js }),
    ("icon.svg", { PackageResources.icon_svg }),
    ("kernel-state.js", { PackageResources.kernel_state_js }),
    ("kernel.js", { PackageResources.kernel_js }),
    ("latest.js", { PackageResources.latest_js }),
    ("learn-picture.js", { PackageResources.learn_picture_js }),
    ("learn.js", { PackageResources.learn_js }),
    ("learning-curves.js", { PackageResources.learning_curves_js }),
    ("link.js", { PackageResources.link_js }),
    ("main.js", { PackageResources.main_js }),
    ("mask.js", { PackageResources.mask_js }),
    ("messages.js", { PackageResources.messages_js }),
    ("network.js", { PackageResources.network_js }),
    ("numbers.js", { PackageResources.numbers_js }),
    ("pad.js", { PackageResources.pad_js }),
    ("picture-stack.js", { PackageResources.picture_stack_js }),
    ("pictures.js", { PackageResources.pictures_js }),
    ("plane.js", { PackageResources.plane_js }),
    ("profile.js", { PackageResources.profile_js }),
    ("readout.js", { PackageResources.readout_js }),
    ("share-subjects.js", { PackageResources.share_subjects_js }),
    ("share.js", { PackageResources.share_js }),
    ("slide-picture.js", { PackageResources.slide_picture_js }),
    ("slide-state.js", { PackageResources.slide_state_js }),
    ("slide.js", { PackageResources.slide_js }),
    ("step-list.js", { PackageResources.step_list_js }),
    ("steps.js", { PackageResources.steps_js }),
    ("style.css", { PackageResources.style_css }),
    ("tabs.js", { PackageResources.tabs_js }),
    ("tools.js", { PackageResources.tools_js }),
  ]

  private static let types = [
    "html": "text/html; charset=utf-8", "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml", "png": "image/png",
  ]

  /// What the files are called.
  package static var names: [String] { files.map(\.name) }

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
