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
          number("rmem_max", 4 << 20), number("wmem_max", 4 << 20),
          number("rmem_default", 212_992), number("wmem_default", 212_992),
          number("optmem_max", 20_480), number("busy_poll", 0), number("busy_read", 0),
          constant("default_qdisc", "pfifo_fast\n"),
        ]
      },
      directory("ipv4") { internet + transport },
      directory("ipv6") { internet6 },
      directory("unix") { [number("max_dgram_qlen", 512)] },
    ]
  }

  private var internet: [FixedDirectory.Entry] {
    [
      constant("ip_local_port_range", "32768\t60999\n"), constant("ip_local_reserved_ports", "\n"),
      number("ip_unprivileged_port_start", 0), number("ip_forward", 0),
      number("ip_nonlocal_bind", 0), number("ip_default_ttl", 64), number("ip_no_pmtu_disc", 0),
      number("icmp_echo_ignore_all", 0), number("icmp_echo_ignore_broadcasts", 1),
      constant("ping_group_range", "0\t2147483647\n"), number("igmp_max_memberships", 20),
      constant("udp_mem", "23130\t30840\t46260\n"), number("udp_rmem_min", 4096),
      number("udp_wmem_min", 4096),
      directory("conf") {
        [directory("all") { link }, directory("default") { link }, directory("lo") { link }]
      },
    ]
  }

  private var link: [FixedDirectory.Entry] {
    [
      number("forwarding", 0), number("accept_redirects", 0), number("send_redirects", 0),
      number("rp_filter", 0), number("accept_source_route", 0), number("arp_ignore", 0),
      number("arp_announce", 0),
    ]
  }

  private var transport: [FixedDirectory.Entry] {
    [
      number("tcp_max_syn_backlog", 4096), number("tcp_fin_timeout", 60),
      number("tcp_keepalive_time", 7200), number("tcp_keepalive_intvl", 75),
      number("tcp_keepalive_probes", 9), number("tcp_syncookies", 1),
      number("tcp_syn_retries", 6), number("tcp_synack_retries", 5), number("tcp_retries1", 3),
      number("tcp_retries2", 15), number("tcp_tw_reuse", 2), number("tcp_max_tw_buckets", 16_384),
      number("tcp_abort_on_overflow", 0), number("tcp_window_scaling", 1),
      number("tcp_timestamps", 1), number("tcp_sack", 1), number("tcp_dsack", 1),
      number("tcp_ecn", 0), number("tcp_fastopen", 0), number("tcp_slow_start_after_idle", 1),
      number("tcp_moderate_rcvbuf", 1), number("tcp_no_metrics_save", 1),
      number("tcp_mtu_probing", 0), number("tcp_notsent_lowat", 0xffff_ffff),
      number("tcp_orphan_retries", 0), number("tcp_max_orphans", 16_384),
      number("tcp_rfc1337", 0), number("tcp_low_latency", 0),
      constant("tcp_congestion_control", "cubic\n"),
      constant("tcp_available_congestion_control", "reno cubic\n"),
      constant("tcp_allowed_congestion_control", "reno cubic\n"),
      constant("tcp_rmem", "4096\t131072\t4194304\n"),
      constant("tcp_wmem", "4096\t16384\t4194304\n"),
      constant("tcp_mem", "11565\t15420\t23130\n"),
    ]
  }

  private var internet6: [FixedDirectory.Entry] {
    [
      number("bindv6only", 0), number("ip_nonlocal_bind", 0),
      directory("conf") {
        [directory("all") { link6 }, directory("default") { link6 }, directory("lo") { link6 }]
      },
    ]
  }

  private var link6: [FixedDirectory.Entry] {
    [
      number("disable_ipv6", 0), number("forwarding", 0), number("accept_ra", 1),
      number("accept_redirects", 1), number("autoconf", 1), number("hop_limit", 64),
      number("use_tempaddr", 0),
    ]
  }
}
