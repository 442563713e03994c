import CMPI

/// Processes that know each other by numbers, their ranks, from 0.
///
/// What is called a collective here must be called by all of them, in the same order. A failure of MPI is an error rather than
/// the end of the process.
///
/// Sendable because MPI lets any thread hold it; calls are the business of the thread that started MPI.
public struct Communicator: @unchecked Sendable {
  let handle: MPI_Comm
  /// The number of this process.
  public let rank: Int
  /// How many there are.
  public let size: Int

  init(_ handle: MPI_Comm) throws(MPIError) {
    self.handle = handle
    var (rank, size): (Int32, Int32) = (0, 0)
    try MPIError.check("MPI_Comm_set_errhandler") { sk_mpi_return_errors(handle) }
    try MPIError.check("MPI_Comm_rank") { MPI_Comm_rank(handle, &rank) }
    try MPIError.check("MPI_Comm_size") { MPI_Comm_size(handle, &size) }
    (self.rank, self.size) = (Int(rank), Int(size))
  }

  // MARK: Groups

  /// The processes of this one's machine. A collective.
  public func onThisMachine() throws(MPIError) -> Communicator {
    var machine: MPI_Comm? = nil
    try MPIError.check("MPI_Comm_split_type") { sk_mpi_split_by_machine(handle, &machine) }
    return try Communicator(machine!)
  }

  /// The processes that give the same color, in the order of their keys. A collective.
  public func split(color: Int, key: Int) throws(MPIError) -> Communicator {
    var part: MPI_Comm? = nil
    try MPIError.check("MPI_Comm_split") { MPI_Comm_split(handle, Int32(color), Int32(key), &part) }
    return try Communicator(part!)
  }

  // MARK: Collectives

  /// Waits until all have come here.
  public func barrier() throws(MPIError) { try MPIError.check("MPI_Barrier") { MPI_Barrier(handle) } }

  /// Gives all processes the bytes of one.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) throws(MPIError) {
    // MPI counts with 32 bits.
    var start = 0
    while start < bytes.count {
      let count = min(bytes.count - start, Self.mostBytes)
      try MPIError.check("MPI_Bcast") {
        MPI_Bcast(bytes.baseAddress! + start, Int32(count), sk_mpi_byte(), Int32(root), handle)
      }
      start += count
    }
  }

  /// Gives all processes the numbers of one, which all have as many.
  public func broadcast<Number: MPINumber>(_ numbers: inout [Number], from root: Int) throws(MPIError) {
    try numbers.withUnsafeMutableBufferPointer { numbers throws(MPIError) in
      try broadcast(UnsafeMutableRawBufferPointer(numbers), from: root)
    }
  }

  /// How numbers become one.
  public enum Reduction: Sendable {
    case sum, minimum, maximum

    fileprivate var operation: MPI_Op {
      switch self {
      case .sum: sk_mpi_sum()
      case .minimum: sk_mpi_minimum()
      case .maximum: sk_mpi_maximum()
      }
    }
  }

  /// Replaces each number by that of all processes together. MPI chooses the order in which floating-point numbers are added,
  /// so their last bits depend on the number of processes.
  public func reduce<Number: MPINumber>(_ numbers: inout [Number], by reduction: Reduction) throws(MPIError) {
    let most = Self.mostBytes / MemoryLayout<Number>.stride
    try numbers.withUnsafeMutableBufferPointer { numbers throws(MPIError) in
      var start = 0
      while start < numbers.count {
        let count = min(numbers.count - start, most)
        try MPIError.check("MPI_Allreduce") {
          MPI_Allreduce(
            sk_mpi_in_place(), numbers.baseAddress! + start, Int32(count), Number.type, reduction.operation, handle)
        }
        start += count
      }
    }
  }

  /// The bytes of all processes, one after another in the order of their ranks. All give as many.
  public func gather(_ bytes: [UInt8]) throws(MPIError) -> [[UInt8]] {
    let request = try gathering(bytes)
    return try request.value()
  }

  /// Begins to gather bytes, and lets the caller do other things meanwhile.
  ///
  /// - Precondition: there are at most 2 GiB of all processes together.
  public func gathering(_ bytes: [UInt8]) throws(MPIError) -> GatherRequest { try GatherRequest(self, bytes) }

  // MARK: Messages

  /// Sends bytes to another process; returns when they may be changed.
  ///
  /// - Precondition: there are less than 2 GiB of them.
  public func send(_ bytes: [UInt8], to rank: Int, tag: Int = 0) throws(MPIError) {
    precondition(bytes.count <= Int(Int32.max), "a message has less than 2 GiB, not \(bytes.count) bytes")
    try bytes.withUnsafeBufferPointer { bytes throws(MPIError) in
      try MPIError.check("MPI_Send") {
        MPI_Send(bytes.baseAddress, Int32(bytes.count), sk_mpi_byte(), Int32(rank), Int32(tag), handle)
      }
    }
  }

  /// Begins to send bytes to another process.
  ///
  /// - Precondition: there are less than 2 GiB of them.
  public func sending(_ bytes: [UInt8], to rank: Int, tag: Int = 0) throws(MPIError) -> SendRequest {
    try SendRequest(self, bytes, to: rank, tag: tag)
  }

  /// Waits for a message of another process.
  public func receive(from rank: Int, tag: Int = 0) throws(MPIError) -> [UInt8] {
    while true {
      if let message = try message(tag: tag, from: rank) { return message.bytes }
    }
  }

  /// The next message that has come; nil if there is none.
  ///
  /// - Parameter rank: Who sent it; nil for anyone.
  public func message(tag: Int, from rank: Int? = nil) throws(MPIError) -> (bytes: [UInt8], sender: Int)? {
    var (hasCome, sender, count): (Int32, Int32, Int32) = (0, 0, 0)
    try MPIError.check("MPI_Iprobe") {
      sk_mpi_probe(handle, rank.map { Int32($0) } ?? sk_mpi_any_source(), Int32(tag), &hasCome, &sender, &count)
    }
    guard hasCome != 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: Int(count))
    try bytes.withUnsafeMutableBufferPointer { bytes throws(MPIError) in
      try MPIError.check("MPI_Recv") { sk_mpi_receive(bytes.baseAddress, count, sender, Int32(tag), handle) }
    }
    return (bytes, Int(sender))
  }

  private static let mostBytes = 1 << 30
}

/// A number that MPI can add and compare.
public protocol MPINumber: BitwiseCopyable, Sendable {
  /// What MPI calls its type.
  static var type: MPI_Datatype { get }
}

extension Float: MPINumber { public static var type: MPI_Datatype { sk_mpi_float() } }
extension Double: MPINumber { public static var type: MPI_Datatype { sk_mpi_double() } }
extension Int: MPINumber { public static var type: MPI_Datatype { sk_mpi_int64() } }
