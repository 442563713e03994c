import Foundation
import SpectralCore

/// A large file in the making: written here and there, and given its name when it is whole.
///
/// The bytes are in `NAME.partial`, and `NAME.journal` says how much of the work is in them and for which task. Data
/// are on the disk before the journal speaks of them, and are compared with its checksums before they are believed. So a
/// run that ends in the middle, by whatever cause, leaves a state from which another goes on, and `NAME` itself is always
/// the old file or the new one, whole.
///
/// One run writes everything and locks the file against all others; or runs that each write a part share the lock, and
/// each has a journal of its own, `NAME.part-3-of-8.journal`. What any journal records as done is not done again. The part that finds nothing missing at its end finishes the file.
///
/// A class because it owns the open file. Sendable because its owner lets one thread at a time use it.
final class PartialFile: @unchecked Sendable {
  /// The units that this run is to do, also those that are done.
  let share: Range<Int>
  /// Units of the share that were done before, as far as they are what was written.
  private(set) var unitsDone: Set<Int> = []
  /// Why what an earlier run left is of no use; nil if it is, or if there was none.
  private(set) var reasonToStartAnew: String?
  /// What of an earlier run's work is damaged, and so is to be done again; nil if nothing is.
  private(set) var damage: String?

  private let place: PartialPlace
  private let work: PartialWork
  private let part: StreamPart?
  private let descriptor: Int32
  private let journal: Journal
  private let uncached: UncachedWriter?
  private var hasRecorded = false
  /// Of the bytes that have been written since the last record.
  private var checksum = Checksum()

  /// The path as it was given.
  var path: String { place.path }

  /// - Parameter descriptor: Of the open file, which becomes this object's.
  private init(_ place: PartialPlace, _ work: PartialWork, part: StreamPart?, _ descriptor: Int32) {
    self.place = place
    self.work = work
    self.part = part
    self.descriptor = descriptor
    share = part?.share(of: work.units) ?? 0..<work.units
    journal = Journal(path: place.journal(part), task: work.task)
    uncached = UncachedWriter(place.partial)
  }

  deinit { close(descriptor) }

  // MARK: Opening

  /// Opens or makes a file that one run writes, with room for all of its bytes.
  ///
  /// - Throws: ``FileError``: also if the disk is too full, another run is at work on the same file, or files are in the
  ///   way that no run has left.
  static func whole(_ path: String, _ work: PartialWork) throws -> PartialFile {
    let place = try PartialPlace(path)
    guard let descriptor = try LockedFile.open(place.partial, O_RDWR | O_CREAT, for: path) else {
      throw FileError.busy(path)
    }
    let file = PartialFile(place, work, part: nil, descriptor)
    try file.openWhole()
    return file
  }

  private func openWhole() throws {
    let journals = try place.journals(work.task)
    let size = try Self.size(descriptor, path)
    if size > 0 && journals.isEmpty { throw FileError.stranger(place.partial) }
    for case .other(let reason) in journals.map(\.finding) { reasonToStartAnew = reason }
    if reasonToStartAnew == nil { try resume(journals, size: size) }
    guard unitsDone.isEmpty else { return }
    do {
      place.removeJournals()
      try Self.empty(descriptor, path)
      try journal.begin()
      try Self.allocate(work.byteCount, descriptor, path)
    } catch {
      discard()
      throw error
    }
  }

  /// Opens or makes a file that several runs write, for one of them.
  ///
  /// - Parameter replaces: Whether the parts, at their end, replace a file that is there.
  /// - Throws: ``FileError``: also if a run of the whole or of the same part is at work, parts of another task are there, or
  ///   there is a file of this name that is not to be replaced.
  static func part(
    _ part: StreamPart, of path: String, _ work: PartialWork, replaces: Bool = false
  ) throws -> PartialFile {
    let place = try PartialPlace(path)
    if !replaces { try place.requireNew() }
    try place.requireListed()
    try place.requireSameTask(place.journals(work.task))
    let (descriptor, reason) = try openShared(place, work, part, replaces: replaces)
    let file = PartialFile(place, work, part: part, descriptor)
    file.reasonToStartAnew = reason
    try file.openPart(part)
    return file
  }

  private func openPart(_ part: StreamPart) throws {
    if try place.journals(work.task).isEmpty { throw FileError.stranger(place.partial) }
    guard try journal.lock() else {
      throw FileError(path, "part \(part) is being computed by another run: wait for its end")
    }
    let journals = try place.journals(work.task)
    try place.requireSameTask(journals)
    try resume(journals, size: work.byteCount)
  }

