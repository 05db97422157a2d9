// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Frames
import Machine
import Memory
import Scheduling
import Testing
import VFS

@testable import DeviceFS

/// A stream whose other end is in the test.
private final class TestStream: ByteStream {
  var incoming: [UInt8] = []
  var outgoing: [UInt8] = []
  var room = Int.max
  var isAtEnd = false
  var isBroken = false
  var isTerminal = false
  let queue = WaitQueue()

  var readableByteCount: Int { incoming.count }

  func read(into buffer: UserBuffer) throws(SystemError) -> Int? {
    guard !incoming.isEmpty else { return isAtEnd ? 0 : nil }
    let count = min(buffer.count, incoming.count)
    let taken = Array(incoming[..<count])
    try buffer.copyOut(taken.span.bytes)
    incoming.removeFirst(count)
    return count
  }

  func write(from buffer: UserBuffer) throws(SystemError) -> Int? {
    if isBroken { throw .brokenPipe }
    let count = min(buffer.count, room)
    guard count > 0 else { return nil }
    room -= count
    outgoing += try bytes(of: buffer.slice(from: 0, count: count))
    return count
  }

  var readiness: Readiness {
    var ready: Readiness = isBroken ? .error : []
    if !incoming.isEmpty || isAtEnd { ready.insert(.readable) }
    if isAtEnd { ready.insert(.hangup) }
    if room > 0 { ready.insert(.writable) }
    return ready
  }
}

private func bytes(of buffer: UserBuffer) throws(SystemError) -> [UInt8] {
  var bytes = [UInt8](repeating: 0xee, count: buffer.count)
  var elements = bytes.mutableSpan
  var raw = elements.mutableBytes
  try buffer.copyIn(into: &raw)
  return bytes
}

/// Counts up, and remembers what it was given.
private final class TestRandom: RandomByteSource {
  var next: UInt8 = 0
  var mixed: [UInt8] = []

  func fill(_ bytes: inout MutableRawSpan) {
    for offset in 0..<bytes.byteCount {
      next &+= 1
      bytes.storeLittleEndian(next, at: offset)
    }
  }

  func mix(_ bytes: RawSpan) {
    for offset in 0..<bytes.byteCount { mixed.append(bytes.byte(at: offset)) }
  }
}

@Suite struct DeviceTests {
  @Test(
    arguments: [
      ("null", 0x103), ("zero", 0x105), ("full", 0x107), ("random", 0x108), ("urandom", 0x109),
      ("tty", 0x500), ("console", 0x501),
    ] as [(String, UInt64)])
  func hasLinuxsNumbers(name: String, number: UInt64) throws {
    try DeviceChecks.run { try $0.hasLinuxsNumbers(name: name, number: number) }
  }

  @Test func linksTheStandardStreams() throws {
    try DeviceChecks.run { try $0.linksTheStandardStreams() }
  }

  @Test func readsAndWritesMemoryDevices() throws {
    try DeviceChecks.run { try $0.readsAndWritesMemoryDevices() }
  }

  @Test func givesAndTakesRandomBytes() throws {
    try DeviceChecks.run { try $0.givesAndTakesRandomBytes() }
  }

  @Test func mapsZeroPages() throws { try DeviceChecks.run { try $0.mapsZeroPages() } }

  @Test func readsWhatThereIs() throws { try DeviceChecks.run { try $0.readsWhatThereIs() } }

  @Test func writesAsMuchAsThereIsRoomFor() throws {
    try DeviceChecks.run { try $0.writesAsMuchAsThereIsRoomFor() }
  }

  @Test func answersAsATerminalOnlyIfItIsOne() throws {
    try DeviceChecks.run { try $0.answersAsATerminalOnlyIfItIsOne() }
  }
}

/// What is tested, with the simulated processor for itself.
private struct DeviceChecks {
  private let input = TestStream()
  private let output = TestStream()
  private let random = TestRandom()
  private let root: Node
  private let space: AddressSpace
  private let buffer: UserBuffer

  static func run(_ check: (DeviceChecks) throws -> Void) throws {
    try SimulatedProcessor.withExclusiveUse { try check(DeviceChecks()) }
  }

  private init() throws {
    let console = ConsoleSet(input: input, output: output, error: TestStream())
    root = DeviceFS.makeRoot(console: console, random: random)
    let memory = TestMemory.make()
    space = memory.space
    space.activate()
    PageTables.current.value = memory.tables
    let start = try space.map(MapRequest(byteCount: 0x2_0000, permissions: .readWrite))
    buffer = UserBuffer(start: start, count: 65536)
  }

  private func put(_ text: String) throws -> UserBuffer {
    let bytes = Array(text.utf8)
    try buffer.copyOut(bytes.span.bytes)
    return buffer.slice(from: 0, count: bytes.count)
  }

  func hasLinuxsNumbers(name: String, number: UInt64) throws {
    let node = try root.find(name)
    #expect(node.kind == .characterDevice)
    #expect(node.representedDevice == number)
    #expect(MemoryDevice(number: number)?.number ?? number == number)
  }

  func linksTheStandardStreams() throws {
    #expect(try root.find("stdin").readLink() == text("/proc/self/fd/0"))
    #expect(try root.find("stderr").readLink() == text("/proc/self/fd/2"))
    #expect(try root.find("fd").readLink() == text("/proc/self/fd"))
    #expect(throws: SystemError.noSuchFile) { try root.find("ptmx") }
  }

