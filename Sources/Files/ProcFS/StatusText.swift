// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Memory
import VFS

/// `/proc/self/status` and its like of a thread (`proc(5)`).
enum StatusText {
  static func write(
    _ thread: ThreadInformation, _ information: any SystemInformation,
    to text: inout TextBuilder
  ) {
    let process = information.process
    text.append("Name:\t")
    text.path(thread.name, escaping: "\n\\")
    text.append("\nUmask:\t")
    text.append(octal: UInt64(process.fileModeMask), digits: 4)
    text.append("\nState:\t")
    text.append(thread.state.description)
    text.endLine()
    writeIdentity(thread, process, to: &text)
    writeMemory(information, to: &text)
    text.append("CoreDumping:\t0\n")
    text.line("THP_enabled:\t", process.allowsHugePages ? 1 : 0)
    text.append("untag_mask:\t0xffffffffffffffff\n")
    text.line("Threads:\t", information.threads.count)
    writeSignals(thread, process, information, to: &text)
    writeRights(process, to: &text)
    text.append(
      """
      Cpus_allowed:\t1
      Cpus_allowed_list:\t0
      Mems_allowed:\t00000000,00000001
      Mems_allowed_list:\t0
      voluntary_ctxt_switches:\t0
      nonvoluntary_ctxt_switches:\t0\n
      """)
  }

  private static func writeIdentity(
    _ thread: ThreadInformation, _ process: ProcessInformation, to text: inout TextBuilder
  ) {
    text.line("Tgid:\t", Int(process.identifier))
    text.append("Ngid:\t0\n")
    text.line("Pid:\t", Int(thread.identifier))
    text.line("PPid:\t", Int(process.parentIdentifier))
    text.append("TracerPid:\t0\n")
    writeRow("Uid:", process.users, to: &text)
    writeRow("Gid:", process.groups, to: &text)
    text.line("FDSize:\t", process.descriptorTableCount)
    text.append("Groups:\t")
    for group in process.supplementaryGroups {
      text.append(decimal: UInt64(group))
      text.append(" ")
    }
    if process.supplementaryGroups.isEmpty { text.append(" ") }
    text.endLine()
    text.line("NStgid:\t", Int(process.identifier))
    text.line("NSpid:\t", Int(thread.identifier))
    text.line("NSpgid:\t", Int(process.groupIdentifier))
    text.line("NSsid:\t", Int(process.sessionIdentifier))
  }

  private static func writeRow(
    _ name: StaticString, _ values: [UInt32], to text: inout TextBuilder
  ) {
    text.append(name)
    for value in values {
      text.append("\t")
      text.append(decimal: UInt64(value))
    }
    text.endLine()
  }

  private static func writeMemory(
    _ information: any SystemInformation, to text: inout TextBuilder
  ) {
    let memory = MemorySummary(information)
    let kibibytes = pageSize / 1024
    text.kilobytes("VmPeak:\t", memory.reserved * kibibytes, width: 8)
    text.kilobytes("VmSize:\t", memory.reserved * kibibytes, width: 8)
    text.kilobytes("VmLck:\t", 0, width: 8)
    text.kilobytes("VmPin:\t", 0, width: 8)
    text.kilobytes("VmHWM:\t", memory.resident * kibibytes, width: 8)
    text.kilobytes("VmRSS:\t", memory.resident * kibibytes, width: 8)
    text.kilobytes("RssAnon:\t", memory.residentAnonymous * kibibytes, width: 8)
    let fromFiles = memory.resident - memory.residentAnonymous
    text.kilobytes("RssFile:\t", fromFiles * kibibytes, width: 8)
    text.kilobytes("RssShmem:\t", 0, width: 8)
    text.kilobytes("VmData:\t", memory.data * kibibytes, width: 8)
    text.kilobytes("VmStk:\t", memory.stack * kibibytes, width: 8)
    text.kilobytes("VmExe:\t", memory.code * kibibytes, width: 8)
    text.kilobytes("VmLib:\t", memory.libraries * kibibytes, width: 8)
    // Eight bytes of a table for each page, at least.
    text.kilobytes("VmPTE:\t", memory.resident / 128 + 4, width: 8)
    text.kilobytes("VmSwap:\t", 0, width: 8)
    text.kilobytes("HugetlbPages:\t", 0, width: 8)
  }

  private static func writeSignals(
    _ thread: ThreadInformation, _ process: ProcessInformation,
    _ information: any SystemInformation, to text: inout TextBuilder
  ) {
    let pending = thread.pendingSignals.nonzeroBitCount + process.pendingSignals.nonzeroBitCount
    text.append("SigQ:\t")
    text.append(decimal: pending)
    text.append("/")
    let limit = information.limit(11).soft
    text.append(decimal: limit == .max ? 65536 : limit)
    text.endLine()
    text.mask("SigPnd:\t", thread.pendingSignals)
    text.mask("ShdPnd:\t", process.pendingSignals)
    text.mask("SigBlk:\t", thread.blockedSignals)
    text.mask("SigIgn:\t", process.ignoredSignals)
    text.mask("SigCgt:\t", process.caughtSignals)
  }

  private static func writeRights(_ process: ProcessInformation, to text: inout TextBuilder) {
    text.mask("CapInh:\t", 0)
    text.mask("CapPrm:\t", process.capabilities)
    text.mask("CapEff:\t", process.capabilities)
    text.mask("CapBnd:\t", process.capabilities)
    text.mask("CapAmb:\t", 0)
    text.line("NoNewPrivs:\t", process.hasNoNewPrivileges ? 1 : 0)
    text.append("Seccomp:\t0\nSeccomp_filters:\t0\n")
    text.append("Speculation_Store_Bypass:\tnot vulnerable\n")
    text.append("SpeculationIndirectBranch:\tunknown\n")
  }
}
