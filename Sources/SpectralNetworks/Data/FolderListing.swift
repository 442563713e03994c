import Foundation
import SpectralCore

/// Which files of a folder are images of which class, for training and for testing, from their names alone.
struct FolderListing {
  struct Sample {
    let file: String
    let label: Int
  }

  private(set) var classNames: [String] = []
  private(set) var training: [Sample] = []
  private(set) var test: [Sample] = []
  /// What was taken for what, and what was left out: a sentence each.
  private(set) var remarks: [String] = []

  /// What people call the folder with the images to learn from.
  static let trainingNames = ["train", "training"]
  /// What people call the folder with the others; of several that are there the first is taken.
  static let testNames = ["test", "testing", "val", "valid", "validation"]

  private let path: String
  private let seed: UInt64

  /// Lists a folder.
  ///
  /// - Parameter seed: What the choice of test images depends on where the folder does not make it.
  /// - Throws: `FileError` naming the folder that has no images, or cannot be listed.
  init(_ path: String, seed: UInt64) throws {
    (self.path, self.seed) = (path, seed)
    let folders = try Entries(of: path).folders
    let training = try folders.filter { Self.trainingNames.contains($0.lowercased()) }.filter(holdsClasses)
    guard training.count < 2 else {
      throw FileError(
        path,
        "has both \(training[0]) and \(training[1]), and one of them must hold the training images; rename the other")
    }
    if let training = training.first {
      try take(training, others: folders.filter { $0 != training })
    } else {
      let classes = try classes(in: path)
      guard !classes.isEmpty else { throw empty(path) }
      classNames = classes.map(\.name)
      remarks.insert("\(path): \(classWords); a sixth of each is kept for testing", at: 0)
      split(classes)
    }
    guard !self.training.isEmpty else { throw empty(path) }
    guard !test.isEmpty else { throw FileError(path, "no class has two images, one for training and one for testing") }
  }

  /// Whether a folder holds folders and no images of its own: else it is a class that happens to be called "train".
  private func holdsClasses(_ name: String) throws -> Bool {
    let entries = try Entries(of: "\(path)/\(name)")
    return !entries.folders.isEmpty && entries.images.isEmpty
  }

  /// Takes the folder with the training images, and of the others the one with the test images.
  private mutating func take(_ training: String, others: [String]) throws {
    let classes = try classes(in: "\(path)/\(training)")
    guard !classes.isEmpty else { throw empty("\(path)/\(training)") }
    classNames = classes.map(\.name)
    let tests = try Self.testNames.flatMap { name in others.filter { $0.lowercased() == name } }.filter(holdsClasses)
    let leftOut = others.filter { $0 != tests.first }
    if let name = tests.first {
      remarks.insert("\(path): \(classWords); \(training) is for training, \(name) for testing", at: 0)
      let testClasses = try self.classes(in: "\(path)/\(name)")
      if let unknown = testClasses.first(where: { !classNames.contains($0.name) }) {
        throw FileError(
          "\(path)/\(name)/\(unknown.name)",
          "is a class without training images; add \(path)/\(training)/\(unknown.name)")
      }
      guard !testClasses.isEmpty else { throw empty("\(path)/\(name)") }
      self.training = classes.enumerated().flatMap { label, own in own.files.map { Sample(file: $0, label: label) } }
      test = testClasses.flatMap { own in
        own.files.map { Sample(file: $0, label: classNames.firstIndex(of: own.name)!) }
      }
    } else {
      remarks.insert(
        "\(path): \(classWords); of \(training) a sixth of each is kept for testing, as there is none of the folders "
          + Self.testNames.joined(separator: ", "), at: 0)
      split(classes)
    }
    if !leftOut.isEmpty { remarks.append("\(path): left out \(list(leftOut))") }
  }

