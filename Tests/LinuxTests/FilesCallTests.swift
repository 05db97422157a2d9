// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import Frames
import LinuxCore
import Machine
import Memory
import Pipes
import RootFS
import SchedulerCooperative
import Scheduling
import Testing
import VFS

@testable import LinuxFiles
@testable import LinuxPolling

/// Gathers the families' handlers so that a test can call them by number.
private struct Handlers: SystemCallSink {
  var table: [Int: SystemCallHandler] = [:]

  mutating func add(
    _ number: SystemCallNumber, flags: StaticString, limits: StaticString,
    _ handler: @escaping SystemCallHandler
  ) {
    table[number.rawValue] = handler
  }
}

/// A process over an empty root, whose calls are made as a program would make them.
private final class Program {
  private let thread: LinuxThread
  private var handlers = Handlers()
  let process: Process
  /// Scratch memory of the program: 32 pages.
  let memory: VirtualAddress

  init() throws {
    let first = SimulatedMemory.reserveFrames(2048)
    let end = first.rawValue + 2048
    let pageCount = FrameAllocator.metadataByteCount(upTo: end) / pageSize + 1
    let frames = FrameAllocator(
      metadata: HeapMemory(frame: SimulatedMemory.reserveFrames(pageCount), count: pageCount),
      ranges: [.init(first: first.rawValue, end: end)], reserve: 0)
    let tables = try #require(PageTables(frames: frames))
    let space = AddressSpace(tables: tables, frames: frames)
    space.activate()
    PageTables.current.value = tables
    let files = RootFileSystem(frames: frames, deviceNumber: 1)
    process = Process(space: space, namespace: Namespace(root: try files.root()))
    Scheduler.start(policy: CooperativePolicy())
    thread = try #require(LinuxThread(process: process, identifier: 1, stackPages: 1))
    memory = try space.map(MapRequest(byteCount: 32 * pageSize, permissions: .readWrite))
    FileCalls.register(in: &handlers)
    PollingCalls.register(in: &handlers)
  }

  /// The result, or the negative error number.
  @discardableResult
  func call(_ number: SystemCallNumber, _ arguments: Int...) -> Int {
    let registers: [Register] = [.rdi, .rsi, .rdx, .r10, .r8, .r9]
    for register in registers { thread.registers[register] = 0 }
    for (register, value) in zip(registers, arguments) {
      thread.registers[register] = UInt(bitPattern: value)
    }
    guard let handler = handlers.table[number.rawValue] else { return -38 }
    do { return try handler(SystemCall(thread: thread)) } catch { return -Int(error.rawValue) }
  }

  /// Puts a text with its zero byte at a page of the scratch memory.
  func text(_ text: String, page: Int = 0) -> Int {
    put(Array(text.utf8) + [0], page: page)
  }

  @discardableResult
  func put(_ bytes: [UInt8], page: Int) -> Int {
    let address = memory + page * pageSize
    do { try ProgramBytes.copyOut(bytes, to: address) } catch { Issue.record("no memory") }
    return Int(address.rawValue)
  }

  func address(page: Int) -> Int { Int((memory + page * pageSize).rawValue) }

  func bytes(page: Int, count: Int) throws -> [UInt8] {
    try ProgramBytes.copyIn(memory + page * pageSize, count: count)
  }

  func word(page: Int, offset: Int) throws -> Int {
    try ProgramBytes.load(at: memory + page * pageSize + offset, as: Int.self)
  }
}

/// The calls on files end to end, each with the result that Linux gives.
@Suite(.serialized) struct FilesCallTests {
  private static let readWriteCreate = 0o102
  private static let here = -100

  @Test func filesAreMadeWrittenReadAndFound() throws {
    let program = try Program()
    #expect(program.call(.open, program.text("/no"), 0) == -2)
    #expect(program.call(.mkdir, program.text("/d"), 0o777) == 0)
    #expect(program.call(.mkdir, program.text("/d/"), 0o777) == -17)
    #expect(program.call(.open, program.text("/d/f"), Self.readWriteCreate, 0o666) == 0)
    let data = program.put(Array("hello".utf8), page: 1)
    #expect(program.call(.write, 0, data, 5) == 5)
    #expect(program.call(.read, 0, program.address(page: 2), 10) == 0)
    #expect(program.call(.pread64, 0, program.address(page: 2), 10, 1) == 4)
    #expect(try program.bytes(page: 2, count: 4) == Array("ello".utf8))
    #expect(program.call(.lseek, 0, -2, 2) == 3)
    #expect(program.call(.lseek, 0, -9, 1) == -22)
    #expect(program.call(.fstat, 0, program.address(page: 3)) == 0)
    #expect(try program.word(page: 3, offset: 48) == 5)
    #expect(try program.word(page: 3, offset: 24) & 0xffff_ffff == 0o100644)
    #expect(program.call(.fcntl, 0, 3) == 0o100002)
    #expect(program.call(.open, program.text("/d/f"), 0o302) == -17)
    #expect(program.call(.open, program.text("/d"), 1) == -21)
    #expect(program.call(.open, program.text("/d/f"), 0o200000) == -20)
    #expect(program.call(.open, program.text("/d/f/x"), 0) == -20)
    #expect(program.call(.ftruncate, 0, 2) == 0)
    #expect(program.call(.pread64, 0, program.address(page: 2), 10, 0) == 2)
    #expect(program.call(.close, 0) == 0)
    #expect(program.call(.close, 0) == -9)
  }

