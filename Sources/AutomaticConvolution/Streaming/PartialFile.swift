import Foundation
import SpectralCore

/// A large file in the making: written here and there, and given its name when it is whole.
///
/// The bytes are in `NAME.partial`, and `NAME.journal` says how much of the work is in them and for which task. Data
/// are on the disk before the journal speaks of them, and are compared with its checksums before they are believed. So a
/// run that ends in the middle, by whatever cause, leaves a state from which another goes on, and `NAME` itself is always
/// the old file or the new one, whole.
///
/// A class because it owns the open file. Sendable because its owner lets one thread at a time use it.
final class PartialFile: @unchecked Sendable {
  /// The path as it was given.
  let path: String
  /// Units of work that an earlier run of the same task has left here, as far as they are what it wrote.
  private(set) var unitsDone = 0
  /// Why what an earlier run left is of no use; nil if it is, or if there was none.
  private(set) var reasonToStartAnew: String?
  /// What of an earlier run's work is damaged, behind ``unitsDone``; nil if nothing is.
  private(set) var damage: String?

  private let target: String
  private let mode: mode_t?
  private let descriptor: Int32
  private let journal: Journal
  private let uncached: UncachedWriter?
  /// Of the bytes that have been written since the last record.
  private var checksum = Checksum()

  private var partial: String { target + ".partial" }

  /// Opens or makes the file, with room for all of its bytes.
  ///
  /// - Parameters:
  ///   - byteCount: Of the whole file.
  ///   - task: What determines the bytes, a line for each thing.
  ///   - units: The units of the whole work.
  ///   - ranges: Visits the bytes that a unit brings, in the order in which they are written.
  /// - Throws: ``FileError``: also if the disk is too full, another run is at work on the same file, or files are in the
  ///   way that no run has left.
  init(
    _ path: String, byteCount: Int, task: [String], units: Int,
    ranges: (_ unit: Int, _ body: (Range<Int>) throws -> Void) throws -> Void
  ) throws {
    self.path = path
    (target, mode) = try AtomicFile.replaceable(path)
    journal = Journal(path: target + ".journal", task: task)
    guard let descriptor = try LockedFile.open(target + ".partial", O_RDWR | O_CREAT, for: path) else {
      throw FileError(path, "another run is writing this file: wait for its end, or choose another name")
    }
    self.descriptor = descriptor
    uncached = UncachedWriter(target + ".partial")
    let size = try size()
    switch try journal.read() {
    case .absent where size > 0:
      throw FileError.stranger(partial)
    case .absent: break
    case .useless(let reason): reasonToStartAnew = reason
    case .same(let contents) where size == byteCount:
      let sound = try soundRecords(contents.records, units: units, ranges)
      if sound > 0 {
        unitsDone = contents.records[sound - 1].units
        try journal.resume(contents, records: sound)
      }
      if sound < contents.records.count {
        damage = "its bytes are not those that were written"
      } else if contents.isDamaged {
        damage = "a line of its journal is damaged"
      }
    case .same(let contents): if !contents.records.isEmpty { reasonToStartAnew = "it was cut short" }
    }
    guard unitsDone == 0 else { return }
    do {
      try empty()
      try journal.begin()
      try allocate(byteCount)
    } catch {
      discard()
      throw error
    }
  }

