// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import VFS

/// `/proc/sys` (`proc(5)`): what the kernel is set to. What can be written has no effect but the
/// host's name.
struct KernelSettings {
  let system: PseudoFileSystem
  let information: any SystemInformation

  static func makeDirectory(
    _ system: PseudoFileSystem, _ information: any SystemInformation
  ) -> Node {
    let settings = KernelSettings(system: system, information: information)
    return FixedDirectory(system) {
      [
        settings.directory("kernel") { settings.kernel + settings.kernelNumbers },
        settings.directory("vm") { settings.memory },
        settings.directory("fs") { settings.files },
        settings.directory("net") { settings.network },
      ]
    }
  }

  private func directory(
    _ name: StaticString, _ entries: @escaping () -> [FixedDirectory.Entry]
  ) -> FixedDirectory.Entry {
    let system = system
    return .init(name) { FixedDirectory(system, entries: entries) }
  }

  private func constant(_ name: StaticString, _ text: StaticString) -> FixedDirectory.Entry {
    let system = system
    return .init(name) { TextNode(system, constant: text) }
  }

  private func number(_ name: StaticString, _ value: Int) -> FixedDirectory.Entry {
    let system = system
    return .init(name) { Setting.node(system, value) }
  }

  private var kernel: [FixedDirectory.Entry] {
    let (system, information) = (system, information)
    return [
      constant("ostype", "Linux\n"),
      constant("osrelease", "6.1.0-martlet\n"),
      constant("version", "#1 SMP Martlet\n"),
      constant("domainname", "(none)\n"),
      constant("core_pattern", "core\n"),
      .init("hostname") {
        TextNode(
          system, permissionBits: 0o644,
          accept: { (name) throws(SystemError) in
            guard name.count <= 64 else { throw .invalidArgument }
            information.hostName = name
          },
          { (text) throws(SystemError) in
            text.append(information.hostName)
            text.endLine()
          })
      },
      directory("random") { random },
    ]
  }

  private var kernelNumbers: [FixedDirectory.Entry] {
    [
      number("pid_max", 4_194_304),
      number("threads-max", 65536),
      number("ngroups_max", 65536),
      number("cap_last_cap", 40),
      number("randomize_va_space", 2),
      number("dmesg_restrict", 1),
      number("kptr_restrict", 1),
      number("perf_event_paranoid", 3),
      number("shmmax", 1 << 40),
      number("shmall", 1 << 28),
      number("shmmni", 4096),
      number("msgmax", 8192),
      number("sched_rr_timeslice_ms", 100),
      constant("sem", "32000\t1024000000\t500\t32000\n"),
    ]
  }

  private var random: [FixedDirectory.Entry] {
    let (system, information) = (system, information)
    return [
      number("entropy_avail", 256),
      number("poolsize", 256),
      .init("boot_id") {
        var text = TextBuilder()
        Self.appendUniqueIdentifier(information, to: &text)
        let bytes = text.bytes
        return TextNode(system) { (text) throws(SystemError) in text.append(bytes) }
      },
      .init("uuid") {
        TextNode(system) { (text) throws(SystemError) in
          Self.appendUniqueIdentifier(information, to: &text)
        }
      },
    ]
  }

  /// A random identifier: RFC 9562 section 5.4.
  private static func appendUniqueIdentifier(
    _ information: any SystemInformation, to text: inout TextBuilder
  ) {
    let high = information.randomWord() & ~0xf000 | 0x4000
    let low = information.randomWord() & ~(3 << 62) | 2 << 62
    text.append(hexadecimal: high >> 32, digits: 8)
    text.append("-")
    text.append(hexadecimal: high >> 16 & 0xffff, digits: 4)
    text.append("-")
    text.append(hexadecimal: high & 0xffff, digits: 4)
    text.append("-")
    text.append(hexadecimal: low >> 48, digits: 4)
    text.append("-")
    text.append(hexadecimal: low & 0xffff_ffff_ffff, digits: 12)
    text.endLine()
  }

  private var memory: [FixedDirectory.Entry] {
    [
      number("overcommit_memory", 1),
      number("overcommit_ratio", 50),
      number("max_map_count", 1_048_576),
      number("mmap_min_addr", 65536),
      number("swappiness", 0),
      number("nr_hugepages", 0),
      number("drop_caches", 0),
      number("min_free_kbytes", 1024),
    ]
  }

  private var files: [FixedDirectory.Entry] {
    [
      number("file-max", 1 << 20),
      number("nr_open", 1 << 20),
      number("pipe-max-size", 1 << 20),
      number("aio-max-nr", 65536),
      number("suid_dumpable", 0),
      constant("file-nr", "64\t0\t1048576\n"),
      directory("inotify") {
        [number("max_user_instances", 128), number("max_user_watches", 65536)]
      },
      directory("epoll") { [number("max_user_watches", 1 << 20)] },
    ]
  }

  private var network: [FixedDirectory.Entry] {
    [
      directory("core") {
        [
          number("somaxconn", 4096), number("netdev_max_backlog", 1000),
          number("rmem_max", 212_992), number("wmem_max", 212_992),
          number("rmem_default", 212_992), number("wmem_default", 212_992),
        ]
      },
      directory("ipv4") {
        [
          constant("ip_local_port_range", "32768\t60999\n"),
          number("tcp_max_syn_backlog", 4096), number("tcp_fin_timeout", 60),
          number("tcp_keepalive_time", 7200), number("tcp_keepalive_intvl", 75),
          number("tcp_keepalive_probes", 9), number("ip_unprivileged_port_start", 1024),
        ]
      },
    ]
  }
}
