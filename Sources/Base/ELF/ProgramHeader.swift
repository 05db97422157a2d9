// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// One program header as the file has it, not checked (`Elf64_Phdr`).
struct ProgramHeader {
  static let load: UInt32 = 1
  static let interpreter: UInt32 = 3
  static let stack: UInt32 = 0x6474_e551

  let type: UInt32
  let flags: UInt32
  let fileOffset: UInt64
  let address: UInt64
  let fileByteCount: UInt64
  let memoryByteCount: UInt64
  let alignment: UInt64
  /// Where the header itself lies in the file, for error messages.
  let offset: Int

  init(parsing bytes: RawSpan, at start: Int, fileOffset place: Int) {
    type = bytes.littleEndian(at: start)
    flags = bytes.littleEndian(at: start + 4)
    fileOffset = bytes.littleEndian(at: start + 8)
    address = bytes.littleEndian(at: start + 16)
    fileByteCount = bytes.littleEndian(at: start + 32)
    memoryByteCount = bytes.littleEndian(at: start + 40)
    alignment = bytes.littleEndian(at: start + 48)
    offset = place
  }

  func segment(fileByteCount limit: Int, limit addressLimit: UInt) throws(ELFError) -> ELFSegment {
    guard fileByteCount <= memoryByteCount else { throw ELFError(.badSegment, at: offset + 32) }
    let mask = UInt64(pageSize - 1)
    guard alignment <= 1 || alignment & (alignment &- 1) == 0 else {
      throw ELFError(.misaligned, at: offset + 48)
    }
    guard alignment <= 1 << 30 else { throw ELFError(.misaligned, at: offset + 48) }
    guard fileByteCount == 0 || fileOffset & mask == address & mask else {
      throw ELFError(.misaligned, at: offset + 8)
    }
    guard address <= UInt64(addressLimit), memoryByteCount <= UInt64(addressLimit) - address else {
      throw ELFError(.outOfRange, at: offset + 16)
    }
    guard
      fileByteCount == 0
        || (fileOffset <= UInt64(limit) && fileByteCount <= UInt64(limit) - fileOffset)
    else {
      throw ELFError(.truncated, at: offset + 8)
    }
    var permissions = Permissions.none
    if flags & 4 != 0 { permissions.insert(.read) }
    if flags & 2 != 0 { permissions.insert([.read, .write]) }
    if flags & 1 != 0 { permissions.insert([.read, .execute]) }
    return ELFSegment(
      address: UInt(address), memoryByteCount: UInt(memoryByteCount),
      fileOffset: fileByteCount == 0 ? 0 : Int(fileOffset), fileByteCount: Int(fileByteCount),
      permissions: permissions)
  }

  func interpreter(fileByteCount limit: Int) throws(ELFError) -> Range<Int> {
    guard fileByteCount > 1 && fileByteCount <= UInt64(ELFImage.maximumPathByteCount) else {
      throw ELFError(.badInterpreter, at: offset + 32)
    }
    guard fileOffset <= UInt64(limit), fileByteCount <= UInt64(limit) - fileOffset else {
      throw ELFError(.truncated, at: offset + 8)
    }
    return Int(fileOffset)..<Int(fileOffset + fileByteCount - 1)
  }
}