  /// Keeps a sixth of each class for testing.
  private mutating func split(_ classes: [Class]) {
    for (label, own) in classes.enumerated() {
      var order = Array(own.files.indices)
      var random = RandomGenerator(seed: seed, stream: .folder, label)
      random.shuffle(&order)
      // At least one of two; a single image is for training.
      let held = Set(order.prefix(own.files.count > 1 ? max(1, own.files.count / 6) : 0))
      for (i, file) in own.files.enumerated() {
        if held.contains(i) {
          test.append(Sample(file: file, label: label))
        } else {
          training.append(Sample(file: file, label: label))
        }
      }
    }
  }

  private struct Class {
    let name: String
    let files: [String]
  }

  /// The classes of a folder, in the order of their names.
  ///
  /// - Throws: `FileError` for a class that holds things but no image: it may be meant, and must not be lost silently.
  private mutating func classes(in parent: String) throws -> [Class] {
    var classes: [Class] = []
    var others: [String: Int] = [:]
    for name in try Entries(of: parent).folders {
      let folder = "\(parent)/\(name)"
      let entries = try Entries(of: folder)
      guard !entries.images.isEmpty else {
        if entries.isEmpty {
          remarks.append("\(folder): left out, as it is empty")
          continue
        }
        throw FileError(folder, reason(entries))
      }
      classes.append(Class(name: name, files: entries.images.map { "\(folder)/\($0)" }))
      for entry in entries.folders + entries.others { others[kind(entry, entries), default: 0] += 1 }
    }
    if !others.isEmpty {
      let words = others.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
      remarks.append("\(parent): left out in the classes \(words.joined(separator: ", "))")
    }
    return classes
  }

  private func reason(_ entries: Entries) -> String {
    if entries.others.isEmpty {
      return
        "holds folders and no images; put the images of a class directly into its folder, or name the folder whose folders "
        + "are the classes"
    }
    let known = ImageFolder.endings.sorted().joined(separator: ", ")
    return
      "holds no images that are read here (\(known)) but \(list(entries.others)); convert them, or move the folder "
      + "to another place"
  }

  private func kind(_ entry: String, _ entries: Entries) -> String {
    if entries.folders.contains(entry) { return "folders" }
    if entries.devices.contains(entry) { return "that are not regular files" }
    let ending = (entry as NSString).pathExtension.lowercased()
    return ending.isEmpty ? "files without an ending" : ".\(ending) files"
  }

  private var classWords: String {
    classNames.count == 1 ? "one class, \(classNames[0])" : "\(classNames.count) classes, \(list(classNames))"
  }

  private func list(_ names: [String]) -> String {
    names.prefix(5).joined(separator: ", ") + (names.count > 5 ? " and \(names.count - 5) more" : "")
  }

  private func empty(_ folder: String) -> FileError {
    FileError(folder, "has no folders of images; put those of each class into a folder \(folder)/CLASS")
  }
}

/// What is in a folder, hidden files left out, each kind in the order of names.
private struct Entries {
  private(set) var folders: [String] = []
  private(set) var images: [String] = []
  private(set) var others: [String] = []
  /// Those of the others that are pipes, devices and the like: to open one may wait for ever, or never end.
  private(set) var devices: Set<String> = []

  init(of folder: String) throws {
    let names: [String]
    do { names = try FileSystem.names(inFolder: folder) } catch {
      throw FileError(folder, "cannot be listed; check that it is a folder that you may read")
    }
    for name in names where !name.hasPrefix(".") {
      var status = stat()
      let isThere = stat(FileName.encode("\(folder)/\(name)"), &status) == 0
      switch status.st_mode & S_IFMT {
      case S_IFDIR where isThere: folders.append(name)
      // A link that leads nowhere is not passed over: reading it says so.
      case _ where isThere && status.st_mode & S_IFMT != S_IFREG:
        others.append(name)
        devices.insert(name)
      default:
        if ImageFolder.endings.contains((name as NSString).pathExtension.lowercased()) {
          images.append(name)
        } else {
          others.append(name)
        }
      }
    }
  }

  var isEmpty: Bool { folders.isEmpty && images.isEmpty && others.isEmpty }
}
