// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Memory
import VFS

/// `/proc/self/stat`, `statm` and their like of a thread (`proc(5)`).
enum StatText {
  /// - Parameter isThread: whether the thread's own times are told, or the process's.
  static func write(
    _ thread: ThreadInformation, isThread: Bool, _ information: any SystemInformation,
    to text: inout TextBuilder
  ) {
    let process = information.process
    text.append(decimal: isThread ? thread.identifier : process.identifier)
    text.append(" (")
    text.append(thread.name)
    text.append(") ")
    text.append(byte: thread.state.letter)
    text.field(Int(process.parentIdentifier))
    text.field(Int(process.groupIdentifier))
    text.field(Int(process.sessionIdentifier))
    text.append(" 0 -1 4194560 0 0 0 0")  // terminal, its group, flags, faults
    let time = isThread ? thread.processorTime : process.processorTime
    text.field(time.ticks)
    text.append(" 0 0 0")  // system time; times of children
    writeScheduling(thread, threadCount: information.threads.count, to: &text)
    text.field((isThread ? thread.startedAt : process.startedAt).ticks)
    writeMemory(process, information, to: &text)
    writeSignals(thread, process, to: &text)
    // wchan, two that are not kept, the exit signal, the processor.
    text.append(" 0 0 0 17 0")
    text.field(Int(thread.schedulingPriority))
    text.field(Int(thread.schedulingPolicy))
    text.append(" 0 0 0")  // delays, guest time
    writeAddresses(process, information, to: &text)
    text.append(" 0\n")
  }

  private static func writeScheduling(
    _ thread: ThreadInformation, threadCount: Int, to text: inout TextBuilder
  ) {
    let isRealTime = thread.schedulingPolicy == 1 || thread.schedulingPolicy == 2
    text.field(isRealTime ? -1 - Int(thread.schedulingPriority) : 20 + Int(thread.niceness))
    text.field(Int(thread.niceness))
    text.field(threadCount)
    text.append(" 0")
  }

  private static func writeMemory(
    _ process: ProcessInformation, _ information: any SystemInformation,
    to text: inout TextBuilder
  ) {
    text.field(information.addressSpace.reservedByteCount)
    text.field(information.addressSpace.residentPageCount)
    text.field(information.limit(5).soft)
    text.field(UInt64(process.code.start.rawValue))
    text.field(UInt64(process.code.end.rawValue))
    text.field(UInt64(process.startOfStack.rawValue))
    text.append(" 0 0")  // stack and instruction pointers
  }

  private static func writeSignals(
    _ thread: ThreadInformation, _ process: ProcessInformation, to text: inout TextBuilder
  ) {
    // Signals 1...31 only.
    let ordinary: UInt64 = 0x7fff_ffff
    text.field((thread.pendingSignals | process.pendingSignals) & ordinary)
    text.field(thread.blockedSignals & ordinary)
    text.field(process.ignoredSignals & ordinary)
    text.field(process.caughtSignals & ordinary)
  }

  private static func writeAddresses(
    _ process: ProcessInformation, _ information: any SystemInformation,
    to text: inout TextBuilder
  ) {
    text.field(UInt64(process.data.start.rawValue))
    text.field(UInt64(process.data.end.rawValue))
    text.field(UInt64(information.addressSpace.breakRange.start.rawValue))
    text.field(UInt64(process.arguments.start.rawValue))
    text.field(UInt64(process.arguments.end.rawValue))
    text.field(UInt64(process.environment.start.rawValue))
    text.field(UInt64(process.environment.end.rawValue))
  }

  static func writeMemoryPages(
    _ information: any SystemInformation, to text: inout TextBuilder
  ) {
    let fields = MemorySummary(information).fields
    for index in fields.indices {
      if index > 0 { text.append(" ") }
      text.append(decimal: fields[index])
    }
    text.endLine()
  }
}

extension ThreadInformation.State {
  var letter: UInt8 {
    switch self {
    case .running: UInt8(ascii: "R")
    case .sleeping: UInt8(ascii: "S")
    case .waiting: UInt8(ascii: "D")
    }
  }

  var description: StaticString {
    switch self {
    case .running: "R (running)"
    case .sleeping: "S (sleeping)"
    case .waiting: "D (disk sleep)"
    }
  }
}
