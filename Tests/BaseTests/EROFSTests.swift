// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import EROFS
import Foundation
import Synchronization
import Testing

/// An archive made by `mkfs.erofs` from files that the test knows.
struct ErofsSample {
  /// What is at each path: contents of files, targets of links, nil for directories.
  var contents: [String: [UInt8]?] = ["": nil as [UInt8]?]
  var bytes: [UInt8] = []

  static let tool = ["/usr/bin/mkfs.erofs", "/sbin/mkfs.erofs", "/usr/sbin/mkfs.erofs"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// Sizes around the end of a block, a directory of several blocks, long names, links.
  init(options: [String]) throws {
    let folder = NSTemporaryDirectory() + "erofs-\(UUID().uuidString)"
    let files = FileManager.default
    try files.createDirectory(atPath: folder + "/root", withIntermediateDirectories: true)
    defer { try? files.removeItem(atPath: folder) }
    var generator = SeededGenerator(seed: 1)
    func add(_ path: String, _ count: Int) throws {
      let data = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
      try Data(data).write(to: URL(fileURLWithPath: "\(folder)/root/\(path)"))
      contents[path] = .some(data)
    }
    for name in ["many", "many/deep", "empty"] {
      try files.createDirectory(
        atPath: "\(folder)/root/\(name)", withIntermediateDirectories: true)
      contents[name] = .some(nil)
    }
    for count in [0, 1, 100, 3000, 4095, 4096, 4097, 8191, 8192, 20000] {
      try add("size\(count)", count)
    }
    for number in 0..<700 { try add("many/name\(number * 7919 % 1009)-\(number)", 3) }
    try add("many/" + String(repeating: "n", count: 254), 10)
    try files.createSymbolicLink(atPath: "\(folder)/root/link", withDestinationPath: "many/deep")
    contents["link"] = .some(Array("many/deep".utf8))
    try files.linkItem(atPath: "\(folder)/root/size100", toPath: "\(folder)/root/hard")
    contents["hard"] = contents["size100"]
    try files.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_600_000_000.25)],
      ofItemAtPath: "\(folder)/root/size1")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.tool ?? "")
    process.arguments = options + ["--quiet", "\(folder)/image", "\(folder)/root"]
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/image")))
  }
}

/// What the reader makes of an archive.
struct ErofsReading {
  let bytes: [UInt8]

  /// The node at a path, by look-ups.
  func inode(_ path: String) throws -> ErofsInode? {
    let span = RawSpan(_elements: bytes.span)
    let archive = try ErofsArchive(span)
    var inode = try archive.inode(archive.root, in: span)
    for name in path.split(separator: "/") {
      let name = Array(name.utf8)
      guard
        let entry = try archive.find(RawSpan(_elements: name.span), in: inode, of: span)
      else { return nil }
      inode = try archive.inode(entry.inode, in: span)
    }
    return inode
  }

  func contents(of inode: ErofsInode) throws -> [UInt8] {
    let archive = try ErofsArchive(RawSpan(_elements: bytes.span))
    var result: [UInt8] = []
    var index = 0
    while let block = archive.block(index, of: inode) {
      result += bytes[block.start..<block.start + block.byteCount]
      index += 1
    }
    return result
  }

  func names(of inode: ErofsInode) throws -> [String] {
    let span = RawSpan(_elements: bytes.span)
    let archive = try ErofsArchive(span)
    var result: [String] = []
    var position: UInt64 = 0
    while let (entry, next) = try archive.entry(at: position, of: inode, in: span) {
      let name = bytes[entry.nameStart..<entry.nameStart + entry.nameByteCount]
      result.append(String(decoding: name, as: UTF8.self))
      #expect(next > position)
      position = next
      // A hostile directory has no more entries than its bytes have room for.
      try #require(result.count <= bytes.count / 12)
    }
    return result
  }

