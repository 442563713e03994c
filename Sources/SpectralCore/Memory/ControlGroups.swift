#if os(Linux)
  import Foundation

  /// The control groups that bound the memory of this process, of version 1 and 2 (`cgroups(7)`).
  package struct ControlGroups: Sendable {
    /// Where `/proc` and `/sys` are.
    private let root: String

    /// - Parameter root: Where `/proc` and `/sys` are, for tests.
    package init(root: String = "") { self.root = root }

    /// The bytes that may still be taken in the process's group and in all that hold it; nil where nothing bounds them.
    package var free: Int? {
      let lines = MachineMemory.text(of: root + "/proc/self/cgroup")?.split(separator: "\n") ?? []
      var bounds: [Int] = []
      for line in lines {
        // Hierarchy, controllers, group: `0::/user` in version 2, `5:memory:/user` in version 1.
        let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3 else { continue }
        if fields[0] == "0" && fields[1].isEmpty {
          bounds += free(.unified, group: String(fields[2]))
        } else if fields[1].split(separator: ",").contains("memory") {
          bounds += free(.memory, group: String(fields[2]))
        }
      }
      return bounds.min()
    }

    /// The files of one hierarchy.
    private struct Names {
      let folder, limit, usage: String
      /// What `memory.stat` calls pages of files that were not used lately, those of the groups within included.
      let files: String
      /// Says 0 where groups within do not count against this one's limit.
      let counting: String?

      static let unified = Names(
        folder: "/sys/fs/cgroup", limit: "memory.max", usage: "memory.current", files: "inactive_file", counting: nil)
      static let memory = Names(
        folder: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes", usage: "memory.usage_in_bytes",
        files: "total_inactive_file", counting: "memory.use_hierarchy")
    }

    /// What is free in each group from the process's own up to the root of the hierarchy.
    ///
    /// In a container the group is named as the host sees it, and the folder is the container's: groups that are not
    /// found are those outside.
    private func free(_ names: Names, group: String) -> [Int] {
      var (group, bounds, isOwn) = (group, [Int](), true)
      while true {
        if group == "/" { group = "" }
        func text(_ file: String) -> String? { MachineMemory.text(of: "\(root)\(names.folder)\(group)/\(file)") }
        func number(_ file: String) -> Int? {
          text(file).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        let counts = isOwn || names.counting.flatMap(number) != 0
        // Version 2 writes "max" where there is no limit, version 1 the largest number of pages.
        if counts, let limit = number(names.limit), limit < .max / 2 {
          // Pages of files are given up first.
          let files = text("memory.stat").flatMap { MachineMemory.value(of: names.files, in: $0) }
          bounds.append(max(0, limit - (number(names.usage) ?? 0) + (files ?? 0)))
        }
        if text(names.usage) != nil { isOwn = false }
        guard let slash = group.lastIndex(of: "/") else { return bounds }
        group = String(group[..<slash])
      }
    }
  }
#endif
