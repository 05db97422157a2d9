// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine
import Memory
import Testing
import VFS

@Suite struct RootFSTests {
  private static func data(_ count: Int, _ seed: Int) -> [UInt8] {
    var generator = SeededGenerator(seed: UInt64(seed))
    return (0..<count).map { _ in UInt8.random(in: 1...255, using: &generator) }
  }

  /// Runs `body` over an archive, or not at all where there is no mkfs.erofs.
  private func withArchive(_ body: (FileFixture) throws -> Void) throws {
    let archive = try makeArchive(
      [
        ("etc", nil), ("etc/big", Self.data(20_000, 1)), ("etc/small", Self.data(100, 2)),
        ("etc/page", Self.data(4096, 3)), ("usr", nil), ("usr/lib", nil),
        ("usr/lib/x", Self.data(10, 4)),
      ], links: ["lib": "usr/lib"], hardLinks: ["etc/same": "etc/small"])
    guard let archive else { return }
    try FileFixture.run(archive: archive, body)
  }

  @Test func readsTheArchiveInPlace() throws {
    try withArchive { test in
      let before = test.frames.freeCount
      let file = try test.open("etc/big")
      #expect(try test.contents(file) == Self.data(20_000, 1))
      #expect(try test.read(file, 1, at: 4096) == [Self.data(20_000, 1)[4096]])
      #expect(try test.read(file, 100, at: 19_990).count == 10)
      #expect(try test.read(file, 100, at: 20_000).isEmpty)
      #expect(try test.contents(test.open("lib/x")) == Self.data(10, 4))
      let page = try test.lookup("etc/big").pageSource().page(at: 2, forWriting: false)
      #expect(page.isPermanent)
      #expect(test.frames.freeCount == before, "reading took memory")
    }
  }

  @Test func sizesAreThoseOfADisk() throws {
    try withArchive { test in
      let directory = try test.lookup("etc")
      #expect(directory.byteCount == 4096, "whole blocks")
      #expect(directory.blockCount == 8)
      let new = try test.make("new", .directory)
      #expect(new.byteCount == 4096, "at least one")
      let small = try test.lookup("etc/small")
      #expect(small.blockCount == 8)
      let big = try test.lookup("etc/big")
      #expect(big.blockCount == 40)
      let link = try test.lookup("lib", followsLast: false)
      #expect(link.blockCount == 0)
    }
  }

  @Test func copiesAPageWhenItIsWritten() throws {
    try withArchive { test in
      let before = test.frames.freeCount
      let file = try test.open("etc/big")
      try test.write(file, [1, 2, 3], at: 5000)
      #expect(test.frames.freeCount == before - 1)
      var expected = Self.data(20_000, 1)
      expected.replaceSubrange(5000..<5003, with: [1, 2, 3])
      #expect(try test.contents(test.open("/etc/big")) == expected)
      let source = try test.lookup("etc/big").pageSource()
      let page = try source.page(at: 1, forWriting: false)
      #expect(!page.isPermanent)
      #expect(FrameMemory.withBytes(of: page.frame) { $0.byte(at: 5001 - 4096) } == 2)
      #expect(try source.page(at: 0, forWriting: false).isPermanent)
    }
  }

  @Test func hardLinksOfTheArchiveAreOneFile() throws {
    try withArchive { test in
      let small = try test.lookup("etc/small")
      #expect(try test.lookup("etc/same") === small)
      #expect(small.linkCount == 2)
      try test.write(test.open("etc/same"), [9], at: 0)
      #expect(try test.contents(test.open("etc/small"))[0] == 9)
      try test.remove("etc/small")
      #expect(try test.lookup("etc/same").linkCount == 1)
    }
  }

  @Test func whatIsTruncatedNeverComesBack() throws {
    try withArchive { test in
      let file = try test.open("etc/big")
      for size in [5000, 4096, 100, 0] {
        try file.node.truncate(to: Int64(size))
        try file.node.truncate(to: 20_000)
        let expected =
          Self.data(20_000, 1)[..<size] + [UInt8](repeating: 0, count: 20_000 - size)
        #expect(try test.contents(file) == Array(expected), "cut at \(size)")
      }
    }
  }

  @Test func removedNamesStayRemoved() throws {
    try withArchive { test in
      try test.remove("etc/small")
      #expect(throws: SystemError.noSuchFile) { try test.lookup("etc/small") }
      #expect(try test.names("etc").sorted() == ["big", "page", "same"])
      try test.make("etc/small")
      #expect(try test.contents(test.open("etc/small")).isEmpty)
      #expect(try test.names("etc").sorted() == ["big", "page", "same", "small"])
      try test.remove("etc/small")
      #expect(throws: SystemError.noSuchFile) { try test.lookup("etc/small") }
      #expect(throws: SystemError.directoryNotEmpty) { try test.remove("usr", directory: true) }
      try test.remove("usr/lib/x")
      try test.remove("usr/lib", directory: true)
      #expect(throws: SystemError.noSuchFile) { try test.lookup("lib") }
    }
  }

