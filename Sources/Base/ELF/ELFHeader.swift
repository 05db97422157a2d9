// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// The ELF64 file header of an x86_64 program, checked (System V gABI, chapter 4).
public struct ELFHeader: Equatable, Sendable {
  public enum Kind: Equatable, Sendable {
    /// `ET_EXEC`: lives at the addresses it was linked for.
    case fixed
    /// `ET_DYN`: a PIE, a static PIE or an interpreter; lives anywhere.
    case relocatable
  }

  public static let byteCount = 64
  static let programHeaderByteCount = 56
  static let maximumProgramHeaderCount = 128

  public let kind: Kind
  /// The address of the first instruction, relative to the base for `relocatable`.
  public let entry: UInt
  /// Offset of the program headers in the file.
  public let programHeaderOffset: Int
  public let programHeaderCount: Int

  /// How many bytes the program headers take.
  public var programHeaderTableByteCount: Int {
    programHeaderCount * Self.programHeaderByteCount
  }

  /// Parses the first bytes of a file of `fileByteCount` bytes.
  public init(parsing bytes: RawSpan, fileByteCount: Int) throws(ELFError) {
    guard bytes.byteCount >= 4 && bytes.littleEndian(at: 0, as: UInt32.self) == 0x464c_457f else {
      throw ELFError(.notELF, at: 0)
    }
    guard bytes.byteCount >= Self.byteCount else {
      throw ELFError(.truncated, at: bytes.byteCount)
    }
    guard bytes.byte(at: 4) == 2 else { throw ELFError(.wrongClass, at: 4) }
    guard bytes.byte(at: 5) == 1 else { throw ELFError(.wrongClass, at: 5) }
    switch bytes.littleEndian(at: 16, as: UInt16.self) {
    case 2: kind = .fixed
    case 3: kind = .relocatable
    default: throw ELFError(.notExecutable, at: 16)
    }
    // EM_X86_64
    guard bytes.littleEndian(at: 18, as: UInt16.self) == 62 else {
      throw ELFError(.wrongMachine, at: 18)
    }
    entry = UInt(bytes.littleEndian(at: 24, as: UInt64.self))
    let offset = bytes.littleEndian(at: 32, as: UInt64.self)
    guard bytes.littleEndian(at: 54, as: UInt16.self) == UInt16(Self.programHeaderByteCount) else {
      throw ELFError(.badProgramHeaders, at: 54)
    }
    programHeaderCount = Int(bytes.littleEndian(at: 56, as: UInt16.self))
    guard programHeaderCount > 0 && programHeaderCount <= Self.maximumProgramHeaderCount else {
      throw ELFError(.badProgramHeaders, at: 56)
    }
    let tableByteCount = programHeaderCount * Self.programHeaderByteCount
    guard offset <= UInt64(Int.max), Int(offset) <= fileByteCount,
      tableByteCount <= fileByteCount - Int(offset)
    else {
      throw ELFError(.truncated, at: 32)
    }
    programHeaderOffset = Int(offset)
  }
}