  /// Opens the file with a lock that other parts share. The first one makes room for all bytes, while it alone has the lock;
  /// its journal is there before, so that nobody takes the file for a stranger's.
  ///
  /// - Returns: Also why what earlier runs left was of no use.
  private static func openShared(
    _ place: PartialPlace, _ work: PartialWork, _ part: StreamPart, replaces: Bool
  ) throws -> (Int32, reasonToStartAnew: String?) {
    let deadline = ContinuousClock.now + .seconds(10)
    var reason: String?
    while true {
      if let descriptor = try LockedFile.open(place.partial, O_RDWR | O_CREAT, isShared: true, for: place.path) {
        if try size(descriptor, place.path) == work.byteCount { return (descriptor, reason) }
        close(descriptor)
        if let descriptor = try LockedFile.open(place.partial, O_RDWR | O_CREAT, for: place.path) {
          defer { close(descriptor) }
          reason = try begin(descriptor, place, work, part, replaces: replaces) ?? reason
          continue
        }
      }
      // Another part makes room, or finishes: neither takes long.
      guard .now < deadline else { throw FileError.busy(place.path) }
      usleep(20_000)
    }
  }

  /// Makes room for all bytes in a file that is locked against all others, unless that has been done.
  private static func begin(
    _ descriptor: Int32, _ place: PartialPlace, _ work: PartialWork, _ part: StreamPart, replaces: Bool
  ) throws -> String? {
    let size = try size(descriptor, place.path)
    if size == work.byteCount { return nil }
    let journals = try place.journals(work.task)
    if size > 0 && journals.isEmpty { throw FileError.stranger(place.partial) }
    do {
      // The last part may have finished the file since it was looked for.
      if !replaces { try place.requireNew() }
      try place.requireSameTask(journals)
    } catch {
      if size == 0 { unlink(FileName.encode(place.partial)) }
      throw error
    }
    try makeRoom(descriptor, place, work, part)
    return size > 0 ? "it was cut short" : nil
  }

  /// Begins a file, with the journal of a part or of the whole.
  private static func makeRoom(
    _ descriptor: Int32, _ place: PartialPlace, _ work: PartialWork, _ part: StreamPart?
  ) throws {
    do {
      place.removeJournals()
      try empty(descriptor, place.path)
      try Journal(path: place.journal(part), task: work.task).begin()
      try allocate(work.byteCount, descriptor, place.path)
    } catch {
      unlink(FileName.encode(place.partial))
      place.removeJournals()
      throw error
    }
  }

  /// Gets a file ready for parts that begin and end together, as a run of the whole does: what another task has left is thrown
  /// away.
  ///
  /// - Returns: Why that was of no use; nil if it is, or if there was nothing.
  /// - Throws: ``FileError``.
  static func prepare(_ path: String, _ work: PartialWork) throws -> String? {
    let place = try PartialPlace(path)
    try place.requireListed()
    guard let descriptor = try LockedFile.open(place.partial, O_RDWR | O_CREAT, for: path) else {
      throw FileError.busy(path)
    }
    defer { close(descriptor) }
    let journals = try place.journals(work.task)
    let size = try size(descriptor, path)
    if size > 0 && journals.isEmpty { throw FileError.stranger(place.partial) }
    var reason: String?
    for case .other(let why) in journals.map(\.finding) { reason = why }
    if reason == nil && size == work.byteCount { return nil }
    try makeRoom(descriptor, place, work, nil)
    return reason ?? (size > 0 ? "it was cut short" : nil)
  }

  /// Finds what of the share is done, and gets the journal ready for more.
  private func resume(_ journals: [PartialPlace.Found], size: Int) throws {
    var ownRecords: (contents: Journal.Contents, count: Int)?
    for found in journals {
      let isOwn = found.part == part
      switch found.finding {
      case .same(let contents) where size == work.byteCount:
        let sound = try soundRecords(contents.records, isOwn: isOwn)
        if isOwn && sound > 0 { ownRecords = (contents, sound) }
        // What is damaged of another part's is its own affair.
        guard isOwn || part == nil else { continue }
        if sound < contents.records.count {
          damage = "its bytes are not those that were written"
        } else if contents.isDamaged {
          damage = "a line of its journal is damaged"
        }
      case .same(let contents): if !contents.records.isEmpty { reasonToStartAnew = "it was cut short" }
      case .damaged: if isOwn { reasonToStartAnew = "its journal is damaged" }
      case .absent, .other: break
      }
    }
    if let (contents, count) = ownRecords {
      hasRecorded = true
      try journal.resume(contents, records: count)
    } else if part != nil || !unitsDone.isEmpty {
      try journal.begin()
    }
  }