  @Test func openFilesOutliveTheirNames() throws {
    try FileFixture.run { test in
      let before = test.frames.freeCount
      do {
        try test.make("f")
        let file = try test.open("f")
        try test.write(file, Self.data(9000, 5))
        try test.remove("f")
        #expect(file.node.linkCount == 0)
        #expect(try test.contents(file) == Self.data(9000, 5))
        #expect(test.frames.freeCount == before - 3)
      }
      #expect(test.frames.freeCount == before, "a removed file kept its memory")
    }
  }

  @Test func manyTemporaryNamesTakeNoMemory() throws {
    try FileFixture.run { test in
      try test.make("tmp", .directory)
      for number in 0..<3000 {
        try test.make("tmp/t\(number)")
        try test.remove("tmp/t\(number)")
      }
      let directory = try test.lookup("tmp")
      #expect(directory.byteCount < 10_000, "names that are gone are kept")
    }
  }

  @Test func aFullMemoryIsAFullDisk() throws {
    try FileFixture.run(frameCount: 200) { test in
      try test.make("f")
      let file = try test.open("f")
      var written = 0
      #expect(throws: SystemError.noSpace) {
        while true { written += try test.write(file, Self.data(8192, 1)) }
      }
      #expect(file.node.byteCount == Int64(written))
      #expect(test.frames.freeCount == test.frames.totalCount / 16, "the program's part is left")
      try file.node.truncate(to: 0)
      try test.write(file, [1])
    }
  }

  @Test func farOffsetsCostLittle() throws {
    try FileFixture.run { test in
      try test.make("f")
      let file = try test.open("f")
      let before = test.frames.freeCount
      try test.write(file, [7], at: 1 << 34)
      #expect(file.node.byteCount == 1 << 34 + 1)
      #expect(test.frames.freeCount == before - 1)
      #expect(try test.read(file, 2, at: 1 << 34) == [7])
      #expect(try test.read(file, 2, at: 1 << 33) == [0, 0])
      #expect(try file.seek(0, .data) == 1 << 34)
      #expect(try file.seek(1 << 34, .hole) == 1 << 34 + 1)
      #expect(throws: SystemError.self) { try test.write(file, [7], at: .max - 1) }
      #expect(throws: SystemError.self) { try test.write(file, [7], at: 1 << 60) }
    }
  }

  @Test func seeksAsPosixSays() throws {
    try FileFixture.run { test in
      try test.make("f")
      let file = try test.open("f")
      try test.write(file, Array("hello".utf8))
      #expect(try file.seek(0, .current) == 5)
      #expect(try file.seek(-2, .end) == 3)
      #expect(try test.read(file, 10) == Array("lo".utf8))
      #expect(throws: SystemError.invalidArgument) { try file.seek(-1, .start) }
      #expect(try file.seek(100, .start) == 100)
      #expect(try test.read(file, 10).isEmpty)
      #expect(try file.seek(0, .data) == 0)
      #expect(try file.seek(2, .hole) == 5)
      #expect(throws: SystemError.noSuchDeviceAddress) { try file.seek(5, .data) }
      file.flags = [.readWrite, .append]
      _ = try file.seek(0, .start)
      try test.write(file, Array("!".utf8))
      #expect(try test.contents(file) == Array("hello!".utf8))
      #expect(file.position == 6)
    }
  }

  @Test func readingNotesTheAccessOncePerChange() throws {
    try FileFixture.run { test in
      try test.make("f")
      let file = try test.open("f")
      try test.write(file, [1, 2, 3])
      let node = file.node
      node.accessed = node.modified - 1
      _ = try test.read(file, 3, at: 0)
      let first = node.accessed
      #expect(first >= node.modified)
      _ = try test.read(file, 3, at: 0)
      #expect(node.accessed == first)
    }
  }

  @Test func listingsSurviveChanges() throws {
    try withArchive { test in
      for number in 0..<50 { try test.make("etc/new\(number)") }
      let directory = try test.lookup("etc")
      var seen: [String] = []
      var cookie: UInt64 = 0
      var step = 0
      while let entry = try directory.entry(from: cookie) {
        cookie = entry.next
        let name = String(decoding: entry.name, as: UTF8.self)
        seen.append(name)
        // As `rm -r` does; and new names appear meanwhile.
        try test.remove("etc/\(name)")
        step += 1
        if step < 10 { try test.make("etc/late\(step)") }
      }
      #expect(Set(seen).count == seen.count, "a name was listed twice")
      #expect(Set(seen).isSuperset(of: ["big", "small", "same", "page"]))
      #expect((0..<50).allSatisfy { seen.contains("new\($0)") })
      #expect(try test.names("etc").isEmpty)
    }
  }
}
