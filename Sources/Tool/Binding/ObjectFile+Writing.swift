// SPDX-License-Identifier: BSD-3-Clause

import Foundation

extension ObjectFile {
  /// The object as a file: header, sections, table of sections.
  func serialized() -> Data {
    var all = sections.filter(Self.isKept)
    // Those that went may lie between others: their numbers change.
    var numbers: [Int: Int] = [:]
    for (index, section) in sections.enumerated() where Self.isKept(section) {
      numbers[index] = numbers.count
    }
    // A section that belongs to another names it (SHF_LINK_ORDER).
    for index in all.indices where all[index].flags & 0x80 != 0 {
      all[index].link = numbers[all[index].link] ?? 0
    }
    for index in all.indices where all[index].type == 17 {
      all[index].bytes = group(all[index].bytes, numbers)
    }
    var names = ByteTable()
    let symbolTable = all.count
    all.append(
      Section(
        name: ".symtab", type: 2, flags: 0, link: symbolTable + 1,
        info: symbols.firstIndex { !$0.isLocal && !$0.name.isEmpty } ?? symbols.count,
        alignment: 8, entryByteCount: 24, bytes: symbolBytes(&names, numbers)))
    for index in all.indices where all[index].type == 17 { all[index].link = symbolTable }
    all.append(
      Section(
        name: ".strtab", type: 3, flags: 0, link: 0, info: 0, alignment: 1, entryByteCount: 0,
        bytes: names.bytes))
    for (target, list) in relocations.sorted(by: { $0.key < $1.key }) where !list.isEmpty {
      guard let number = numbers[target] else { continue }
      // SHF_INFO_LINK, and in a group what its target is.
      let flags = 0x40 | sections[target].flags & 0x200
      all.append(
        Section(
          name: ".rela" + sections[target].name, type: 4, flags: flags, link: symbolTable,
          info: number, alignment: 8, entryByteCount: 24, bytes: relocationBytes(list)))
    }
    return file(of: all)
  }

  /// Tables are written anew; the list of symbols whose address is taken names them by number.
  private static func isKept(_ section: Section) -> Bool {
    ![2, 3, 4, 0x6fff_4c03].contains(section.type)
  }

  private func symbolBytes(_ names: inout ByteTable, _ numbers: [Int: Int]) -> [UInt8] {
    var bytes: [UInt8] = []
    for symbol in symbols {
      let section = symbol.section
      let number = section < 0xff00 ? UInt16(numbers[Int(section)] ?? 0) : section
      bytes.append(UInt64(names.add(symbol.name)), 4)
      bytes += [symbol.info, symbol.other]
      bytes.append(UInt64(number), 2)
      bytes.append(symbol.value, 8)
      bytes.append(symbol.byteCount, 8)
    }
    return bytes
  }

  private func relocationBytes(_ list: [Relocation]) -> [UInt8] {
    var bytes: [UInt8] = []
    for item in list.sorted(by: { $0.offset < $1.offset }) {
      bytes.append(item.offset, 8)
      bytes.append(UInt64(item.type), 4)
      bytes.append(UInt64(item.symbol), 4)
      bytes.append(UInt64(bitPattern: item.addend), 8)
    }
    return bytes
  }

  /// A group's members by their new numbers; relocations follow their section without being named.
  private func group(_ bytes: [UInt8], _ numbers: [Int: Int]) -> [UInt8] {
    var result = Array(bytes.prefix(4))
    for at in stride(from: 4, to: bytes.count - 3, by: 4) {
      let old = (0..<4).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
      if let number = numbers[old] { result.append(UInt64(number), 4) }
    }
    return result
  }

  private func file(of sections: [Section]) -> Data {
    var names = ByteTable()
    var all = sections
    all.append(
      Section(
        name: ".shstrtab", type: 3, flags: 0, link: 0, info: 0, alignment: 1, entryByteCount: 0,
        bytes: []))
    let nameOffsets = all.map { names.add($0.name) }
    all[all.count - 1].bytes = names.bytes
    var bytes = [UInt8](repeating: 0, count: 64)
    var offsets: [Int] = []
    for section in all {
      bytes.pad(to: Int(max(section.alignment, 1)))
      offsets.append(bytes.count)
      bytes += section.bytes
    }
    bytes.pad(to: 8)
    let table = bytes.count
    for (index, section) in all.enumerated() {
      bytes.append(UInt64(nameOffsets[index]), 4)
      bytes.append(UInt64(section.type), 4)
      bytes.append(section.flags, 8)
      bytes.append(0, 8)
      bytes.append(section.type == 0 ? 0 : UInt64(offsets[index]), 8)
      bytes.append(section.type == 8 ? section.zeroedByteCount : UInt64(section.bytes.count), 8)
      bytes.append(UInt64(section.link), 4)
      bytes.append(UInt64(section.info), 4)
      bytes.append(section.alignment, 8)
      bytes.append(section.entryByteCount, 8)
    }
    bytes.replaceSubrange(0..<64, with: Self.header(table: table, count: all.count))
    return Data(bytes)
  }

  private static func header(table: Int, count: Int) -> [UInt8] {
    var header: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1] + [UInt8](repeating: 0, count: 9)
    header.append(1, 2)  // ET_REL
    header.append(62, 2)  // EM_X86_64
    header.append(1, 4)
    header.append(0, 8)
    header.append(0, 8)
    header.append(UInt64(table), 8)
    header.append(0, 4)
    header.append(64, 2)
    header.append(0, 2)
    header.append(0, 2)
    header.append(64, 2)
    header.append(UInt64(count), 2)
    header.append(UInt64(count - 1), 2)
    return header
  }
}

/// A table of texts that are found by their place.
private struct ByteTable {
  var bytes: [UInt8] = [0]
  private var known: [String: Int] = ["": 0]

  mutating func add(_ text: String) -> Int {
    if let place = known[text] { return place }
    let place = bytes.count
    known[text] = place
    bytes += Array(text.utf8) + [0]
    return place
  }
}

extension [UInt8] {
  /// Adds the lowest `count` bytes, little-endian.
  mutating func append(_ value: UInt64, _ count: Int) {
    for index in 0..<count { append(UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))) }
  }

  mutating func pad(to alignment: Int) {
    let rest = count % alignment
    if rest > 0 { self += [UInt8](repeating: 0, count: alignment - rest) }
  }
}