  func readsAndWritesMemoryDevices() throws {
    _ = try put("something")
    let null = try root.find("null").open(.readWrite)
    #expect(try null.read(into: buffer, at: nil) == 0)
    #expect(try null.write(from: buffer, at: nil) == 65536)
    let zero = try root.find("zero").open(.readWrite)
    #expect(try bytes(of: buffer.slice(from: 0, count: 9)) == text("something"))
    #expect(try zero.read(into: buffer, at: nil) == 65536)
    #expect(try bytes(of: buffer).allSatisfy { $0 == 0 })
    #expect(try zero.seek(100, .start) == 0)
    let full = try root.find("full").open(.readWrite)
    #expect(throws: SystemError.noSpace) { try full.write(from: buffer, at: nil) }
    #expect(try full.read(into: buffer.slice(from: 0, count: 10), at: 5) == 10)
    let wild = UserBuffer(start: VirtualAddress(0), count: 10)
    #expect(throws: SystemError.badAddress) { try zero.read(into: wild, at: nil) }
    #expect(try null.write(from: wild, at: nil) == 10)
  }

  func givesAndTakesRandomBytes() throws {
    let file = try root.find("urandom").open(.readWrite)
    let part = buffer.slice(from: 3, count: 1000)
    #expect(try file.read(into: part, at: nil) == 1000)
    let got = try bytes(of: part)
    #expect(got[..<3] == [1, 2, 3])
    #expect(got[511] == 0)
    #expect(got[512] == 1)
    #expect(try file.write(from: part, at: nil) == 1000)
    #expect(random.mixed == got)
  }

  func mapsZeroPages() throws {
    let source = try root.find("zero").open(.readWrite).pageSource()
    for isShared in [false, true] {
      var request = MapRequest(byteCount: 0x4000, permissions: .readWrite)
      request.content = .source(source, firstPage: 0)
      request.isShared = isShared
      let start = try space.map(request)
      let mapped = UserBuffer(start: start, count: 0x4000)
      #expect(try bytes(of: mapped).allSatisfy { $0 == 0 })
      let written: [UInt8] = [9, 8]
      try mapped.copyOut(written.span.bytes, at: 0x1fff)
      #expect(try bytes(of: mapped.slice(from: 0x1ffe, count: 4)) == [0, 9, 8, 0])
      try space.unmap(AddressRange(start: start, byteCount: 0x4000))
    }
    #expect(throws: SystemError.noSuchDevice) {
      try root.find("null").open(.readWrite).pageSource()
    }
  }

  // MARK: Streams

  private func standardFiles() -> (input: StreamFile, output: StreamFile) {
    let files = ConsoleSet(input: input, output: output, error: TestStream()).openStandardFiles()
    files.input.flags.insert(.nonBlocking)
    files.output.flags.insert(.nonBlocking)
    return (files.input, files.output)
  }

  func readsWhatThereIs() throws {
    let file = standardFiles().input
    #expect(file.node.kind == .fifo)
    #expect(throws: SystemError.wouldBlock) { try file.read(into: buffer, at: nil) }
    #expect(file.readiness == [])
    input.incoming = text("hello")
    #expect(file.readiness == .readable)
    #expect(try file.control(request: 0x541b, argument: buffer.start.rawValue) == 0)
    #expect(try bytes(of: buffer.slice(from: 0, count: 4)) == [5, 0, 0, 0])
    // Another open of the same node reads the same stream.
    let again = try file.node.open([])
    #expect(try again.read(into: buffer.slice(from: 0, count: 2), at: nil) == 2)
    #expect(try file.read(into: buffer, at: nil) == 3)
    #expect(try bytes(of: buffer.slice(from: 0, count: 3)) == text("llo"))
    input.isAtEnd = true
    #expect(try file.read(into: buffer, at: nil) == 0)
    #expect(file.readiness == [.readable, .hangup])
    #expect(throws: SystemError.illegalSeek) { try file.read(into: buffer, at: 0) }
  }

  func writesAsMuchAsThereIsRoomFor() throws {
    let file = standardFiles().output
    output.room = 4
    #expect(try file.write(from: put("abcdef"), at: nil) == 4)
    #expect(output.outgoing == text("abcd"))
    #expect(throws: SystemError.wouldBlock) { try file.write(from: put("x"), at: nil) }
    output.isBroken = true
    #expect(file.readiness == .error)
    #expect(throws: SystemError.brokenPipe) { try file.write(from: put("x"), at: nil) }
  }

  func answersAsATerminalOnlyIfItIsOne() throws {
    let request = buffer.start.rawValue
    let pipe = standardFiles().input
    #expect(throws: SystemError.notTerminal) {
      try pipe.control(request: 0x5401, argument: request)
    }
    #expect(throws: SystemError.noSuchDeviceAddress) { try root.find("tty").open(.readWrite) }
    input.isTerminal = true
    let terminal = try root.find("tty").open(.readWrite)
    #expect(try terminal.control(request: 0x5413, argument: request) == 0)
    #expect(try bytes(of: buffer.slice(from: 0, count: 8)) == [24, 0, 80, 0, 0, 0, 0, 0])
    #expect(try terminal.control(request: 0x5401, argument: request) == 0)
    let attributes = try bytes(of: buffer.slice(from: 0, count: 36))
    #expect(attributes[..<4] == [0, 5, 0, 0])
    #expect(attributes[12..<17] == [0x3b, 0x8a, 0, 0, 0])
    #expect(
      attributes[17..<33] == [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22])
    #expect(try terminal.control(request: 0x5402, argument: request) == 0)
    _ = try terminal.write(from: put("out"), at: nil)
    #expect(output.outgoing == text("out"))
    #expect(standardFiles().input.node.kind == .characterDevice)
  }
}
