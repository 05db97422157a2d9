// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import Frames
import Memory
import VFS

/// The files of `/proc` about the whole system (`proc(5)`).
enum SystemTexts {
  static func memory(_ information: any SystemInformation, to text: inout TextBuilder) {
    let frames = information.addressSpace.frames
    let kibibytes = pageSize / 1024
    let total = frames.totalCount * kibibytes
    let free = frames.freeCount * kibibytes
    let available = max(frames.freeCount - frames.reserve, 0) * kibibytes
    let used = information.addressSpace.residentPageCount * kibibytes
    text.kilobytes("MemTotal:       ", total, width: 8)
    text.kilobytes("MemFree:        ", free, width: 8)
    text.kilobytes("MemAvailable:   ", available, width: 8)
    text.kilobytes("Buffers:        ", 0, width: 8)
    text.kilobytes("Cached:         ", 0, width: 8)
    text.kilobytes("SwapCached:     ", 0, width: 8)
    text.kilobytes("Active:         ", used, width: 8)
    text.kilobytes("Inactive:       ", 0, width: 8)
    text.kilobytes("Active(anon):   ", used, width: 8)
    text.kilobytes("Inactive(anon): ", 0, width: 8)
    text.kilobytes("Active(file):   ", 0, width: 8)
    text.kilobytes("Inactive(file): ", 0, width: 8)
    text.kilobytes("Unevictable:    ", 0, width: 8)
    text.kilobytes("Mlocked:        ", 0, width: 8)
    text.kilobytes("SwapTotal:      ", 0, width: 8)
    text.kilobytes("SwapFree:       ", 0, width: 8)
    text.kilobytes("Dirty:          ", 0, width: 8)
    text.kilobytes("Writeback:      ", 0, width: 8)
    text.kilobytes("AnonPages:      ", used, width: 8)
    text.kilobytes("Mapped:         ", 0, width: 8)
    text.kilobytes("Shmem:          ", 0, width: 8)
    text.kilobytes("KReclaimable:   ", 0, width: 8)
    text.kilobytes("Slab:           ", 0, width: 8)
    text.kilobytes("SReclaimable:   ", 0, width: 8)
    text.kilobytes("SUnreclaim:     ", 0, width: 8)
    text.kilobytes("KernelStack:    ", information.threads.count * 16, width: 8)
    text.kilobytes("PageTables:     ", used / 512 + 4, width: 8)
    text.kilobytes("CommitLimit:    ", total, width: 8)
    let reserved = information.addressSpace.reservedByteCount / 1024
    text.kilobytes("Committed_AS:   ", reserved, width: 8)
    text.append("VmallocTotal:   34359738367 kB\n")
    text.kilobytes("VmallocUsed:    ", 0, width: 8)
    text.kilobytes("VmallocChunk:   ", 0, width: 8)
    text.kilobytes("AnonHugePages:  ", 0, width: 8)
    text.append(
      """
      HugePages_Total:       0
      HugePages_Free:        0
      HugePages_Rsvd:        0
      HugePages_Surp:        0
      Hugepagesize:       2048 kB
      Hugetlb:               0 kB\n
      """)
  }

  /// `/proc/vmstat`: there is no swap and no disk, so most counters stay zero.
  static func pages(_ information: any SystemInformation, to text: inout TextBuilder) {
    let space = information.addressSpace
    text.line("nr_free_pages ", space.frames.freeCount)
    text.line("nr_active_anon ", space.residentPageCount)
    text.line("nr_anon_pages ", space.residentPageCount)
    text.append(
      """
      nr_inactive_anon 0
      nr_inactive_file 0
      nr_active_file 0
      nr_mapped 0
      nr_file_pages 0
      nr_dirty 0
      nr_writeback 0
      nr_shmem 0
      pgpgin 0
      pgpgout 0
      pswpin 0
      pswpout 0
      pgfault 0
      pgmajfault 0
      oom_kill 0\n
      """)
  }

