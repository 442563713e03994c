/// How to do with the command, and with the library, what the page shows.
struct Recipe: Encodable {
  /// A line for a shell, or several that follow from each other.
  let command: String
  /// A program.
  let swift: String
  /// The files that both read, as the page offers them.
  var needs: [String] = []
}

extension Recipe {
  /// What the files are called that commands and programs read and write beside the picture.
  static let (maskName, filteredName, kernelName, convolvedName) = (
    "mask.png", "filtered.png", "kernel.npy", "convolved.png"
  )
  /// All of them: no picture may have such a name.
  static let takenNames = [maskName, filteredName, kernelName, convolvedName]
}
