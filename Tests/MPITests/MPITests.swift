import Foundation
import TestSupport
import Testing

/// The room `SpectralMPI`, by a program that checks what its ranks tell each other.
@Suite(.serialized, .enabled(if: hasMPI, "this build has no MPI: make mpi, and SPECTRALKIT_MPI=1 for the tests"))
struct MPITests {
  private let folder = temporaryFolder()
  private let program = spectralBinary.deletingLastPathComponent().appendingPathComponent("mpi-check")

  @Test(arguments: [1, 2, 3, 4, 8]) func collectivesAndMessages(_ ranks: Int) {
    let outcome = mpirun(ranks, program, [], in: folder).finish()
    #expect(outcome.code == 0 && outcome.output == "right on \(ranks)\n" && outcome.talk.isEmpty, "\(outcome)")
  }

  @Test func aProcessAloneIsItsOwnWorld() {
    let outcome = RunningSpectral(program, [], in: folder, environment: settings).finish()
    #expect(outcome.code == 0 && outcome.output == "right on 1\n", "\(outcome)")
  }

  /// A call that fails is an error with MPI's own words, and not the end of the process.
  @Test func failuresAreErrors() {
    let outcome = mpirun(2, program, ["error"], in: folder).finish()
    #expect(outcome.code == 0, "\(outcome)")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 2 && lines.allSatisfy { $0.hasPrefix("MPI_Send failed: MPI_ERR_RANK") }, "\(outcome)")
  }

  /// A rank that ends early does not leave the others waiting for ever.
  @Test func anEarlyEndEndsAll() { #expect(mpirun(2, program, ["end"], in: folder).finish().code == 3) }
}
