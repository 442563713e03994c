import Foundation
import TestSupport
import Testing

/// Without MPI several processes would each do everything.
@Suite(.disabled(if: hasMPI, "this build has MPI")) struct WithoutMPITests {
  @Test func aLauncherIsRefused() {
    for (rank, lines) in [("0", 1), ("1", 0)] {
      let outcome = RunningSpectral(
        ["--version"],
        environment: ["OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": rank]
      ).finish()
      #expect(outcome.code == 1 && outcome.lines.count == lines && outcome.output.isEmpty, "\(outcome)")
      #expect(lines == 0 || outcome.talk.contains("this build has no MPI: make mpi builds one that has"))
    }
  }
}
