// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import VFS

/// `/proc/self/limits` (`proc(5)`): columns at 0, 26, 47 and 68.
enum LimitsText {
  private static func row(
    _ resource: Int
  ) -> (name: StaticString, unit: StaticString) {
    switch resource {
    case 0: ("Max cpu time", "seconds")
    case 1: ("Max file size", "bytes")
    case 2: ("Max data size", "bytes")
    case 3: ("Max stack size", "bytes")
    case 4: ("Max core file size", "bytes")
    case 5: ("Max resident set", "bytes")
    case 6: ("Max processes", "processes")
    case 7: ("Max open files", "files")
    case 8: ("Max locked memory", "bytes")
    case 9: ("Max address space", "bytes")
    case 10: ("Max file locks", "locks")
    case 11: ("Max pending signals", "signals")
    case 12: ("Max msgqueue size", "bytes")
    case 13: ("Max nice priority", "")
    case 14: ("Max realtime priority", "")
    default: ("Max realtime timeout", "us")
    }
  }

  static func write(_ information: any SystemInformation, to text: inout TextBuilder) {
    text.append("Limit                     Soft Limit           Hard Limit           Units     \n")
    for resource in 0..<16 {
      let row = row(resource)
      let limit = information.limit(resource)
      text.append(row.name)
      text.pad(to: 26)
      write(limit.soft, to: &text)
      text.pad(to: 47)
      write(limit.hard, to: &text)
      text.pad(to: 68)
      text.append(row.unit)
      text.pad(to: 78)
      text.endLine()
    }
  }

  private static func write(_ limit: UInt64, to text: inout TextBuilder) {
    if limit == .max { text.append("unlimited") } else { text.append(decimal: limit) }
  }
}