  @Test func namesComeAndGo() throws {
    let program = try Program()
    program.call(.mkdir, program.text("/a"), 0o755)
    program.call(.mkdir, program.text("/a/b"), 0o755)
    #expect(program.call(.rmdir, program.text("/a")) == -39)
    #expect(program.call(.unlink, program.text("/a")) == -21)
    #expect(program.call(.rmdir, program.text("/a/.")) == -22)
    #expect(program.call(.rmdir, program.text("/a/..")) == -39)
    #expect(program.call(.rename, program.text("/a"), program.text("/a/b/c", page: 1)) == -22)
    #expect(program.call(.creat, program.text("/f"), 0o600) == 0)
    #expect(program.call(.rename, program.text("/f"), program.text("/a", page: 1)) == -21)
    #expect(program.call(.rename, program.text("/a"), program.text("/f", page: 1)) == -20)
    #expect(program.call(.link, program.text("/f"), program.text("/g", page: 1)) == 0)
    #expect(program.call(.rename, program.text("/f"), program.text("/g", page: 1)) == 0)
    #expect(program.call(.access, program.text("/f"), 0) == 0)
    #expect(program.call(.rename, program.text("/f"), program.text("/a/b/f", page: 1)) == 0)
    #expect(program.call(.access, program.text("/f"), 0) == -2)
    #expect(program.call(.access, program.text("/a/b/f"), 1) == -13)
    #expect(program.call(.symlink, program.text("/a/b/f"), program.text("/s", page: 1)) == 0)
    #expect(program.call(.readlink, program.text("/s"), program.address(page: 2), 3) == 3)
    #expect(try program.bytes(page: 2, count: 3) == Array("/a/".utf8))
    #expect(program.call(.open, program.text("/s"), 0o400000) == -40)
    #expect(program.call(.unlink, program.text("/s")) == 0)
    #expect(program.call(.access, program.text("/a/b/f"), 0) == 0)
  }

  @Test func aLinkThatLeadsNowhereIsFilledInByCreation() throws {
    let program = try Program()
    #expect(program.call(.symlink, program.text("/target"), program.text("/s", page: 1)) == 0)
    #expect(program.call(.open, program.text("/s"), 0) == -2)
    #expect(program.call(.open, program.text("/s"), 0o302, 0o600) == -17)
    #expect(program.call(.open, program.text("/s"), Self.readWriteCreate, 0o600) == 0)
    #expect(program.call(.access, program.text("/target"), 0) == 0)
    program.call(.symlink, program.text("/loop"), program.text("/loop", page: 1))
    #expect(program.call(.open, program.text("/loop"), Self.readWriteCreate, 0o600) == -40)
  }

  @Test func directoriesAreListedAndLived() throws {
    let program = try Program()
    program.call(.mkdir, program.text("/d"), 0o755)
    for name in ["x", "yy", "zzz"] {
      program.call(.mkdir, program.text("/d/" + name), 0o755)
    }
    #expect(program.call(.chdir, program.text("/d/yy")) == 0)
    #expect(program.call(.getcwd, program.address(page: 2), 4) == -34)
    #expect(program.call(.getcwd, program.address(page: 2), 100) == 6)
    #expect(try program.bytes(page: 2, count: 6) == Array("/d/yy".utf8) + [0])
    let directory = program.call(.openat, Self.here, program.text(".."), 0o200000)
    #expect(directory == 0)
    #expect(program.call(.getdents64, 0, program.address(page: 3), 10) == -22)
    var names: [String] = []
    while true {
      let count = program.call(.getdents64, 0, program.address(page: 3), 48)
      guard count > 0 else { break }
      var bytes = try program.bytes(page: 3, count: count)[...]
      while !bytes.isEmpty {
        let record = Int(bytes[bytes.startIndex + 16])
        let name = bytes.dropFirst(19).prefix { $0 != 0 }
        names.append(String(decoding: name, as: UTF8.self))
        #expect(bytes[bytes.startIndex + 18] == 4)
        bytes = bytes.dropFirst(record)
      }
    }
    #expect(names.sorted() == [".", "..", "x", "yy", "zzz"])
  }

