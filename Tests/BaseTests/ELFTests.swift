// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import ELF
import Foundation
import Testing

/// Builds small ELF files.
struct ELFBuilder {
  struct Header {
    var type: UInt32 = 1
    var flags: UInt32 = 5
    var offset: UInt64 = 0
    var address: UInt64 = 0x40_0000
    var fileSize: UInt64 = 0x1000
    var memorySize: UInt64 = 0x1000
    var alignment: UInt64 = 0x1000
  }

  var type: UInt16 = 2
  var machine: UInt16 = 62
  var headers: [Header] = [Header()]
  var size = 0x3000
  var interpreter: String?

  func bytes() -> [UInt8] {
    var file = [UInt8](repeating: 0, count: size)
    func put<T: FixedWidthInteger>(_ value: T, _ at: Int) {
      for index in 0..<MemoryLayout<T>.size {
        file[at + index] = UInt8(truncatingIfNeeded: value >> T(index * 8))
      }
    }
    file[0...5] = [0x7f, 0x45, 0x4c, 0x46, 2, 1]
    put(type, 16)
    put(machine, 18)
    put(UInt64(0x40_0100), 24)
    put(UInt64(64), 32)
    put(UInt16(56), 54)
    put(UInt16(headers.count), 56)
    for (index, header) in headers.enumerated() {
      let at = 64 + index * 56
      put(header.type, at)
      put(header.flags, at + 4)
      put(header.offset, at + 8)
      put(header.address, at + 16)
      put(header.fileSize, at + 32)
      put(header.memorySize, at + 40)
      put(header.alignment, at + 48)
    }
    if let interpreter {
      for (index, byte) in interpreter.utf8.enumerated() { file[0x800 + index] = byte }
    }
    return file
  }

  func parse() throws(ELFError) -> ELFImage { try Self.parse(bytes()) }

  static func parse(_ file: [UInt8]) throws(ELFError) -> ELFImage {
    try ELFImage(parsing: RawSpan(_elements: file.span))
  }
}

@Suite struct ELFTests {
  @Test func readsAFixedProgram() throws {
    let image = try ELFBuilder().parse()
    #expect(image.header.kind == .fixed)
    #expect(image.header.entry == 0x40_0100)
    #expect(image.segments.count == 1)
    #expect(image.segments[0].permissions == .readExecute)
    #expect(image.programHeaderAddress == 0x40_0040)
    #expect(image.interpreter == nil)
    #expect(image.firstPage == 0x40_0000)
    #expect(image.pageByteCount == 0x1000)
  }

  @Test func readsTheInterpreterWithoutItsZero() throws {
    var builder = ELFBuilder()
    builder.type = 3
    builder.interpreter = "/lib64/ld.so"
    builder.headers = [
      .init(type: 3, offset: 0x800, fileSize: 13, memorySize: 13), .init(address: 0),
    ]
    let image = try builder.parse()
    #expect(image.header.kind == .relocatable)
    #expect(image.interpreter == 0x800..<0x80c)
  }

  @Test func namesTheByteThatIsWrong() {
    func expect(
      _ reason: ELFError.Reason, at offset: Int, _ change: (inout ELFBuilder) -> Void,
      line: SourceLocation = #_sourceLocation
    ) {
      var builder = ELFBuilder()
      change(&builder)
      #expect(throws: ELFError(reason, at: offset), sourceLocation: line) {
        try builder.parse()
      }
    }
    expect(.notExecutable, at: 16) { $0.type = 1 }
    expect(.wrongMachine, at: 18) { $0.machine = 183 }
    expect(.badProgramHeaders, at: 56) { $0.headers = [] }
    expect(.nothingToLoad, at: 56) { $0.headers[0].type = 4 }
    expect(.badSegment, at: 64 + 32) { $0.headers[0].memorySize = 0xfff }
    expect(.misaligned, at: 64 + 8) { $0.headers[0].address = 0x40_0001 }
    expect(.misaligned, at: 64 + 48) { $0.headers[0].alignment = 3 }
    expect(.truncated, at: 64 + 8) { $0.size = 0xfff }
    expect(.truncated, at: 64 + 8) { $0.headers[0].offset = .max - 0xfff }
    expect(.outOfRange, at: 64 + 16) { $0.headers[0].address = 0x7fff_ffff_f000 }
    expect(.outOfRange, at: 64 + 16) { $0.headers[0].memorySize = .max }
    expect(.overlapping, at: 64 + 56 + 16) { $0.headers.append($0.headers[0]) }
    expect(.badInterpreter, at: 64 + 32) {
      $0.headers[0].type = 3; $0.headers[0].fileSize = 1
    }
    expect(.badInterpreter, at: 64 + 32) {
      $0.headers[0].type = 3; $0.headers[0].fileSize = 5000
    }
  }

  @Test func theEntryIsInCodeOrNot() throws {
    var builder = ELFBuilder()
    builder.headers[0].flags = 5
    #expect(try builder.parse().hasEntryInCode)
    builder.headers[0].flags = 6
    #expect(try !builder.parse().hasEntryInCode, "not executable")
    builder.headers[0].flags = 5
    builder.headers[0].address = 0x50_0000
    #expect(try !builder.parse().hasEntryInCode, "elsewhere")
  }

  @Test func refusesEveryTruncation() {
    let whole = ELFBuilder().bytes()
    for count in 0..<0x1000 {
      #expect(throws: ELFError.self) { try ELFBuilder.parse(Array(whole[..<count])) }
    }
  }

  @Test func readsTheProgramsOfThisMachine() throws {
    for path in ["/bin/sh", "/bin/ls", "/lib64/ld-linux-x86-64.so.2"] {
      guard let data = FileManager.default.contents(atPath: path) else { continue }
      let image = try ELFBuilder.parse([UInt8](data))
      #expect(image.header.kind == .relocatable)
      #expect(image.programHeaderAddress == 64)
    }
  }
}
