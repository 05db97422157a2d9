// SPDX-License-Identifier: BSD-3-Clause

import Base
import LinuxCore
import Log
import Machine
import Memory
import Scheduling

/// The one line that says where a program ended.
enum FaultReport {
  static func write(_ information: SignalInformation, _ thread: LinuxThread) {
    let line = LogLine(.notice, "program")
    switch information.signal.rawValue {
    case 4: line.append("illegal instruction")
    case 5: line.append("breakpoint trap")
    case 7: line.append("bus error")
    case 8: line.append("arithmetic exception")
    default: line.append("segmentation fault")
    }
    if information.code != 0x80 {
      line.append(" at 0x")
      line.append(hexadecimal: information.value)
    }
    let pointer = thread.registers.instructionPointer
    line.append(" (ip 0x")
    line.append(hexadecimal: pointer)
    if let region = thread.process.space.region(containing: VirtualAddress(pointer)),
      let source = region.source
    {
      line.append(" in ")
      line.append(lastComponent(of: source.path))
      line.append("+0x")
      let inRegion = pointer - region.range.start.rawValue
      line.append(hexadecimal: inRegion + UInt(region.firstPage * pageSize))
    }
    line.append(", sp 0x")
    line.append(hexadecimal: thread.registers.stackPointer)
    line.append(", thread ")
    line.append(decimal: Int(thread.identifier))
    line.append(")")
    line.end()
  }

  private static func lastComponent(of path: [UInt8]) -> [UInt8] {
    guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return Array(path[(slash + 1)...])
  }
}