  /// How many of the first records are borne out by the bytes of the file.
  private func soundRecords(
    _ records: [(units: Int, checksum: UInt64)], units: Int,
    _ ranges: (_ unit: Int, _ body: (Range<Int>) throws -> Void) throws -> Void
  ) throws -> Int {
    let piece = 1 << 20
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 64)
    defer { buffer.deallocate() }
    var first = 0
    for (index, record) in records.enumerated() {
      guard record.units <= units else { return index }
      var checksum = Checksum()
      for unit in first..<record.units {
        try ranges(unit) { range in
          for start in stride(from: range.lowerBound, to: range.upperBound, by: piece) {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(piece, range.upperBound - start)])
            try read(part, at: start)
            checksum.update(UnsafeRawBufferPointer(part))
          }
        }
      }
      guard checksum.value == record.checksum else { return index }
      first = record.units
    }
    return records.count
  }

  private func read(_ buffer: UnsafeMutableRawBufferPointer, at place: Int) throws {
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(place + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileError(partial, code: count < 0 ? errno : EIO) }
      done += count
    }
  }

  deinit { close(descriptor) }

  private func size() throws -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path, code: errno) }
    return Int(status.st_size)
  }

  private func empty() throws {
    guard ftruncate(descriptor, 0) == 0 else { throw FileError(path, code: errno) }
  }

  /// Takes the room on the disk now, so that it cannot run out in the middle.
  private func allocate(_ byteCount: Int) throws {
    var disk = statvfs()
    if fstatvfs(descriptor, &disk) == 0 {
      let free = Int(
        clamping: UInt64(disk.f_bavail).multipliedReportingOverflow(by: UInt64(disk.f_frsize)).partialValue)
      guard free >= byteCount else {
        throw FileError(
          path,
          "the file needs \(ByteCount(byteCount)) and the disk has \(ByteCount(free)) left: free some space, or choose "
            + "another place")
      }
    }
    #if canImport(Darwin)
      var store = fstore_t(
        fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0, fst_length: off_t(byteCount),
        fst_bytesalloc: 0)
      // Not every file system can; writing then finds out.
      if fcntl(descriptor, F_PREALLOCATE, &store) != 0, errno == ENOSPC { throw FileError(path, code: ENOSPC) }
      guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw FileError(path, code: errno) }
    #else
      var code: Int32
      repeat { code = posix_fallocate(descriptor, 0, off_t(byteCount)) } while code == EINTR
      guard code == 0 else { throw FileError(path, code: code) }
    #endif
  }

  /// Writes bytes at a place of the file.
  ///
  /// - Throws: ``FileError``.
  func write(_ bytes: UnsafeRawBufferPointer, at place: Int) throws {
    let middle = try uncached?.write(bytes, at: place, for: path) ?? 0..<0
    try writeCached(UnsafeRawBufferPointer(rebasing: bytes[..<middle.lowerBound]), at: place)
    try writeCached(UnsafeRawBufferPointer(rebasing: bytes[middle.upperBound...]), at: place + middle.upperBound)
    checksum.update(bytes)
  }

  private func writeCached(_ bytes: UnsafeRawBufferPointer, at place: Int) throws {
    var done = 0
    while done < bytes.count {
      let count = pwrite(descriptor, bytes.baseAddress! + done, min(bytes.count - done, 1 << 30), off_t(place + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(path, code: errno)
      }
      done += count
    }
  }

  /// Notes that so many units of work are done, once their bytes are on the disk.
  ///
  /// - Throws: ``FileError``.
  func record(unitsDone units: Int) throws {
    try synchronize()
    try journal.append(units, checksum: checksum.value)
    checksum = Checksum()
    unitsDone = units
  }

  /// Gives the file its name. The work is over.
  ///
  /// - Throws: ``FileError``.
  func finish() throws {
    if let mode, fchmod(descriptor, mode) != 0 { throw FileError(path, code: errno) }
    try synchronize()
    guard rename(FileName.encode(partial), FileName.encode(target)) == 0 else { throw FileError(path, code: errno) }
    try AtomicFile.synchronizeFolder(of: target, for: path)
    journal.remove()
  }

  /// Removes what has been written: nobody could go on from it.
  func discard() {
    unlink(FileName.encode(partial))
    journal.remove()
  }

  private func synchronize() throws {
    #if canImport(Darwin)
      // Darwin's fsync leaves the bytes in the drive's own cache.
      if fcntl(descriptor, F_FULLFSYNC) == 0 { return }
    #endif
    guard fsync(descriptor) == 0 else { throw FileError(path, code: errno) }
  }
}

extension FileError {
  /// Of a file that has the name of one in the making, and is none.
  static func stranger(_ path: String) -> FileError {
    FileError(path, "this file is in the way, and no run has left it: choose another name for the result, or move it")
  }
}
