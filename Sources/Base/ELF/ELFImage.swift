// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// What the program headers of a file say, checked: nothing in here overflows, and every range of
/// the file lies in the file.
///
/// Source: System V gABI chapter 5, System V ABI AMD64 supplement. As in Linux, `PT_TLS`,
/// `PT_DYNAMIC` and `PT_GNU_RELRO` are the business of the program's own start-up code.
public struct ELFImage: Sendable {
  public let header: ELFHeader
  /// In ascending order of address, at least one.
  public let segments: [ELFSegment]
  /// Where the interpreter's path lies in the file, without its terminating zero.
  public let interpreter: Range<Int>?
  /// `PT_GNU_STACK` asks for an executable stack. Absent counts as no: the house is W^X.
  public let wantsExecutableStack: Bool
  /// The largest alignment that a segment asks for, at least a page.
  public let alignment: UInt

  /// No program may be larger than the range that programs have.
  private static let limit: UInt = 0x7c00_0000_0000
  static let maximumPathByteCount = 4096

  /// The lowest page, and the end of the highest, relative to the base.
  public var firstPage: UInt { segments[0].firstPage }
  public var endPage: UInt { segments[segments.count - 1].endPage }
  public var pageByteCount: Int { Int(endPage - firstPage) }

  /// The address of the program headers in memory (`AT_PHDR`), relative to the base; nil when no
  /// segment contains them.
  public var programHeaderAddress: UInt? {
    for segment in segments
    where header.programHeaderOffset >= segment.fileOffset
      && header.programHeaderOffset - segment.fileOffset < segment.fileByteCount
    {
      return segment.address + UInt(header.programHeaderOffset - segment.fileOffset)
    }
    return nil
  }

  /// Whether the first instruction lies in a page that can be executed. Linux would jump there
  /// whatever it is; here that could be the kernel.
  public var hasEntryInCode: Bool {
    segments.contains {
      $0.permissions.contains(.execute) && $0.firstPage <= header.entry
        && header.entry < $0.endPage
    }
  }

  /// Parses a whole file in memory.
  public init(parsing file: RawSpan) throws(ELFError) {
    let header = try ELFHeader(parsing: file, fileByteCount: file.byteCount)
    let start = header.programHeaderOffset
    try self.init(
      header: header,
      programHeaders: file.extracting(start..<(start + header.programHeaderTableByteCount)),
      fileByteCount: file.byteCount)
  }

  /// Parses the program headers, which the caller has read from where `header` says.
  public init(
    header: ELFHeader, programHeaders: RawSpan, fileByteCount: Int
  ) throws(ELFError) {
    self.header = header
    var segments: [ELFSegment] = []
    var interpreter: Range<Int>?
    var wantsExecutableStack = false
    var alignment = UInt(pageSize)
    guard programHeaders.byteCount >= header.programHeaderTableByteCount else {
      throw ELFError(.truncated, at: header.programHeaderOffset)
    }
    for index in 0..<header.programHeaderCount {
      let start = index * ELFHeader.programHeaderByteCount
      let record = ProgramHeader(
        parsing: programHeaders, at: start, fileOffset: header.programHeaderOffset + start)
      switch record.type {
      case ProgramHeader.load:
        guard record.memoryByteCount > 0 else { continue }
        let segment = try record.segment(fileByteCount: fileByteCount, limit: Self.limit)
        if let previous = segments.last, segment.address < previous.end {
          throw ELFError(.overlapping, at: record.offset + 16)
        }
        if let previous = segments.last, segment.firstPage < previous.endPage,
          previous.memoryByteCount > UInt(previous.fileByteCount)
        {
          throw ELFError(.overlapping, at: record.offset + 16)
        }
        segments.append(segment)
        if record.alignment > alignment { alignment = UInt(record.alignment) }
      case ProgramHeader.interpreter where interpreter == nil:
        interpreter = try record.interpreter(fileByteCount: fileByteCount)
      case ProgramHeader.stack:
        wantsExecutableStack = record.flags & 1 != 0
      default:
        break
      }
    }
    guard !segments.isEmpty else { throw ELFError(.nothingToLoad, at: 56) }
    self.segments = segments
    self.interpreter = interpreter
    self.wantsExecutableStack = wantsExecutableStack
    self.alignment = alignment
  }
}
