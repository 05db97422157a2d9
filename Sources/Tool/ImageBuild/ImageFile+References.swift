// SPDX-License-Identifier: BSD-3-Clause

extension ImageFile {
  /// A place in the image that holds the address of another.
  public struct Reference: Sendable, Equatable {
    /// Where it is written, a virtual address.
    public let from: UInt64
    /// What it refers to, a virtual address.
    public let to: UInt64
    /// The symbol that the compiler named; empty when it named a section and a distance.
    public let name: String
  }

  /// What refers to what, from the relocations that the linker kept (`--emit-relocs`); empty where
  /// it kept none. Source: System V ABI AMD64, table 4.9.
  public func references() throws -> [Reference] {
    let reader = Reader(bytes: contents, path: path)
    var result: [Reference] = []
    for table in sections where table.type == 4 {
      guard sections.indices.contains(table.info), sections[table.info].isAllocated,
        sections.indices.contains(table.link)
      else { continue }
      let symbols = try entries(of: sections[table.link])
      let start = Int(truncatingIfNeeded: table.fileOffset)
      let count = Int(truncatingIfNeeded: table.byteCount / 24)
      try reader.check(start, count: 24 * count)
      for at in stride(from: start, to: start + 24 * count, by: 24) {
        let info = try reader.u64(at + 8)
        guard symbols.indices.contains(Int(info >> 32)) else { continue }
        let symbol = symbols[Int(info >> 32)]
        let place = try reader.u64(at)
        let addend = try reader.u64(at + 16)
        if symbol.type != 3 {
          result.append(Reference(from: place, to: symbol.address, name: symbol.name))
          continue
        }
        var target = symbol.address &+ addend
        if Self.isRelative(UInt32(truncatingIfNeeded: info)) {
          target = target &+ 4 &+ UInt64(immediateByteCount(at: place, in: sections[table.info]))
        }
        result.append(Reference(from: place, to: virtual(target), name: ""))
      }
    }
    return result
  }

  /// R_X86_64_PC32, _PLT32, _GOTPCREL, _GOTPCRELX, _REX_GOTPCRELX: counted from the place itself,
  /// with the place's own four bytes taken off.
  private static func isRelative(_ type: UInt32) -> Bool { [2, 4, 9, 41, 42].contains(type) }

  /// How many bytes of the instruction come after its address: the processor counts from the end
  /// of the instruction, and the linker's sum takes them off. Source: SDM 2, tables.
  private func immediateByteCount(at place: UInt64, in section: Section) -> Int {
    guard section.isExecutable, place >= section.address + 2 else { return 0 }
    let at = Int(truncatingIfNeeded: section.fileOffset &+ place &- section.address)
    guard at >= 3, at <= contents.count else { return 0 }
    let bytes = contents[(contents.startIndex + at - 3)..<(contents.startIndex + at)]
    // A section may begin with the instruction.
    let before = place == section.address + 2 ? 0 : bytes[bytes.startIndex]
    let (opcode, operand) = (bytes[bytes.startIndex + 1], bytes[bytes.startIndex + 2])
    // The address stands alone: mod is 0 and r/m is 5. Else it is a jump's or a call's.
    guard operand & 0b1100_0111 == 0b0000_0101 else { return 0 }
    let wide = before == 0x66 ? 2 : 4
    switch opcode {
    case 0x80, 0x83, 0x6b, 0xc0, 0xc1, 0xc6: return 1
    case 0x69, 0x81, 0xc7: return wide
    case 0xf6: return operand & 0b0011_0000 == 0 ? 1 : 0
    case 0xf7: return operand & 0b0011_0000 == 0 ? wide : 0
    case 0xba: return before == 0x0f ? 1 : 0
    default: return 0
    }
  }

  /// The boot code runs before paging and knows physical addresses.
  private func virtual(_ address: UInt64) -> UInt64 {
    let holds = { (segment: Segment, start: UInt64) in
      segment.isLoaded && address &- start < segment.memoryByteCount
    }
    if segments.contains(where: { holds($0, $0.virtualAddress) }) { return address }
    guard let segment = segments.first(where: { holds($0, $0.physicalAddress) }) else {
      return address
    }
    return address &- segment.physicalAddress &+ segment.virtualAddress
  }
}
