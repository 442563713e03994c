import Foundation
import TestSupport

/// Whether this build has MPI.
let hasMPI: Bool = {
  #if SPECTRALKIT_MPI
    true
  #else
    false
  #endif
}()

/// What is set wherever these tests start `mpirun`: more ranks than processors, also as root and in containers.
let settings = [
  "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
  "OMPI_MCA_btl_vader_single_copy_mechanism": "none",
]

/// Starts a program on so many ranks.
func mpirun(_ ranks: Int, _ program: URL, _ arguments: [String], in folder: URL) -> RunningSpectral {
  RunningSpectral(
    URL(fileURLWithPath: "/usr/bin/env"), ["mpirun", "-q", "-n", "\(ranks)", program.path] + arguments, in: folder,
    environment: settings)
}
