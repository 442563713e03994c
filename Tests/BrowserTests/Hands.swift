import Foundation

/// The hands: a pointer, a keyboard, and files that are dropped.
extension BrowserPage {
  private func mouse(_ type: String, _ place: Place, isDown: Bool, clicks: Int = 0) throws {
    try call(
      "Input.dispatchMouseEvent",
      [
        "type": type, "x": place.x, "y": place.y, "button": isDown || type == "mouseReleased" ? "left" : "none",
        "buttons": isDown ? 1 : 0, "clickCount": clicks,
      ])
  }

  func move(to place: Place) throws { try mouse("mouseMoved", place, isDown: false) }

  func press(_ place: Place) throws {
    try mouse("mouseMoved", place, isDown: false)
    try mouse("mousePressed", place, isDown: true, clicks: 1)
  }

  func drag(to place: Place) throws { try mouse("mouseMoved", place, isDown: true) }

  func release(_ place: Place) throws { try mouse("mouseReleased", place, isDown: false, clicks: 1) }

  /// Presses at one place, goes to another in steps, and lets go.
  func drag(from start: Place, to end: Place, steps: Int = 8) throws {
    try press(start)
    for step in 1...steps {
      let t = Double(step) / Double(steps)
      try drag(to: Place(x: start.x + t * (end.x - start.x), y: start.y + t * (end.y - start.y)))
    }
    try release(end)
  }

  func click(_ selector: String) throws {
    let place = try place(selector)
    try press(place)
    try release(place)
  }

  /// Draws with a finger.
  func touch(along places: [Place]) throws {
    func points(_ place: Place) -> [[String: Any]] { [["x": place.x, "y": place.y]] }
    try call("Input.dispatchTouchEvent", ["type": "touchStart", "touchPoints": points(places[0])])
    for place in places.dropFirst() {
      try call("Input.dispatchTouchEvent", ["type": "touchMove", "touchPoints": points(place)])
    }
    try call("Input.dispatchTouchEvent", ["type": "touchEnd", "touchPoints": [] as [Any]])
  }

  /// Presses a key, by its name: a letter, `ArrowLeft`, `Tab`, `End`, ` `.
  func key(_ name: String, modifiers: Int = 0, times: Int = 1) throws {
    let codes = [
      "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9, "End": 35, "Home": 36, "Enter": 13,
      " ": 32, "Escape": 27, "Delete": 46,
    ]
    let code = codes[name] ?? Int(name.uppercased().unicodeScalars.first!.value)
    for _ in 0..<times {
      var parameters: [String: Any] = [
        "type": "keyDown", "key": name, "windowsVirtualKeyCode": code, "modifiers": modifiers,
      ]
      if name.count == 1, modifiers & 2 == 0 { parameters["text"] = name }
      if name == "Enter" { parameters["text"] = "\r" }
      try call("Input.dispatchKeyEvent", parameters)
      parameters["type"] = "keyUp"
      parameters["text"] = nil
      try call("Input.dispatchKeyEvent", parameters)
    }
  }

  /// Types over what a field holds.
  func type(_ text: String, into selector: String) throws {
    try click(selector)
    _ = try value("document.querySelector('\(selector)').select()")
    try call("Input.insertText", ["text": text])
  }

  /// Chooses of a select, as its keyboard does. The browser's own list of options is a window that no page sees.
  func choose(_ option: String, of selector: String) throws {
    _ = try place(selector)
    _ = try value(
      """
      (() => {
        const select = document.querySelector('\(selector)');
        select.focus();
        select.value = '\(option)';
        select.dispatchEvent(new Event('input', { bubbles: true }));
        select.dispatchEvent(new Event('change', { bubbles: true }));
      })()
      """)
  }

  /// Lets the page write to the clipboard and read it, as a person does who answers the browser's question.
  func mayUseTheClipboard() throws {
    try call("Emulation.setFocusEmulationEnabled", ["enabled": true])
    try call("Browser.grantPermissions", ["permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]])
  }

  /// Pastes what is on the clipboard, by the keyboard.
  func paste() throws {
    let key: [String: Any] = ["key": "v", "code": "KeyV", "windowsVirtualKeyCode": 86, "modifiers": 2]
    try call("Input.dispatchKeyEvent", key.merging(["type": "keyDown", "commands": ["paste"]]) { $1 })
    try call("Input.dispatchKeyEvent", key.merging(["type": "keyUp"]) { $1 })
  }

  /// Picks a file in the window that a button opens.
  func pick(_ file: URL, by button: String) throws {
    try call("Page.setInterceptFileChooserDialog", ["enabled": true])
    try click(button)
    let chooser = try event("Page.fileChooserOpened")
    try call("DOM.setFileInputFiles", ["files": [file.path], "backendNodeId": chooser["backendNodeId"]!])
  }

  /// Drags files from another program onto an element.
  func drop(_ files: [URL], on selector: String) throws {
    let place = try place(selector)
    let data: [String: Any] = ["items": [] as [Any], "files": files.map(\.path), "dragOperationsMask": 1]
    for type in ["dragEnter", "dragOver", "drop"] {
      try call("Input.dispatchDragEvent", ["type": type, "x": place.x, "y": place.y, "data": data])
    }
  }
}
