// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// A linked image, read from its file: ELF-64 as in the System V ABI, chapters 4 and 5.
public struct ImageFile: Sendable {
  /// A program header.
  public struct Segment: Sendable {
    public let index: Int
    public let type: UInt32
    public let flags: UInt32
    public let fileOffset: UInt64
    public let virtualAddress: UInt64
    public let physicalAddress: UInt64
    public let fileByteCount: UInt64
    public let memoryByteCount: UInt64

    /// PT_LOAD.
    public var isLoaded: Bool { type == 1 }
    public var isExecutable: Bool { isLoaded && flags & 1 != 0 }
    public var isWritable: Bool { isLoaded && flags & 2 != 0 }
    /// Such as `r-x`.
    public var permissions: String {
      (flags & 4 != 0 ? "r" : "-") + (flags & 2 != 0 ? "w" : "-") + (flags & 1 != 0 ? "x" : "-")
    }
  }

  /// A section header.
  public struct Section: Sendable {
    public let name: String
    public let type: UInt32
    public let address: UInt64
    public let fileOffset: UInt64
    public let byteCount: UInt64
    let link: Int
    let info: Int
    let flags: UInt64

    /// SHF_EXECINSTR.
    public var isExecutable: Bool { flags & 4 != 0 }
    /// SHF_ALLOC: it takes memory in the guest.
    public var isAllocated: Bool { flags & 2 != 0 }
    /// SHT_NOBITS: it takes none in the file.
    public var isZeroFilled: Bool { type == 8 }
  }

  /// A symbol that has an address.
  public struct Symbol: Sendable {
    public let name: String
    public let address: UInt64
    public let byteCount: UInt64
    /// `ELF64_ST_TYPE`: 1 a variable, 2 a function, 3 a section; 0 in assembly, or a name that the
    /// linker script gave.
    public let type: UInt8
    /// The number of its section; 0xfff1 for a number that is no address.
    public let section: Int

    /// What `st_info` says a local symbol is.
    public let isLocal: Bool
  }

  public let path: String
  /// `e_entry`, a virtual address.
  public let entry: UInt64
  public let segments: [Segment]
  public let sections: [Section]
  private let bytes: Data

  public init(path: String) throws {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw ToolError("cannot read the image", at: path)
    }
    self.path = path
    self.bytes = bytes
    let reader = Reader(bytes: bytes, path: path)
    guard bytes.count >= 64, bytes.prefix(6) == Data([0x7f, 0x45, 0x4c, 0x46, 2, 1]) else {
      throw ToolError("not a 64-bit little-endian ELF file", at: path)
    }
    entry = try reader.u64(24)
    let segmentOffset = try reader.offset(32)
    segments = try (0..<Int(try reader.u16(56))).map { index in
      let at = segmentOffset + 56 * index
      return Segment(
        index: index, type: try reader.u32(at), flags: try reader.u32(at + 4),
        fileOffset: try reader.u64(at + 8), virtualAddress: try reader.u64(at + 16),
        physicalAddress: try reader.u64(at + 24), fileByteCount: try reader.u64(at + 32),
        memoryByteCount: try reader.u64(at + 40))
    }
    let sectionOffset = try reader.offset(40)
    let count = Int(try reader.u16(60))
    if count > 0 { try reader.check(sectionOffset, count: 64 * count) }
    let namesAt = count == 0 ? 0 : sectionOffset + 64 * Int(try reader.u16(62))
    let names = count == 0 ? 0 : try reader.offset(namesAt + 24)
    sections = try (0..<count).map { index in
      let at = sectionOffset + 64 * index
      return Section(
        name: try reader.text(names + Int(try reader.u32(at))), type: try reader.u32(at + 4),
        address: try reader.u64(at + 16), fileOffset: try reader.u64(at + 24),
        byteCount: try reader.u64(at + 32), link: Int(try reader.u32(at + 40)),
        info: Int(try reader.u32(at + 44)), flags: try reader.u64(at + 8))
    }
  }

  /// Where the guest's memory behind the loaded image begins, a physical address.
  public var physicalEnd: UInt64 {
    segments.filter(\.isLoaded).map { $0.physicalAddress &+ $0.memoryByteCount }.max() ?? 0
  }

  /// Every named symbol; none in a stripped image.
  public func symbols() throws -> [Symbol] {
    var result: [Symbol] = []
    for table in sections where table.type == 2 {
      result += try entries(of: table).filter { !$0.name.isEmpty && $0.section != 0 }
    }
    return result
  }

  /// Every entry of a symbol table, also the nameless ones, in order.
  func entries(of table: Section) throws -> [Symbol] {
    guard sections.indices.contains(table.link) else { return [] }
    let reader = Reader(bytes: bytes, path: path)
    let names = Int(truncatingIfNeeded: sections[table.link].fileOffset)
    let start = Int(truncatingIfNeeded: table.fileOffset)
    let count = Int(truncatingIfNeeded: table.byteCount / 24)
    try reader.check(start, count: 24 * count)
    return try (0..<count).map { index in
      let at = start + 24 * index
      let info = UInt8(try reader.integer(at + 4, count: 1))
      return Symbol(
        name: try reader.text(names + Int(try reader.u32(at))), address: try reader.u64(at + 8),
        byteCount: try reader.u64(at + 16), type: info & 15, section: Int(try reader.u16(at + 6)),
        isLocal: info >> 4 == 0)
    }
  }

  /// The contents of the file.
  public var contents: Data { bytes }

  struct Reader {
    let bytes: Data
    let path: String

    func check(_ at: Int, count: Int) throws {
      guard at >= 0, count >= 0, at <= bytes.count - count else {
        throw ToolError("truncated: a header points to byte \(at) of \(bytes.count)", at: path)
      }
    }

    func integer(_ at: Int, count: Int) throws -> UInt64 {
      try check(at, count: count)
      return (0..<count).reduce(0) { $0 | UInt64(bytes[bytes.startIndex + at + $1]) << (8 * $1) }
    }

    func u16(_ at: Int) throws -> UInt16 { UInt16(try integer(at, count: 2)) }
    func u32(_ at: Int) throws -> UInt32 { UInt32(try integer(at, count: 4)) }
    func u64(_ at: Int) throws -> UInt64 { try integer(at, count: 8) }

    /// The file offset stored at `at`, which is inside the file or at its end.
    func offset(_ at: Int) throws -> Int {
      let value = try u64(at)
      guard value <= UInt64(bytes.count) else {
        throw ToolError("truncated: it goes on to byte \(value) of \(bytes.count)", at: path)
      }
      return Int(value)
    }

    func text(_ at: Int) throws -> String {
      guard at >= 0, at < bytes.count else { throw ToolError("truncated", at: path) }
      let tail = bytes[(bytes.startIndex + at)...]
      return String(decoding: tail.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