  @Test func descriptorsAreCopiedAndRanged() throws {
    let program = try Program()
    #expect(program.call(.pipe2, program.address(page: 1), 0o2004000) == 0)
    #expect(program.call(.fcntl, 0, 1) == 1)
    #expect(program.call(.dup, 0) == 2)
    #expect(program.call(.fcntl, 2, 1) == 0)
    #expect(program.call(.dup2, 1, 9) == 9)
    #expect(program.call(.dup3, 1, 1, 0) == -22)
    #expect(program.call(.fcntl, 1, 0, 5) == 5)
    #expect(program.call(.fcntl, 1, 1030, 5) == 6)
    #expect(program.call(.fcntl, 1, 1032) == 65536)
    #expect(program.call(.read, 0, program.address(page: 2), 1) == -11)
    #expect(program.call(.write, 0, program.address(page: 2), 1) == -9)
    #expect(program.call(.pread64, 0, program.address(page: 2), 1, 0) == -29)
    #expect(program.call(.lseek, 0, 0, 0) == -29)
    #expect(program.call(.write, 9, program.text("ab"), 2) == 2)
    #expect(program.call(.ioctl, 0, 0x541b, program.address(page: 3)) == 0)
    #expect(try program.bytes(page: 3, count: 1) == [2])
    #expect(program.call(.closeRange, 2, 100, 0) == 0)
    #expect(program.call(.close, 9) == -9)
    #expect(program.call(.close, 1) == 0)
    #expect(program.call(.read, 0, program.address(page: 2), 9) == 2)
    #expect(program.call(.read, 0, program.address(page: 2), 9) == 0)
  }

  @Test func vectorsMoveOnlyWhatIsThere() throws {
    let program = try Program()
    program.call(.pipe2, program.address(page: 1), 0)
    let pieces = program.address(page: 2)
    var list: [UInt8] = []
    for piece in [program.text("abc", page: 3), program.text("defg", page: 4)] {
      var words = [UInt8](repeating: 0, count: 16)
      words.put(UInt64(piece), at: 0)
      words.put(UInt64(3), at: 8)
      list += words
    }
    program.put(list, page: 2)
    #expect(program.call(.writev, 1, pieces, 2) == 6)
    #expect(program.call(.read, 0, program.address(page: 5), 3) == 3)
    // The second piece would have to wait: the call is content with the first.
    #expect(program.call(.readv, 0, pieces, 2) == 3)
    #expect(try program.bytes(page: 3, count: 3) == Array("def".utf8))
    #expect(program.call(.readv, 0, pieces, 1025) == -22)
  }

  @Test func openFileLocksExcludeEachOther() throws {
    let program = try Program()
    program.call(.open, program.text("/f"), Self.readWriteCreate, 0o600)
    program.call(.open, program.text("/f"), 2)
    #expect(program.call(.flock, 0, 2) == 0)
    #expect(program.call(.flock, 1, 2 | 4) == -11)
    #expect(program.call(.close, 0) == 0)
    #expect(program.call(.flock, 1, 2 | 4) == 0)
    var lock = [UInt8](repeating: 0, count: 32)
    lock[0] = 1
    lock.put(Int64(10), at: 8)
    lock.put(Int64(5), at: 16)
    let address = program.put(lock, page: 1)
    #expect(program.call(.open, program.text("/f"), 2) == 0)
    #expect(program.call(.fcntl, 1, 37, address) == 0)
    #expect(program.call(.fcntl, 0, 37, address) == -11)
    #expect(program.call(.fcntl, 0, 6, address) == -11)
    #expect(program.call(.fcntl, 0, 5, address) == 0)
    #expect(try program.word(page: 1, offset: 8) == 10)
    #expect(try program.word(page: 1, offset: 16) == 5)
    #expect(try program.bytes(page: 1, count: 1) == [1])
    #expect(program.call(.close, 1) == 0)
    #expect(program.call(.fcntl, 0, 6, address) == 0)
  }

  @Test func sealsHold() throws {
    let program = try Program()
    #expect(program.call(.memfdCreate, program.text("m"), 2) == 0)
    #expect(program.call(.write, 0, program.text("abc"), 3) == 3)
    #expect(program.call(.fcntl, 0, 1033, 2 | 4) == 0)
    #expect(program.call(.fcntl, 0, 1034) == 6)
    #expect(program.call(.ftruncate, 0, 1) == -1)
    #expect(program.call(.ftruncate, 0, 9) == -1)
    #expect(program.call(.write, 0, program.text("abc"), 3) == -1)
    #expect(program.call(.pwrite64, 0, program.text("xy"), 2, 0) == 2)
    #expect(program.call(.fcntl, 0, 1033, 8) == 0)
    #expect(program.call(.pwrite64, 0, program.text("xy"), 2, 0) == -1)
  }

