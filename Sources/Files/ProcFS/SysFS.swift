// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import VFS

/// `/sys`: the few files that programs look into (`sysfs(5)`).
public enum SysFS {
  private static let deviceNumber: UInt64 = 0x16
  /// `SYSFS_MAGIC`
  private static let magic: UInt64 = 0x6265_6572

  /// The root of a new `/sys`. Its nodes are made when they are looked up.
  public static func makeRoot(_ information: any SystemInformation) -> Node {
    let system = PseudoFileSystem(deviceNumber: deviceNumber, magic: magic)
    let tree = SysTree(system: system)
    return FixedDirectory(system, permissionBits: 0o555) { tree.root }
  }
}

/// Makes the directories of `/sys`.
struct SysTree {
  let system: PseudoFileSystem

  private func directory(
    _ name: StaticString, _ entries: @escaping () -> [FixedDirectory.Entry] = { [] }
  ) -> FixedDirectory.Entry {
    let system = system
    return .init(name) { FixedDirectory(system, permissionBits: 0o755, entries: entries) }
  }

  private func file(_ name: StaticString, _ text: StaticString) -> FixedDirectory.Entry {
    let system = system
    return .init(name) { TextNode(system, byteCount: 4096, constant: text) }
  }

  var root: [FixedDirectory.Entry] {
    [
      directory("block"),
      directory("bus") { [directory("pci") { [directory("devices"), directory("drivers")] }] },
      directory("class") { [directory("net") { InterfaceEntries.all(system) }] },
      directory("devices") {
        [
          directory("system") {
            [
              directory("cpu") { processors }, directory("node") { nodes },
              directory("clocksource") { [directory("clocksource0") { clockSource }] },
            ]
          }
        ]
      },
      directory("fs") { [directory("cgroup")] },
      directory("kernel") { [directory("mm") { memory }] },
      directory("module"),
    ]
  }

  private var processors: [FixedDirectory.Entry] {
    [
      file("online", "0\n"), file("possible", "0\n"), file("present", "0\n"),
      file("offline", "\n"), file("kernel_max", "0\n"),
      directory("cpu0") { [directory("topology") { topology }, directory("node0")] },
    ]
  }

  private var topology: [FixedDirectory.Entry] {
    [
      file("core_id", "0\n"), file("physical_package_id", "0\n"),
      file("thread_siblings", "1\n"), file("thread_siblings_list", "0\n"),
      file("core_siblings", "1\n"), file("core_siblings_list", "0\n"),
      file("core_cpus", "1\n"), file("core_cpus_list", "0\n"),
      file("package_cpus", "1\n"), file("package_cpus_list", "0\n"),
    ]
  }

  private var nodes: [FixedDirectory.Entry] {
    [
      file("online", "0\n"), file("possible", "0\n"), file("has_cpu", "0\n"),
      file("has_memory", "0\n"),
      directory("node0") {
        [
          file("cpulist", "0\n"), file("cpumap", "1\n"), file("distance", "10\n"),
          directory("cpu0"),
        ]
      },
    ]
  }

  private var clockSource: [FixedDirectory.Entry] {
    [file("current_clocksource", "tsc\n"), file("available_clocksource", "tsc\n")]
  }

  private var memory: [FixedDirectory.Entry] {
    [
      directory("hugepages"),
      directory("transparent_hugepage") {
        [
          file("enabled", "always madvise [never]\n"),
          file("defrag", "always defer defer+madvise madvise [never]\n"),
          file("shmem_enabled", "always within_size advise [never] deny force\n"),
          file("hpage_pmd_size", "2097152\n"), file("use_zero_page", "0\n"),
        ]
      },
    ]
  }
}
