// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Foundation
import Frames
import Machine
import Memory
import RootFS
import VFS

/// A root file system with a name space, and a piece of program memory to read into and write from.
final class FileFixture {
  let frames: FrameAllocator
  let system: RootFileSystem
  let namespace: Namespace
  private let space: AddressSpace
  private let memory: VirtualAddress
  private static let memoryByteCount = 64 * pageSize

  /// Runs `body` with a fresh fixture, alone on the simulated processor.
  static func run(
    archive: [UInt8]? = nil, frameCount: Int = 2048, _ body: (FileFixture) throws -> Void
  ) throws {
    try SimulatedProcessor.withExclusiveUse {
      try body(FileFixture(archive: archive, frameCount: frameCount))
    }
  }

  private init(archive: [UInt8]?, frameCount: Int) throws {
    let first = SimulatedMemory.reserveFrames(frameCount).rawValue
    let end = first + UInt32(frameCount)
    let pages = (FrameAllocator.metadataByteCount(upTo: end) + pageSize - 1) / pageSize
    frames = FrameAllocator(
      metadata: HeapMemory(frame: SimulatedMemory.reserveFrames(pages), count: pages),
      ranges: [FrameAllocator.Range(first: first, end: end)], reserve: 0)
    let tables = PageTables(frames: frames)!
    space = AddressSpace(tables: tables, frames: frames)
    space.activate()
    PageTables.current.value = tables
    memory = try space.map(
      MapRequest(byteCount: Self.memoryByteCount, permissions: .readWrite))
    if let archive {
      let count = (archive.count + pageSize - 1) / pageSize
      let frame = SimulatedMemory.reserveFrames(count)
      FrameMemory.withMutableBytes(of: frame, count: count) {
        $0.copy(archive.span.bytes)
      }
      system = try RootFileSystem(
        archive: FrameMemory.permanentBytes(of: frame.start, byteCount: archive.count),
        firstFrame: frame, frames: frames, deviceNumber: 1)
    } else {
      system = RootFileSystem(frames: frames, deviceNumber: 1)
    }
    namespace = Namespace(root: try system.root())
    // The buffer's own pages are there before frames are counted.
    try UserBuffer(start: memory, count: Self.memoryByteCount)
      .zero(at: 0, count: Self.memoryByteCount)
  }

  // MARK: Files

  func read(_ file: OpenFile, _ count: Int, at offset: Int64? = nil) throws -> [UInt8] {
    let buffer = UserBuffer(start: memory + 5, count: count)
    let done = try file.read(into: buffer, at: offset)
    var bytes = [UInt8](repeating: 0, count: done)
    var elements = bytes.mutableSpan
    var raw = elements.mutableBytes
    try UserBuffer(start: memory + 5, count: done).copyIn(into: &raw)
    return bytes
  }

  @discardableResult
  func write(_ file: OpenFile, _ bytes: [UInt8], at offset: Int64? = nil) throws -> Int {
    let buffer = UserBuffer(start: memory + 3, count: bytes.count)
    try buffer.copyOut(bytes.span.bytes)
    return try file.write(from: buffer, at: offset)
  }

  /// Maps a source to be read.
  func map(_ source: PageSource, byteCount: Int) throws -> VirtualAddress {
    var request = MapRequest(byteCount: roundedUp(byteCount, to: pageSize), permissions: .read)
    request.content = .source(source, firstPage: 0)
    return try space.map(request)
  }

  /// What the kernel finds in the program's memory.
  func copyIn(_ start: VirtualAddress, _ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var elements = bytes.mutableSpan
    var raw = elements.mutableBytes
    try UserBuffer(start: start, count: count).copyIn(into: &raw)
    return bytes
  }