  /// How many of the first records of a journal are borne out by the bytes of the file. The records of other parts are looked
  /// at as far as they are about the share.
  private func soundRecords(_ records: [Journal.Record], isOwn: Bool) throws -> Int {
    for (index, record) in records.enumerated() {
      guard isOwn || record.units.overlaps(share) else { continue }
      guard try isSound(record) else { return index }
      unitsDone.formUnion(record.units.clamped(to: share))
    }
    return records.count
  }

  /// Whether the bytes of the file are those of a record.
  private func isSound(_ record: Journal.Record) throws -> Bool {
    guard record.units.upperBound <= work.units else { return false }
    let piece = 1 << 20
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: piece, alignment: 64)
    defer { buffer.deallocate() }
    var checksum = Checksum()
    for unit in record.units {
      try work.ranges(unit) { range in
        for start in stride(from: range.lowerBound, to: range.upperBound, by: piece) {
          let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(piece, range.upperBound - start)])
          try read(part, at: start)
          checksum.update(UnsafeRawBufferPointer(part))
        }
      }
    }
    return checksum.value == record.checksum
  }

  private func read(_ buffer: UnsafeMutableRawBufferPointer, at start: Int) throws {
    var done = 0
    while done < buffer.count {
      let count = pread(descriptor, buffer.baseAddress! + done, buffer.count - done, off_t(start + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileError(place.partial, code: count < 0 ? errno : EIO) }
      done += count
    }
  }

  private static func size(_ descriptor: Int32, _ path: String) throws -> Int {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path, code: errno) }
    return Int(status.st_size)
  }

  private static func empty(_ descriptor: Int32, _ path: String) throws {
    guard ftruncate(descriptor, 0) == 0 else { throw FileError(path, code: errno) }
  }

  /// Takes the room on the disk now, so that it cannot run out in the middle.
  private static func allocate(_ byteCount: Int, _ descriptor: Int32, _ path: String) throws {
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

  // MARK: Writing

  /// Writes bytes at a place of the file.
  ///
  /// - Throws: ``FileError``.
  func write(_ bytes: UnsafeRawBufferPointer, at start: Int) throws {
    let middle = try uncached?.write(bytes, at: start, for: path) ?? 0..<0
    try writeCached(UnsafeRawBufferPointer(rebasing: bytes[..<middle.lowerBound]), at: start)
    try writeCached(UnsafeRawBufferPointer(rebasing: bytes[middle.upperBound...]), at: start + middle.upperBound)
    checksum.update(bytes)
  }

  private func writeCached(_ bytes: UnsafeRawBufferPointer, at start: Int) throws {
    var done = 0
    while done < bytes.count {
      let count = pwrite(descriptor, bytes.baseAddress! + done, min(bytes.count - done, 1 << 30), off_t(start + done))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(path, code: errno)
      }
      done += count
    }
  }

  /// Notes that some units of work are done, those that have been written since the last time, once their bytes are on the
  /// disk.
  ///
  /// - Throws: ``FileError``.
  func record(_ units: Range<Int>) throws {
    try synchronize()
    try journal.append(Journal.Record(units: units, checksum: checksum.value))
    checksum = Checksum()
    hasRecorded = true
  }

  // MARK: The end

  /// Gives the file its name. The work is over.
  ///
  /// - Throws: ``FileError``.
  func finish() throws {
    if let mode = place.mode, fchmod(descriptor, mode) != 0 { throw FileError(path, code: errno) }
    try synchronize()
    guard rename(FileName.encode(place.partial), FileName.encode(place.target)) == 0 else {
      throw FileError(path, code: errno)
    }
    try AtomicFile.synchronizeFolder(of: place.target, for: path)
    place.removeJournals()
  }

  /// Ends the work on a part: gives the file its name if nothing is missing and no other run is at work on it. The last of
  /// them so does it.
  ///
  /// - Returns: The units that no journal vouches for.
  /// - Throws: ``FileError``.
  func endPart() throws -> [Int] {
    // Given back before anybody else's end is looked for: of two parts that end at a time, one finds the other gone.
    let missing = try Self.missing(place, work)
    flock(descriptor, LOCK_UN)
    guard missing.isEmpty, LockedFile.lock(descriptor, isShared: false),
      LockedFile.isNamed(place.partial, descriptor)
    else { return missing }
    // It may have been begun anew meanwhile.
    let missingNow = try Self.missing(place, work)
    if missingNow.isEmpty { try finish() }
    return missingNow
  }

  /// Whether the file has been given its name.
  var isFinished: Bool { !LockedFile.isNamed(place.partial, descriptor) && FileSystem.exists(place.target) }

  /// The units of a file in the making that no journal vouches for; none if the file is finished.
  ///
  /// - Throws: ``FileError``, also if its journals are of another task.
  static func missing(_ path: String, _ work: PartialWork) throws -> [Int] {
    let place = try PartialPlace(path)
    if !FileSystem.exists(place.partial) && FileSystem.exists(place.target) { return [] }
    try place.requireSameTask(place.journals(work.task))
    return try missing(place, work)
  }

  private static func missing(_ place: PartialPlace, _ work: PartialWork) throws -> [Int] {
    var isDone = [Bool](repeating: false, count: work.units)
    for case .same(let contents) in try place.journals(work.task).map(\.finding) {
      for record in contents.records {
        for unit in record.units.clamped(to: 0..<work.units) { isDone[unit] = true }
      }
    }
    return isDone.indices.filter { !isDone[$0] }
  }

  /// Removes what has been written, if nobody could go on from it. What parts have written stays: others may be at work.
  func discard(evenRecords: Bool = true) {
    guard part == nil, evenRecords || (!hasRecorded && unitsDone.isEmpty) else { return }
    unlink(FileName.encode(place.partial))
    place.removeJournals()
  }

  /// Finishes a file whose parts are all done, once its bytes have been compared with the checksums in the journals.
  ///
  /// - Parameter onCompared: Told which units have been looked at.
  /// - Throws: ``FileError``: also if parts are missing or damaged, with their names.
  static func join(_ path: String, _ work: PartialWork, onCompared: (Range<Int>) -> Void) throws {
    let place = try PartialPlace(path)
    guard FileSystem.exists(place.partial) else { return try requireFinished(place, work) }
    try place.requireNew()
    try place.requireListed()
    guard let descriptor = try LockedFile.open(place.partial, O_RDWR, for: path) else {
      throw FileError(path, "parts of this file are being computed: wait for their end")
    }
    let file = PartialFile(place, work, part: nil, descriptor)
    let journals = try place.journals(work.task)
    if journals.isEmpty { throw FileError.stranger(place.partial) }
    try place.requireSameTask(journals)
    guard try size(descriptor, path) == work.byteCount else {
      throw FileError(path, "\(place.partial) was cut short: run all parts again")
    }
    let missing = try missing(place, work)
    guard missing.isEmpty else {
      let parts = journals.compactMap(\.part).max { $0.count < $1.count }
        .map { StreamPart.holding(missing, of: work.units, count: $0.count) }
      let names = parts.map { ", of part\($0.count == 1 ? "" : "s") \(list($0))" } ?? ""
      throw FileError(
        path, "\(missing.count) of \(work.units) panels are missing\(names): compute them, and join the parts again")
    }
    for found in journals {
      guard case .same(let contents) = found.finding else { continue }
      for record in contents.records {
        guard try file.isSound(record) else {
          throw FileError(
            path,
            "the bytes of \(PartialPlace.name(found.part)) are not those that were written: run it again, and it will mend "
              + "them")
        }
        onCompared(record.units)
      }
    }
    try file.finish()
  }

  /// Accepts a file that the last part has finished.
  private static func requireFinished(_ place: PartialPlace, _ work: PartialWork) throws {
    guard FileSystem.exists(place.target) else {
      throw FileError(place.path, "no part of this file has been computed: run its parts first")
    }
    let file = try InputFile(place.target)
    guard file.size == work.byteCount else {
      throw FileError(
        place.path,
        "no part of this file has been computed, and the file of this name is not what they would make: run the parts under "
          + "another name, or move this file")
    }
  }

  /// Some names, in a line of reasonable length.
  private static func list(_ parts: [StreamPart]) -> String {
    let most = 12
    let names = parts.prefix(most).map(\.description).joined(separator: ", ")
    return parts.count > most ? names + " and \(parts.count - most) more" : names
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

  /// Of a file that another run is writing.
  static func busy(_ path: String) -> FileError {
    FileError(path, "another run is writing this file: wait for its end, or choose another name")
  }
}
