import Foundation
import SpectralCore
import TestSupport
import Testing

@Suite struct MemoryBudgetTests {
  @Test func sumsNeverOverflow() {
    #expect(MemoryEstimate([3, 4], scalarBytes: 4).bytes == 48)
    #expect((MemoryEstimate(bytes: 5) + MemoryEstimate([2], scalarBytes: 8)).bytes == 21)
    for extents in [[Int.max, 2], [1 << 62], [-1, 3]] { #expect(MemoryEstimate(extents, scalarBytes: 4).bytes == nil) }
    #expect((MemoryEstimate(bytes: .max) + MemoryEstimate(bytes: 1)).bytes == nil)
    #expect((MemoryEstimate([Int.max], scalarBytes: 8) + MemoryEstimate(bytes: 1)).bytes == nil)
  }

  @Test func admitsUpToTheLimitAndSaysWhatIsBeyond() throws {
    let budget = MemoryBudget(limit: 1 << 20)
    try budget.require(MemoryEstimate(bytes: 1 << 20), for: "filtering", remedy: "filter less")
    let error = #expect(throws: MemoryError.self) {
      try budget.require(MemoryEstimate(bytes: 3 << 20), for: "filtering", remedy: "filter less")
    }
    #expect(
      error?.description
        == "filtering takes 3.0 MiB of memory, and the limit is 1.0 MiB: raise the limit, or filter less")
  }

  @Test func whatTheMachineHasIsTheMost() {
    #expect(MemoryBudget.machine.bytes > 0)
    #expect(!MemoryBudget(limit: .max).isChosen)
    let error = #expect(throws: MemoryError.self) {
      try MemoryBudget.machine.require(MemoryEstimate([.max, 2], scalarBytes: 1), for: "this", remedy: "take less")
    }
    #expect(error?.description.hasPrefix("this takes more than 8 EiB of memory, and this machine has") == true)
  }

  @Test func everybodyElseKeepsAMargin() {
    // A machine whose memory somebody plans to fill to the brim kills whoever asks for the last of it.
    #expect(MachineMemory.available <= MachineMemory.physical - MachineMemory.physical / 16)
    #expect(MemoryBudget(limit: MachineMemory.physical).origin == .machine)
  }

  @Test func anArrayBeyondTheMemoryIsRefusedByItsHeader() throws {
    // A file of holes: it takes no room on the disk.
    let count = MachineMemory.physical / 4
    let path = temporaryFolder().path + "/large.npy"
    let header = NumPyHeader(type: .float32, extents: [count]).bytes
    try AtomicFile.write(header, to: path)
    guard truncate(path, off_t(header.count + 4 * count)) == 0 else { return }
    let error = #expect(throws: MemoryError.self) { try Tensor<Float>(npy: path) }
    #expect(error?.description.hasPrefix("reading the array in \(path) takes") == true)
    unlink(path)
  }

  #if os(Linux)
    /// Files as the system has them, at a root of their own.
    private func groups(_ files: [String: String]) throws -> ControlGroups {
      let root = temporaryFolder()
      for (name, text) in files {
        let file = root.appendingPathComponent(name)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
      }
      return ControlGroups(root: root.path)
    }

    /// Version 2: the tightest of the process's group and those that hold it.
    @Test func controlGroupsAreBounds() throws {
      let files = [
        "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "max\n",
        "sys/fs/cgroup/a/b/memory.max": "1000000\n", "sys/fs/cgroup/a/b/memory.current": "400000\n",
        "sys/fs/cgroup/a/b/memory.stat": "anon 300000\ninactive_file 50000\n",
      ]
      #expect(try groups(files).free == 650_000)
      let outer = ["sys/fs/cgroup/a/memory.max": "500000\n", "sys/fs/cgroup/a/memory.current": "410000\n"]
      #expect(try groups(files.merging(outer) { $1 }).free == 90_000)
      #expect(try groups(["proc/self/cgroup": "0::/a/b\n"]).free == nil)
      #expect(try groups([:]).free == nil)
    }

    /// Version 1, where a group may or may not count the groups within it.
    @Test func controlGroupsOfVersion1AreBounds() throws {
      let memory = "sys/fs/cgroup/memory"
      var files = [
        "proc/self/cgroup": "11:cpu,cpuacct:/x\n7:hugetlb,memory:/a/b\n1:name=systemd:/y\n0::/\n",
        "\(memory)/memory.limit_in_bytes": "9223372036854771712\n", "\(memory)/memory.usage_in_bytes": "900000\n",
        "\(memory)/a/memory.limit_in_bytes": "700000\n", "\(memory)/a/memory.usage_in_bytes": "600000\n",
        "\(memory)/a/memory.use_hierarchy": "1\n",
        "\(memory)/a/b/memory.limit_in_bytes": "1000000\n", "\(memory)/a/b/memory.usage_in_bytes": "400000\n",
        "\(memory)/a/b/memory.stat": "inactive_file 7\ntotal_inactive_file 50000\n",
      ]
      #expect(try groups(files).free == 100_000)
      files["\(memory)/a/memory.use_hierarchy"] = "0\n"
      #expect(try groups(files).free == 650_000)
      files["\(memory)/a/b/memory.limit_in_bytes"] = "9223372036854771712\n"
      #expect(try groups(files).free == nil)
      // In a container its own group is the root, and its name that of the host.
      #expect(
        try groups([
          "proc/self/cgroup": "4:memory:/docker/1234\n", "\(memory)/memory.limit_in_bytes": "300000\n",
          "\(memory)/memory.usage_in_bytes": "310000\n", "\(memory)/memory.use_hierarchy": "0\n",
        ]).free == 0)
    }

    @Test func theMachineIsAskedByName() {
      let text = "MemTotal:       24684576 kB\nMemFree:  4 kB\nMemAvailable:   20865024 kB\n"
      #expect(MachineMemory.value(of: "MemAvailable:", in: text) == 20_865_024)
      #expect(MachineMemory.value(of: "inactive_file", in: "anon 5\ninactive_file 4096\n") == 4096)
      #expect(MachineMemory.value(of: "SwapFree:", in: text) == nil)
    }

    // The address sanitizer maps terabytes for its own tables, and ends the process where an allocation fails.
    @Test(.disabled(if: sanitizer == "address", "the address sanitizer ends a process whose address space is full"))
    func blocksThatWaitAreGivenUpForOthers() async {
      await #expect(processExitsWith: .success) {
        // What is kept is all that is missing where the address space ends.
        MemoryPool.limit = 1 << 30
        func take(_ bytes: Int) { _ = Scratch<UInt8>(count: bytes) }
        take(96 << 20)
        take(104 << 20)
        let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")[0]
        let mapped = Int(pages)! * sysconf(Int32(_SC_PAGESIZE))
        var limit = rlimit(rlim_cur: rlim_t(mapped + 64 << 20), rlim_max: rlim_t(mapped + 64 << 20))
        #expect(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
        take(224 << 20)
      }
    }
  #endif
}
