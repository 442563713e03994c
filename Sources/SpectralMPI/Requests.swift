import CMPI

/// A call of MPI that is under way.
private struct PendingCall {
  let name: String
  var request: MPI_Request? = sk_mpi_no_request()

  mutating func isDone() throws(MPIError) -> Bool {
    var isDone: Int32 = 0
    let name = name
    try withUnsafeMutablePointer(to: &request) { request throws(MPIError) in
      try MPIError.check(name) { sk_mpi_test(request, &isDone) }
    }
    return isDone != 0
  }

  mutating func wait() throws(MPIError) {
    let name = name
    try withUnsafeMutablePointer(to: &request) { request throws(MPIError) in
      try MPIError.check(name) { sk_mpi_wait(request) }
    }
  }
}

/// Bytes on their way to another process.
///
/// A class because it owns the bytes until MPI has read them. One that is given up before it is done keeps them for ever.
public final class SendRequest {
  private let bytes: UnsafeMutableRawBufferPointer
  private var call = PendingCall(name: "MPI_Isend")
  private var isOver = false

  init(_ group: Communicator, _ bytes: [UInt8], to rank: Int, tag: Int) throws(MPIError) {
    precondition(bytes.count <= Int(Int32.max), "a message has less than 2 GiB, not \(bytes.count) bytes")
    self.bytes = .allocate(byteCount: bytes.count, alignment: 16)
    self.bytes.copyBytes(from: bytes)
    let (start, count) = (self.bytes.baseAddress, Int32(bytes.count))
    try MPIError.check("MPI_Isend") {
      MPI_Isend(start, count, sk_mpi_byte(), Int32(rank), Int32(tag), group.handle, &call.request)
    }
  }

  deinit { if isOver { bytes.deallocate() } }

  /// Whether the bytes have been taken over.
  public func isDone() throws(MPIError) -> Bool {
    if !isOver { isOver = try call.isDone() }
    return isOver
  }

  /// Waits until the bytes have been taken over.
  public func wait() throws(MPIError) {
    if !isOver { try call.wait() }
    isOver = true
  }
}

/// Bytes of all processes on their way to all processes.
///
/// A class because it owns the bytes until MPI is done with them. One that is given up before it is done keeps them for ever.
public final class GatherRequest {
  private let own: UnsafeMutableRawBufferPointer
  private let all: UnsafeMutableRawBufferPointer
  private let size: Int
  private var call = PendingCall(name: "MPI_Iallgather")
  private var isOver = false

  init(_ group: Communicator, _ bytes: [UInt8]) throws(MPIError) {
    precondition(
      bytes.count * group.size <= Int(Int32.max),
      "2 GiB are gathered at most, not \(bytes.count) bytes of \(group.size) processes")
    size = group.size
    own = .allocate(byteCount: bytes.count, alignment: 16)
    all = .allocate(byteCount: bytes.count * group.size, alignment: 16)
    own.copyBytes(from: bytes)
    let (from, to, count) = (own.baseAddress, all.baseAddress, Int32(bytes.count))
    try MPIError.check("MPI_Iallgather") {
      MPI_Iallgather(from, count, sk_mpi_byte(), to, count, sk_mpi_byte(), group.handle, &call.request)
    }
  }

  deinit {
    guard isOver else { return }
    own.deallocate()
    all.deallocate()
  }

  /// Whether all have given their bytes.
  public func isDone() throws(MPIError) -> Bool {
    if !isOver { isOver = try call.isDone() }
    return isOver
  }

  /// The bytes of each process; waits for them.
  public func value() throws(MPIError) -> [[UInt8]] {
    if !isOver { try call.wait() }
    isOver = true
    return (0..<size).map { Array(all[$0 * own.count..<($0 + 1) * own.count]) }
  }
}