  @Test func filesAreCopiedInsideTheKernel() throws {
    let program = try Program()
    program.call(.open, program.text("/f"), Self.readWriteCreate, 0o600)
    let data = program.put((0..<60_000).map { UInt8(truncatingIfNeeded: $0) }, page: 8)
    for _ in 0..<3 { #expect(program.call(.write, 0, data, 60_000) == 60_000) }
    program.call(.open, program.text("/g"), Self.readWriteCreate, 0o600)
    program.put([100, 0, 0, 0, 0, 0, 0, 0], page: 2)
    #expect(program.call(.sendfile, 1, 0, program.address(page: 2), 1 << 30) == 179_900)
    #expect(try program.word(page: 2, offset: 0) == 180_000)
    #expect(program.call(.pread64, 1, program.address(page: 3), 1, 70_000) == 1)
    #expect(try program.bytes(page: 3, count: 1) == [UInt8(truncatingIfNeeded: 10_100)])
    #expect(program.call(.lseek, 0, 0, 0) == 0)
    #expect(program.call(.copyFileRange, 0, 0, 0, program.address(page: 2), 10, 0) == 10)
    #expect(program.call(.copyFileRange, 0, 0, 0, 0, 10, 0) == -22)
  }

  @Test func namedPipesMeet() throws {
    SpecialFiles.opener.value = NamedPipeOpener()
    defer { SpecialFiles.opener.value = nil }
    let program = try Program()
    #expect(program.call(.mknod, program.text("/p"), 0o010600, 0) == 0)
    #expect(program.call(.open, program.text("/p"), 1 | 0o4000) == -6)
    #expect(program.call(.open, program.text("/p"), 0o4000) == 0)
    #expect(program.call(.open, program.text("/p"), 1) == 1)
    #expect(program.call(.write, 1, program.text("x"), 1) == 1)
    #expect(program.call(.read, 0, program.address(page: 2), 5) == 1)
    #expect(program.call(.close, 1) == 0)
    #expect(program.call(.read, 0, program.address(page: 2), 5) == 0)
  }

  @Test func pollingFindsWhatIsReady() throws {
    let program = try Program()
    program.call(.pipe2, program.address(page: 1), 0o4000)
    let entries: [UInt8] = [
      0, 0, 0, 0, 1, 0, 9, 9, 1, 0, 0, 0, 4, 0, 9, 9, 77, 0, 0, 0, 1, 0, 9, 9,
      255, 255, 255, 255, 1, 0, 9, 9,
    ]
    let polls = program.put(entries, page: 2)
    #expect(program.call(.poll, polls, 4, 0) == 2)
    let seen = try program.bytes(page: 2, count: 32)
    #expect(seen[6] == 0 && seen[14] == 4 && seen[22] == 0x20 && seen[30] == 0)
    program.put([0b11, 0, 0, 0, 0, 0, 0, 0], page: 3)
    program.put([0b10, 0, 0, 0, 0, 0, 0, 0], page: 4)
    program.put([UInt8](repeating: 0, count: 16), page: 5)
    let (reads, writes) = (program.address(page: 3), program.address(page: 4))
    #expect(program.call(.select, 2, reads, writes, 0, program.address(page: 5)) == 1)
    #expect(try program.word(page: 3, offset: 0) == 0)
    #expect(try program.word(page: 4, offset: 0) == 2)
    program.put([0, 0, 1, 0, 0, 0, 0, 0], page: 3)
    #expect(program.call(.select, 20, reads, 0, 0, program.address(page: 5)) == -9)
    #expect(program.call(.epollCreate1, 0) == 2)
    program.put([1, 0, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0], page: 6)
    #expect(program.call(.epollCtl, 2, 1, 0, program.address(page: 6)) == 0)
    #expect(program.call(.epollCtl, 2, 1, 0, program.address(page: 6)) == -17)
    #expect(program.call(.epollCtl, 2, 1, 2, program.address(page: 6)) == -22)
    #expect(program.call(.epollWait, 2, program.address(page: 7), 8, 0) == 0)
    #expect(program.call(.write, 1, program.text("x"), 1) == 1)
    #expect(program.call(.epollWait, 2, program.address(page: 7), 8, 1000) == 1)
    #expect(try program.bytes(page: 7, count: 5) == [1, 0, 0, 0, 42])
    #expect(program.call(.open, program.text("/f"), Self.readWriteCreate, 0o600) == 3)
    #expect(program.call(.epollCtl, 2, 1, 3, program.address(page: 6)) == -1)
  }
}

/// Opens named pipes, as an image does.
private final class NamedPipeOpener: SpecialFileOpener {
  func open(_ node: Node, _ flags: OpenFlags) throws(SystemError) -> OpenFile {
    try NamedPipes.open(node, flags: flags)
  }
}
