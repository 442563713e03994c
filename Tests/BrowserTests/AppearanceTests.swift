import Foundation
import SpectralKit
import Testing

extension BrowserTests {
  /// Every area on a desktop and on a phone, by day and by night: pictures to look at, and what can be judged without eyes.
  @Suite struct Appearance {
    @Test(arguments: [false, true]) func nothingIsWiderThanAPhone(isDark: Bool) throws {
      let open = try OpenPlayground("filter", width: 360, height: 780, isDark: isDark, isTouch: true)
      for area in ["filter", "kernel", "slide", "learn", "share"] {
        try open.page.click("#tab-\(area)")
        try open.page.rest()
        try open.page.screenshot("phone-\(area)-\(isDark ? "dark" : "light")", wholePage: true)
        #expect(try open.page.number("document.documentElement.scrollWidth") <= 360, "\(area) is too wide")
      }
      open.close()
    }

    @Test(arguments: [false, true]) func aDesktop(isDark: Bool) throws {
      let open = try OpenPlayground("filter", isDark: isDark)
      for area in ["filter", "kernel", "slide", "learn", "share"] {
        try open.page.click("#tab-\(area)")
        try open.page.rest()
        try open.page.screenshot("desktop-\(area)-\(isDark ? "dark" : "light")", wholePage: true)
        // Whatever can be used has a name to be called by.
        let nameless = try open.page.value(
          """
          [...document.querySelectorAll('#area-\(area) :is(button, input, select, canvas[role], [tabindex="0"])')].filter(
            (e) => e.offsetParent && !e.textContent.trim() && !e.getAttribute('aria-label') && !e.labels?.length
              && !e.closest('[aria-hidden]')).map((e) => e.outerHTML.slice(0, 120))
          """)
        #expect((nameless as? [String]) == [], "without a name")
      }
      open.close()
    }

    @Test func aFingerPaints() throws {
      let open = try OpenPlayground("filter", width: 390, height: 844, isTouch: true)
      let page = open.page
      let before = try page.pixels("#result .after")
      try page.click("#tools [data-value=brush]")
      let middle = try page.place("#plane")
      try page.touch(along: (0...6).map { .init(x: middle.x - 60 + 10 * Double($0), y: middle.y + 20) })
      try page.rest()
      #expect(try page.pixels("#result .after").pixels.elements != before.pixels.elements)
      #expect(try page.value("document.querySelector('#undo').disabled") as? Bool == false)
      try page.screenshot("phone-painting")
      open.close()
    }
  }
}
