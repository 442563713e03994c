import Foundation
import SpectralCore

/// The metrics of a run as JSON lines, and its epochs as a CSV table beside them.
///
/// One object a line: `{"event":"batch","epoch":0,"step":17,"loss":0.43,...}` for every step,
/// `{"event":"epoch","epoch":0,"loss":...,"accuracy":...}`, measured on the test images, for every epoch. A run that is
/// resumed goes on in the same file; lines that a kill left behind from beyond the checkpoint are dropped. To a stream or
/// a device, such as `/dev/stdout`, go the lines of this run, each as it comes, and no table is written.
///
/// A class because it owns an open file, which no other run may write to meanwhile.
public final class MetricsFile {
  /// What a run that begins anew found under the names of its files, and kept.
  public let earlier: [EarlierFile]

  private let path: String
  private let descriptor: Int32
  private let lock: RunLock?
  /// A stream or a device gets lines only.
  private let hasTable: Bool
  private var table: [[String]]

  /// The CSV table's file for a metrics file.
  public static func tablePath(for path: String) -> String {
    (path.hasSuffix(".jsonl") ? String(path.dropLast(6)) : path) + ".csv"
  }

  private static let header = ["epoch", "step", "loss", "accuracy", "training_loss", "training_accuracy"]

  /// Opens a metrics file.
  ///
  /// - Parameters:
  ///   - step: Steps that were taken already; lines from later ones are dropped, and with none the file starts anew.
  ///   - epoch: Epochs that were completed; lines of later ones are dropped.
  ///   - keepsEarlier: Whether files that are there already, and not gone on with, are kept under other names.
  /// - Throws: `FileError` if the file cannot be written, another run writes it, or it is to be gone on with and is
  ///   something else.
  public init(path: String, resumingAt step: Int = 0, epoch: Int = .max, keepsEarlier: Bool = false) throws {
    self.path = path
    lock = try RunLock(path)
    hasTable = lock != nil
    var kept = ""
    table = [Self.header]
    if lock == nil {
      earlier = []
      descriptor = try AtomicFile.openStream(path)
      return
    }
    if step > 0, FileSystem.isRegularFile(path) {
      let lines = String(decoding: try InputFile.contents(of: path), as: UTF8.self).split(separator: "\n")
      for (index, line) in lines.enumerated() {
        guard let values = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
          let at = values["step"] as? Int
        else {
          // A kill may cut the last line short, and no other.
          guard index == lines.count - 1, index > 0 else {
            throw FileError(path, "line \(index + 1) is not of a run's metrics: give the metrics another name")
          }
          continue
        }
        let isEpoch = values["event"] as? String == "epoch"
        // A batch has the number of its step; an epoch the number of steps taken, and may have been written down
        // without having reached a checkpoint.
        guard isEpoch ? at <= step && values["epoch"] as? Int ?? .max < epoch : at < step else { continue }
        kept += line + "\n"
        if isEpoch {
          table.append(Self.header.map { name in values[name].map { $0 is NSNull ? "null" : "\($0)" } ?? "" })
        }
      }
    }
    earlier =
      keepsEarlier && step == 0 ? try [path, Self.tablePath(for: path)].compactMap(EarlierFile.init(keeping:)) : []
    do { try AtomicFile.write(Data(kept.utf8), to: path) } catch {
      earlier.forEach { $0.forget() }
      throw error
    }
    descriptor = open(FileName.encode(path), O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(path, code: errno) }
    try writeTable()
  }

  deinit { close(descriptor) }

  /// Writes down what happened.
  public func record(_ event: TrainingEvent) throws {
    switch event {
    case .batch(let batch):
      try write([
        ("event", "\"batch\""), ("epoch", "\(batch.epoch)"), ("step", "\(batch.step)"), ("loss", number(batch.loss)),
        ("accuracy", number(batch.accuracy)), ("learning_rate", number(batch.learningRate)),
        ("images", "\(batch.images)"), ("seconds", number(batch.seconds)),
      ])
    case .epoch(let epoch):
      let values = [
        "\(epoch.epoch)", "\(epoch.step)", number(epoch.loss), number(epoch.accuracy), number(epoch.trainingLoss),
        number(epoch.trainingAccuracy),
      ]
      try write([("event", "\"epoch\"")] + zip(Self.header, values))
      table.append(values)
      try writeTable()
    case .checkpoint: break
    }
  }

  /// JSON has no infinities: a loss that has none of its own becomes null.
  private func number(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }

  private func write(_ fields: [(String, String)]) throws {
    var line = "{" + fields.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}\n"
    try line.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Foundation.write(descriptor, rest.baseAddress, rest.count)
        if count < 0 && errno == EINTR { continue }
        guard count >= 0 else { throw FileError(path, code: errno) }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
  }

  private func writeTable() throws {
    guard hasTable else { return }
    let text = table.map { $0.joined(separator: ",") + "\n" }.joined()
    try AtomicFile.write(Data(text.utf8), to: Self.tablePath(for: path))
  }
}
