// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// A relocatable object that can be changed: ELF-64 for x86_64, System V ABI chapter 4.
///
/// Indices of sections and symbols stay as they are; what is new comes at the end.
struct ObjectFile {
  struct Section {
    var name: String
    var type: UInt32
    var flags: UInt64
    var link: Int
    var info: Int
    var alignment: UInt64
    var entryByteCount: UInt64
    /// The size of a section without bytes in the file (SHT_NOBITS).
    var zeroedByteCount: UInt64 = 0
    var bytes: [UInt8]

    var isExecutable: Bool { flags & 4 != 0 }
  }

  struct Symbol {
    var name: String
    /// Binding in the upper half, type in the lower (`ELF64_ST_INFO`).
    var info: UInt8
    /// `STV_HIDDEN` is 2.
    var other: UInt8
    /// 0 for one that another object defines.
    var section: UInt16
    var value: UInt64
    var byteCount: UInt64

    var isLocal: Bool { info >> 4 == 0 }
    var isSection: Bool { info & 15 == 3 }
  }

  struct Relocation {
    var offset: UInt64
    /// `R_X86_64_*`; table 4.9 of the AMD64 supplement.
    var type: UInt32
    var symbol: Int
    var addend: Int64
  }

  static let none: UInt32 = 0
  static let address64: UInt32 = 1
  static let relative32: UInt32 = 2
  static let procedure32: UInt32 = 4

  var sections: [Section] = []
  /// The first is the empty one; local ones come before the others.
  var symbols: [Symbol] = []
  /// By the number of the section that they change.
  var relocations: [Int: [Relocation]] = [:]

  /// An object with nothing in it.
  init() {
    sections = [
      Section(
        name: "", type: 0, flags: 0, link: 0, info: 0, alignment: 0, entryByteCount: 0, bytes: [])
    ]
    symbols = [Symbol(name: "", info: 0, other: 0, section: 0, value: 0, byteCount: 0)]
  }

  init(_ data: Data, path: String) throws {
    let reader = ObjectReader(bytes: [UInt8](data), path: path)
    guard data.prefix(6) == Data([0x7f, 0x45, 0x4c, 0x46, 2, 1]), try reader.integer(16, 2) == 1,
      try reader.integer(18, 2) == 62
    else { throw ToolError("not a relocatable object for x86_64", at: path) }
    try readSections(reader)
    try readTables(reader)
    // Some have no table of symbols; the first entry of one is empty.
    if symbols.isEmpty { symbols = Self().symbols }
  }

  private mutating func readSections(_ reader: ObjectReader) throws {
    let table = try reader.integer(40, 8)
    let count = try reader.integer(60, 2)
    let namesAt = try reader.integer(table + 64 * (try reader.integer(62, 2)) + 24, 8)
    for at in (0..<count).map({ table + 64 * $0 }) {
      let type = UInt32(try reader.integer(at + 4, 4))
      let byteCount = try reader.integer(at + 32, 8)
      let isEmpty = type == 8 || type == 0
      sections.append(
        Section(
          name: try reader.text(namesAt + (try reader.integer(at, 4))), type: type,
          flags: UInt64(try reader.integer(at + 8, 8)), link: try reader.integer(at + 40, 4),
          info: try reader.integer(at + 44, 4),
          alignment: UInt64(try reader.integer(at + 48, 8)),
          entryByteCount: UInt64(try reader.integer(at + 56, 8)),
          zeroedByteCount: type == 8 ? UInt64(byteCount) : 0,
          bytes: isEmpty ? [] : try reader.bytes(try reader.integer(at + 24, 8), byteCount)))
    }
  }

  private mutating func readTables(_ reader: ObjectReader) throws {
    for section in sections where section.type == 2 {
      let table = ObjectReader(bytes: section.bytes, path: reader.path)
      let names = ObjectReader(bytes: sections[section.link].bytes, path: reader.path)
      for at in stride(from: 0, to: section.bytes.count, by: 24) {
        symbols.append(
          Symbol(
            name: try names.text(try table.integer(at, 4)), info: section.bytes[at + 4],
            other: section.bytes[at + 5], section: UInt16(try table.integer(at + 6, 2)),
            value: UInt64(try table.integer(at + 8, 8)),
            byteCount: UInt64(try table.integer(at + 16, 8))))
      }
    }
    for section in sections where section.type == 4 {
      let table = ObjectReader(bytes: section.bytes, path: reader.path)
      var list: [Relocation] = []
      for at in stride(from: 0, to: section.bytes.count, by: 24) {
        list.append(
          Relocation(
            offset: UInt64(try table.integer(at, 8)), type: UInt32(try table.integer(at + 8, 4)),
            symbol: try table.integer(at + 12, 4),
            addend: Int64(bitPattern: try table.word(at + 16))))
      }
      relocations[section.info, default: []] += list
    }
  }

  // MARK: Additions

  /// Adds a section and returns its number.
  mutating func add(_ section: Section) -> Int {
    sections.append(section)
    return sections.count - 1
  }

  /// Adds a symbol that other objects see and returns its number.
  mutating func add(_ symbol: Symbol) -> Int {
    symbols.append(symbol)
    return symbols.count - 1
  }

  /// The number of the symbol that another object defines, added at its first use.
  mutating func external(_ name: String) -> Int {
    if let known = symbols.firstIndex(where: { !$0.isLocal && $0.name == name }) { return known }
    return add(Symbol(name: name, info: 0x10, other: 0, section: 0, value: 0, byteCount: 0))
  }

  /// Gives every name that other objects see a prefix, so that two programs can be linked into one
  /// image. What the linker itself defines keeps its name.
  mutating func prefixNames(with prefix: String) {
    for index in symbols.indices where !symbols[index].isLocal && !symbols[index].name.isEmpty {
      guard symbols[index].name != "_GLOBAL_OFFSET_TABLE_" else { continue }
      symbols[index].name = prefix + symbols[index].name
    }
  }
}

/// Little-endian integers and texts of an object, within its bounds.
struct ObjectReader {
  let bytes: [UInt8]
  let path: String

  func check(_ at: Int, _ count: Int) throws {
    guard at >= 0, count >= 0, at <= bytes.count - count else {
      throw ToolError("the object is cut short at byte \(at) of \(bytes.count)", at: path)
    }
  }

  func word(_ at: Int) throws -> UInt64 {
    try check(at, 8)
    return (0..<8).reduce(0) { $0 | UInt64(bytes[at + $1]) << (8 * UInt64($1)) }
  }

  func integer(_ at: Int, _ count: Int) throws -> Int {
    try check(at, count)
    let value = (0..<count).reduce(UInt64(0)) { $0 | UInt64(bytes[at + $1]) << (8 * UInt64($1)) }
    guard let result = Int(exactly: value) else {
      throw ToolError("the object has an impossible number at byte \(at)", at: path)
    }
    return result
  }

  func bytes(_ at: Int, _ count: Int) throws -> [UInt8] {
    try check(at, count)
    return Array(bytes[at..<(at + count)])
  }

  func text(_ at: Int) throws -> String {
    try check(at, 1)
    return String(decoding: bytes[at...].prefix { $0 != 0 }, as: UTF8.self)
  }
}