  /// All of a file, from its start.
  func contents(_ file: OpenFile) throws -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let piece = try read(file, 60_000, at: Int64(all.count))
      if piece.isEmpty { return all }
      all += piece
    }
  }

  // MARK: Paths

  func lookup(_ path: String, followsLast: Bool = true) throws -> Node {
    let bytes = Array(path.utf8)
    return try namespace.lookup(bytes.span.bytes, followsLast: followsLast)
  }

  func open(_ path: String, _ flags: OpenFlags = .readWrite) throws -> OpenFile {
    try lookup(path).open(flags)
  }

  /// Calls `body` with the directory and the last name of a path.
  func at<R>(_ path: String, _ body: (Node, RawSpan) throws -> R) throws -> R {
    let bytes = Array(path.utf8)
    let place = try namespace.place(bytes.span.bytes)
    return try body(place.directory, bytes.span.bytes.extracting(place.name))
  }

  @discardableResult
  func make(_ path: String, _ kind: FileKind = .regular) throws -> Node {
    try at(path) { try $0.make($1, kind, permissionBits: 0o644, device: 0) }
  }

  func link(_ path: String, to target: String) throws {
    let bytes = Array(target.utf8)
    _ = try at(path) { try $0.makeLink($1, to: bytes.span.bytes) }
  }

  func hardLink(_ path: String, to old: String) throws {
    let node = try lookup(old, followsLast: false)
    try at(path) { try $0.link($1, node) }
  }

  func remove(_ path: String, directory: Bool = false) throws {
    try at(path) { try $0.remove($1, directory: directory) }
  }

  func rename(_ path: String, _ newPath: String, _ mode: RenameMode = .replace) throws {
    let new = Array(newPath.utf8)
    try at(path) {
      let place = try namespace.place(new.span.bytes)
      try $0.rename($1, to: place.directory, new.span.bytes.extracting(place.name), mode)
    }
  }

  func names(_ path: String) throws -> [String] {
    let directory = try lookup(path)
    var names: [String] = []
    var cookie: UInt64 = 0
    while let entry = try directory.entry(from: cookie) {
      precondition(entry.next > cookie, "a listing that does not go on")
      cookie = entry.next
      names.append(String(decoding: entry.name, as: UTF8.self))
    }
    return names
  }
}

/// Makes a root archive of the files in `contents` (nil: a directory), or nil when `mkfs.erofs` is
/// not installed. `links` are symbolic, `hardLinks` are not.
func makeArchive(
  _ contents: [(String, [UInt8]?)], links: [String: String] = [:],
  hardLinks: [String: String] = [:]
) throws -> [UInt8]? {
  let files = FileManager.default
  let tools = ["/usr/bin/mkfs.erofs", "/sbin/mkfs.erofs", "/usr/sbin/mkfs.erofs"]
  guard let tool = tools.first(where: { files.isExecutableFile(atPath: $0) }) else { return nil }
  let folder = NSTemporaryDirectory() + "files-\(UUID().uuidString)"
  defer { try? files.removeItem(atPath: folder) }
  try files.createDirectory(atPath: "\(folder)/root", withIntermediateDirectories: true)
  for (path, data) in contents {
    let full = "\(folder)/root/\(path)"
    if let data {
      try Data(data).write(to: URL(fileURLWithPath: full))
    } else {
      try files.createDirectory(atPath: full, withIntermediateDirectories: true)
    }
  }
  for (path, target) in links {
    try files.createSymbolicLink(
      atPath: "\(folder)/root/\(path)", withDestinationPath: target)
  }
  for (path, target) in hardLinks {
    try files.linkItem(atPath: "\(folder)/root/\(target)", toPath: "\(folder)/root/\(path)")
  }
  let process = Process()
  process.executableURL = URL(fileURLWithPath: tool)
  process.arguments = [
    "-x-1", "-Enoinline_data", "--all-root", "--preserve-mtime", "--quiet", "\(folder)/image",
    "\(folder)/root",
  ]
  process.standardOutput = FileHandle.nullDevice
  process.standardError = FileHandle.nullDevice
  try process.run()
  process.waitUntilExit()
  return [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/image")))
}
