// SPDX-License-Identifier: BSD-3-Clause

/// Why a file is not a program that can be loaded, and at which byte that shows.
public struct ELFError: Error, Equatable, Sendable {
  public enum Reason: UInt8, Equatable, Sendable {
    /// Shorter than its headers say.
    case truncated
    /// It does not begin with 0x7f `ELF`.
    case notELF
    /// Not 64-bit, not little-endian, or a version that does not exist.
    case wrongClass
    /// For another processor.
    case wrongMachine
    /// Neither an executable nor a shared object.
    case notExecutable
    /// Program headers of another size than 56 bytes, none, or more than 128.
    case badProgramHeaders
    /// A segment has more bytes in the file than in memory, or its numbers overflow.
    case badSegment
    /// Offset and address of a segment differ within a page, or the alignment is no power of two.
    case misaligned
    /// Segments are not in ascending order, or share a page that both write.
    case overlapping
    /// No segment is to be loaded.
    case nothingToLoad
    /// The interpreter's path is empty, too long, or not terminated.
    case badInterpreter
    /// A segment lies outside the program's part of the address space.
    case outOfRange
    /// A program's first instruction lies in no segment that can be executed.
    case badEntry
  }

  public let reason: Reason
  /// Offset in the file of the field that is wrong.
  public let offset: Int

  public init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }
}