  /// Walks everything that can be reached, as far as errors let it; returns how many nodes.
  func survey() -> Int {
    guard let root = try? inode("") else { return 0 }
    var queue = [root]
    var seen: Set<UInt64> = [root.number]
    var count = 0
    let span = RawSpan(_elements: bytes.span)
    guard let archive = try? ErofsArchive(span) else { return 0 }
    while let inode = queue.popLast() {
      count += 1
      guard inode.kind == 0x4000 else {
        _ = try? contents(of: inode)
        continue
      }
      var position: UInt64 = 0
      var entries = 0
      while entries < 2000,
        let (entry, next) = (try? archive.entry(at: position, of: inode, in: span)) ?? nil
      {
        position = next
        entries += 1
        let name = Array(bytes[entry.nameStart..<entry.nameStart + entry.nameByteCount])
        _ = try? archive.find(RawSpan(_elements: name.span), in: inode, of: span)
        if seen.insert(entry.inode).inserted,
          let found = try? archive.inode(entry.inode, in: span)
        {
          queue.append(found)
        }
      }
    }
    return count
  }
}

@Suite(.enabled(if: ErofsSample.tool != nil, "mkfs.erofs is not installed (erofs-utils)"))
struct EROFSTests {
  static let plain = ["-x-1", "-Enoinline_data"]
  static let inline = ["-x-1"]
  static let attributes = ["--all-root", "--preserve-mtime"]
  private static let samples = Mutex<[[String]: ErofsSample]>([:])

  /// The archive made with these options, once.
  static func sample(_ options: [String]) throws -> ErofsSample {
    try samples.withLock { samples in
      if let sample = samples[options] { return sample }
      let made = try ErofsSample(options: options)
      samples[options] = made
      return made
    }
  }

  @Test func timesAreExact() throws {
    let reading = ErofsReading(bytes: try Self.sample(Self.plain).bytes)
    let inode = try #require(try reading.inode("size1"))
    #expect(inode.modified == 1_600_000_000_250_000_000)
  }

  @Test(arguments: [plain, inline, attributes])
  func readsBackEveryFile(_ options: [String]) throws {
    let sample = try Self.sample(options)
    let reading = ErofsReading(bytes: sample.bytes)
    for (path, expected) in sample.contents {
      let inode = try #require(try reading.inode(path), "no \(path)")
      guard let expected else {
        #expect(inode.kind == 0x4000)
        let prefix = path.isEmpty ? "" : path + "/"
        let children = sample.contents.keys.filter {
          $0.hasPrefix(prefix) && $0 != path && !$0.dropFirst(prefix.count).contains("/")
        }.map { String($0.dropFirst(prefix.count)) }
        #expect(try Set(reading.names(of: inode)) == Set(children + [".", ".."]))
        #expect(try reading.names(of: inode).count == children.count + 2)
        continue
      }
      #expect(inode.byteCount == expected.count)
      #expect(try reading.contents(of: inode) == expected, "\(path) differs")
    }
    #expect(try reading.inode("link")?.kind == 0xa000)
    #expect(try reading.inode("hard")?.number == reading.inode("size100")?.number)
    #expect(try reading.inode("hard")?.linkCount == 2)
  }

  @Test func findsNoNameThatIsAbsent() throws {
    let reading = ErofsReading(bytes: try Self.sample(Self.inline).bytes)
    for name in [
      "a", "many0", "zzz", "many/name", "many/name1009-",
      "many/~", "empty/x", "many/!",
    ] {
      #expect(try reading.inode(name) == nil, "found \(name)")
    }
  }

  @Test func wholeBlocksBeginAtPageBoundaries() throws {
    let sample = try Self.sample(Self.plain)
    let reading = ErofsReading(bytes: sample.bytes)
    let archive = try ErofsArchive(RawSpan(_elements: sample.bytes.span))
    let inode = try #require(try reading.inode("size20000"))
    for index in 0..<5 {
      #expect(try #require(archive.block(index, of: inode)).start % 4096 == 0)
    }
  }

  @Test func refusesWhatItCannotRead() throws {
    let good = try Self.sample(Self.inline).bytes
    func expect(_ error: ErofsError, _ change: (inout [UInt8]) -> Void) {
      var bytes = good
      change(&bytes)
      #expect(throws: error) { try ErofsArchive(RawSpan(_elements: bytes.span)) }
    }
    expect(.truncated) { $0.removeLast($0.count - 1000) }
    expect(.truncated) { $0.removeLast(4096) }
    expect(.notErofs) { $0[1024] ^= 1 }
    expect(.unsupportedBlockSize) { $0[1024 + 12] = 16 }
    expect(.unsupportedFeature) { $0[1024 + 80] |= 4 }
    expect(.badChecksum) { $0[1024 + 48] ^= 1 }
    expect(.badChecksum) { $0[1024 + 4] ^= 1 }
  }
}
