import CMPI

/// MPI in this process.
///
/// It is started once and ended once, and used by the thread that started it.
public enum MPI {
  /// Whether a launcher (`mpirun`, `srun`) has started this process as one of several.
  ///
  /// - Parameter environment: The process's.
  public static func isLaunched(_ environment: [String: String]) -> Bool {
    environment["OMPI_COMM_WORLD_SIZE"] != nil || environment["PMIX_RANK"] != nil
  }

  /// Starts MPI.
  ///
  /// - Returns: All processes of the run. Without a launcher that is this process alone.
  /// - Throws: ``MPIError``.
  public static func start() throws(MPIError) -> Communicator {
    var provided: Int32 = 0
    try MPIError.check("MPI_Init_thread") { MPI_Init_thread(nil, nil, Int32(MPI_THREAD_FUNNELED), &provided) }
    return try Communicator(sk_mpi_world())
  }

  /// Ends MPI, when all processes of the run have come here.
  public static func end() { MPI_Finalize() }
}
