// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Memory
import VFS

/// `/proc/self/maps`, `smaps` and `smaps_rollup` (`proc(5)`).
enum MapsText {
  /// Where paths begin: Linux pads to 25 + 6 × 8 - 1 columns and one space.
  private static let pathColumn = 73

  static func write(_ space: AddressSpace, to text: inout TextBuilder) {
    space.forEachRegion { writeLine($0, to: &text) }
  }

  static func writeDetails(_ space: AddressSpace, to text: inout TextBuilder) {
    space.forEachRegion { region in
      writeLine(region, to: &text)
      let kibibytes = pageSize / 1024
      text.kilobytes("Size:           ", region.range.byteCount / 1024, width: 8)
      text.kilobytes("KernelPageSize: ", kibibytes, width: 8)
      text.kilobytes("MMUPageSize:    ", kibibytes, width: 8)
      writeCounts(space.countPages(in: region.range), to: &text)
      text.append("THPeligible:           0\n")
      writeFlags(of: region, to: &text)
    }
  }

  static func writeSummary(_ space: AddressSpace, to text: inout TextBuilder) {
    var sum = PageCounts()
    var range: AddressRange?
    space.forEachRegion { region in
      sum.add(space.countPages(in: region.range))
      range = AddressRange(start: range?.start ?? region.range.start, end: region.range.end)
    }
    guard let range else { return }
    writeRange(range, to: &text)
    text.append(" ---p 00000000 00:00 0 ")
    text.pad(to: pathColumn)
    text.append("[rollup]\n")
    writeCounts(sum, to: &text)
  }

  private static func writeRange(_ range: AddressRange, to text: inout TextBuilder) {
    text.append(hexadecimal: UInt64(range.start.rawValue), digits: 8)
    text.append("-")
    text.append(hexadecimal: UInt64(range.end.rawValue), digits: 8)
  }

  private static func writeLine(_ region: Region, to text: inout TextBuilder) {
    writeRange(region.range, to: &text)
    text.append(" ")
    text.append(byte: UInt8(ascii: region.permissions.contains(.read) ? "r" : "-"))
    text.append(byte: UInt8(ascii: region.permissions.contains(.write) ? "w" : "-"))
    text.append(byte: UInt8(ascii: region.permissions.contains(.execute) ? "x" : "-"))
    text.append(byte: UInt8(ascii: region.isShared ? "s" : "p"))
    text.append(" ")
    let offset = region.source == nil ? 0 : UInt64(region.firstPage * pageSize)
    text.append(hexadecimal: offset, digits: 8)
    text.append(" ")
    text.device(region.source?.deviceNumber ?? 0, hexadecimal: true)
    text.append(" ")
    text.append(decimal: region.source?.inodeNumber ?? 0)
    text.append(" ")
    if let source = region.source, !source.path.isEmpty {
      text.pad(to: pathColumn)
      text.path(source.path, escaping: "\n")
    } else if let name = region.label.name {
      text.pad(to: pathColumn)
      text.append(name)
    }
    text.endLine()
  }

  private static func writeCounts(_ counts: PageCounts, to text: inout TextBuilder) {
    let kibibytes = pageSize / 1024
    let clean = (counts.resident - counts.dirty) * kibibytes
    let dirty = counts.dirty * kibibytes
    text.kilobytes("Rss:            ", counts.resident * kibibytes, width: 8)
    text.kilobytes("Pss:            ", counts.resident * kibibytes, width: 8)
    text.kilobytes("Pss_Dirty:      ", dirty, width: 8)
    // There is one process: nothing is shared with another.
    text.kilobytes("Shared_Clean:   ", 0, width: 8)
    text.kilobytes("Shared_Dirty:   ", 0, width: 8)
    text.kilobytes("Private_Clean:  ", clean, width: 8)
    text.kilobytes("Private_Dirty:  ", dirty, width: 8)
    text.kilobytes("Referenced:     ", counts.accessed * kibibytes, width: 8)
    text.kilobytes("Anonymous:      ", counts.anonymous * kibibytes, width: 8)
    text.kilobytes("LazyFree:       ", 0, width: 8)
    text.kilobytes("AnonHugePages:  ", 0, width: 8)
    text.kilobytes("ShmemPmdMapped: ", 0, width: 8)
    text.kilobytes("FilePmdMapped:  ", 0, width: 8)
    text.kilobytes("Shared_Hugetlb: ", 0, width: 8)
    text.kilobytes("Private_Hugetlb:", 0, width: 8)
    text.kilobytes("Swap:           ", 0, width: 8)
    text.kilobytes("SwapPss:        ", 0, width: 8)
    text.kilobytes("Locked:         ", 0, width: 8)
  }

  private static func writeFlags(of region: Region, to text: inout TextBuilder) {
    text.append("VmFlags: ")
    if region.permissions.contains(.read) { text.append("rd ") }
    if region.permissions.contains(.write) { text.append("wr ") }
    if region.permissions.contains(.execute) { text.append("ex ") }
    if region.isShared { text.append("sh ") }
    text.append("mr mw me ")
    if region.isShared { text.append("ms ") }
    if region.label == .stack { text.append("gd ") }
    if region.permissions.contains(.write) && !region.isShared { text.append("ac ") }
    text.endLine()
  }
}

extension RegionLabel {
  var name: StaticString? {
    switch self {
    case .none: nil
    case .heap: "[heap]"
    case .stack: "[stack]"
    case .vdso: "[vdso]"
    case .vvar: "[vvar]"
    }
  }
}

extension PageCounts {
  mutating func add(_ other: PageCounts) {
    resident += other.resident
    anonymous += other.anonymous
    dirty += other.dirty
    accessed += other.accessed
  }
}