  static func processor(_ information: any SystemInformation, to text: inout TextBuilder) {
    let machine = information.machine
    text.append("processor\t: 0\nvendor_id\t: ")
    text.append(machine.vendor)
    text.line("\ncpu family\t: ", Int(machine.family))
    text.line("model\t\t: ", Int(machine.model))
    text.append("model name\t: ")
    text.append(machine.brand)
    text.line("\nstepping\t: ", Int(machine.stepping))
    text.append("microcode\t: 0x1\ncpu MHz\t\t: ")
    text.append(decimal: machine.kilohertz / 1000)
    text.append(".")
    text.append(decimal: machine.kilohertz % 1000, digits: 3)
    text.append("\ncache size\t: ")
    text.append(decimal: UInt64(machine.cacheKilobytes))
    text.append(" KB\n")
    text.append("physical id\t: 0\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\n")
    text.append("apicid\t\t: 0\ninitial apicid\t: 0\nfpu\t\t: yes\nfpu_exception\t: yes\n")
    text.line("cpuid level\t: ", Int(machine.highestLeaf))
    text.append("wp\t\t: yes\nflags\t\t: ")
    var names = machine.featureNames
    while names.last == UInt8(ascii: " ") { names.removeLast() }
    text.append(names)
    text.append("\nbugs\t\t:\nbogomips\t: ")
    // Two loops a cycle, in millions, with two digits after the point.
    text.append(decimal: machine.kilohertz / 500)
    text.append(".")
    text.append(decimal: machine.kilohertz / 5 % 100, digits: 2)
    text.append("\nclflush size\t: 64\ncache_alignment\t: 64\naddress sizes\t: ")
    text.append(decimal: UInt64(machine.physicalAddressBits))
    text.append(" bits physical, ")
    text.append(decimal: UInt64(machine.virtualAddressBits))
    text.append(" bits virtual\npower management:\n\n")
  }

  static func statistics(_ information: any SystemInformation, to text: inout TextBuilder) {
    for index in 0..<2 {
      text.append(index == 0 ? "cpu  " : "cpu0 ")
      text.append(decimal: information.process.processorTime.ticks)
      text.append(" 0 0 ")
      text.append(decimal: information.idleTime.ticks)
      text.append(" 0 0 0 0 0 0\n")
    }
    text.append("intr ")
    text.append(decimal: information.interruptCount)
    text.append("\nctxt ")
    text.append(decimal: information.switchCount)
    text.append("\nbtime ")
    text.append(decimal: Int(Clock.wallOffset / 1_000_000_000))
    text.line("\nprocesses ", information.threads.count)
    text.line("procs_running ", runningCount(information))
    text.append("procs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n")
  }

  private static func runningCount(_ information: any SystemInformation) -> Int {
    var count = 0
    for thread in information.threads where thread.state == .running { count += 1 }
    return count
  }

  static func uptime(_ information: any SystemInformation, to text: inout TextBuilder) {
    hundredths(Clock.now().ticks, to: &text)
    text.append(" ")
    hundredths(information.idleTime.ticks, to: &text)
    text.endLine()
  }

  private static func hundredths(_ ticks: UInt64, to text: inout TextBuilder) {
    text.append(decimal: ticks / 100)
    text.append(".")
    text.append(decimal: ticks % 100, digits: 2)
  }

  static func load(_ information: any SystemInformation, to text: inout TextBuilder) {
    let threads = information.threads
    var last = information.process.identifier
    for thread in threads { last = max(last, thread.identifier) }
    text.append("0.00 0.00 0.00 ")
    text.append(decimal: runningCount(information))
    text.append("/")
    text.append(decimal: threads.count)
    text.append(" ")
    text.append(decimal: last)
    text.endLine()
  }

  static let version: StaticString =
    "Linux version 6.1.0-martlet (martlet@martlet) (swiftc) #1 SMP Martlet\n"

  static let fileSystems: StaticString =
    "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tdevtmpfs\nnodev\tsockfs\nnodev\tpipefs\n\terofs\n"

  static let devices: StaticString =
    "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n\nBlock devices:\n"
}
