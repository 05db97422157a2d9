// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Foundation
import Testing
import VFS

/// The same random operations on a root file system and on a folder of the host; results, errors
/// and trees must be the same.
@Suite struct RootFSModelTests {
  private static let errors: [(SystemError, Int32)] = [
    (.noSuchFile, ENOENT), (.fileExists, EEXIST), (.notDirectory, ENOTDIR),
    (.isDirectory, EISDIR), (.directoryNotEmpty, ENOTEMPTY), (.invalidArgument, EINVAL),
    (.notPermitted, EPERM), (.busy, EBUSY), (.tooManyLinksInPath, ELOOP),
  ]

  /// Runs one operation on both; both must succeed or fail for the same reason.
  private func both(
    _ what: String, _ ours: () throws -> Void, _ theirs: () -> Int32
  ) -> Bool {
    var mine: Int32 = 0
    do { try ours() } catch {
      let found = Self.errors.first { $0.0 == error as? SystemError }
      mine = found?.1 ?? -1
    }
    errno = 0
    let host = theirs() == 0 ? 0 : errno
    #expect(mine == host, "\(what): here \(mine), on the host \(host)")
    return mine == host
  }

  private static let names = ["a", "b", "c", "d"]

  private func path(_ generator: inout SeededGenerator) -> String {
    (0..<Int.random(in: 1...3, using: &generator)).map { _ in
      Self.names.randomElement(using: &generator)!
    }.joined(separator: "/")
  }

  /// What a tree looks like: a line for each name.
  private func tree(_ test: FileFixture, _ prefix: String = "") throws -> [String] {
    var lines: [String] = []
    for name in try test.names("/" + prefix) {
      let path = prefix + name
      let node = try test.lookup("/" + path, followsLast: false)
      switch node.kind {
      case .directory:
        lines.append("\(path)/ \(node.linkCount)")
        lines += try tree(test, path + "/")
      case .symbolicLink:
        lines.append("\(path) -> \(String(decoding: try node.readLink(), as: UTF8.self))")
      default:
        let contents = try test.contents(node.open(.readWrite))
        lines.append("\(path) \(node.linkCount) \(node.byteCount) \(contents.hashValue)")
      }
    }
    return lines.sorted()
  }

  private func hostTree(_ folder: String, _ prefix: String = "") throws -> [String] {
    var lines: [String] = []
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(prefix)") {
      let path = prefix + name
      var status = stat()
      lstat("\(folder)/\(path)", &status)
      switch status.st_mode & S_IFMT {
      case S_IFDIR:
        lines.append("\(path)/ \(try links(folder, path))")
        lines += try hostTree(folder, path + "/")
      case S_IFLNK:
        let target = try FileManager.default.destinationOfSymbolicLink(
          atPath: "\(folder)/\(path)")
        lines.append("\(path) -> \(target)")
      default:
        let contents = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(path)")))
        lines.append("\(path) \(status.st_nlink) \(status.st_size) \(contents.hashValue)")
      }
    }
    return lines.sorted()
  }

  /// Not every file system of a host counts a directory's links: two, and one a subdirectory.
  private func links(_ folder: String, _ path: String) throws -> Int {
    let children = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/\(path)")
    return 2
      + children.count { name in
        var status = stat()
        lstat("\(folder)/\(path)/\(name)", &status)
        return status.st_mode & S_IFMT == S_IFDIR
      }
  }

  private func step(
    _ test: FileFixture, _ folder: String, _ generator: inout SeededGenerator
  ) -> Bool {
    let one = path(&generator)
    let two = path(&generator)
    let host = "\(folder)/\(one)"
    let other = "\(folder)/\(two)"
    switch Int.random(in: 0..<12, using: &generator) {
    case 0, 1:
      return both("create \(one)", { try test.make(one) }) {
        let descriptor = open(host, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW, 0o644)
        return descriptor < 0 ? -1 : close(descriptor)
      }
    case 2, 3:
      return both("mkdir \(one)", { try test.make(one, .directory) }) { mkdir(host, 0o755) }
    case 4:
      return both("unlink \(one)", { try test.remove(one) }) { unlink(host) }
    case 5:
      return both("rmdir \(one)", { try test.remove(one, directory: true) }) { rmdir(host) }
    case 6, 7:
      return both("rename \(one) \(two)", { try test.rename(one, two) }) {
        rename(host, other)
      }
    case 8:
      return both("link \(one) \(two)", { try test.hardLink(two, to: one) }) { link(host, other) }
    case 9:
      // Relative to the link's own folder; often to nothing, sometimes in a circle.
      return both("symlink \(one) to \(two)", { try test.link(one, to: two) }) {
        symlink(two, host)
      }
    case 10:
      let size = Int64.random(in: 0..<20_000, using: &generator)
      return both("truncate \(one)", { try test.lookup(one).truncate(to: size) }) {
        truncate(host, Int(size))
      }
    default:
      let offset = Int64.random(in: 0..<20_000, using: &generator)
      let count = Int.random(in: 1..<9000, using: &generator)
      let data = [UInt8](repeating: UInt8.random(in: 1...255, using: &generator), count: count)
      return both("write \(one)") {
        let node = try test.lookup(one)
        if node.isDirectory { throw SystemError.isDirectory }
        try test.write(node.open(.readWrite), data, at: offset)
      } _: {
        let descriptor = open(host, O_RDWR)
        guard descriptor >= 0 else { return -1 }
        defer { close(descriptor) }
        return pwrite(descriptor, data, count, Int(offset)) == count ? 0 : -1
      }
    }
  }

  @Test(arguments: 0..<12) func behavesAsTheHost(_ seed: Int) throws {
    let folder = NSTemporaryDirectory() + "model-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var generator = SeededGenerator(seed: UInt64(seed))
    // Half of the runs begin with a tree that lies in the archive.
    var archive: [UInt8]?
    var start: [(String, [UInt8]?)] = []
    if seed % 2 == 0 {
      start = [
        ("a", nil), ("a/a", nil), ("a/b", [UInt8](repeating: 7, count: 6000)), ("b", nil),
        ("b/c", [1, 2, 3]), ("a/a/d", []), ("c", [UInt8](repeating: 9, count: 4096)),
      ]
      archive = try makeArchive(start)
      if archive == nil { return }
    }
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    for (path, data) in start {
      if let data {
        try Data(data).write(to: URL(fileURLWithPath: "\(folder)/\(path)"))
      } else {
        try FileManager.default.createDirectory(
          atPath: "\(folder)/\(path)", withIntermediateDirectories: false)
      }
    }
    try FileFixture.run(archive: archive) { test in
      for round in 0..<400 {
        guard step(test, folder, &generator) else { return }
        if round % 40 == 39 { #expect(try tree(test) == hostTree(folder)) }
      }
      let count = try tree(test).count
      #expect(count > 1, "nothing was made, so nothing was tested")
    }
  }

  @Test func aFileThatIsGoneGivesItsMemoryBack() throws {
    try FileFixture.run { test in
      var generator = SeededGenerator(seed: 99)
      let before = test.frames.freeCount
      for _ in 0..<400 {
        let name = Self.names.randomElement(using: &generator)!
        if (try? test.lookup(name)) == nil { try test.make(name) }
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: try test.remove(name)
        case 1:
          try test.lookup(name).truncate(to: Int64.random(in: 0..<50_000, using: &generator))
        default:
          try test.write(
            test.open(name), [1, 2, 3], at: Int64.random(in: 0..<50_000, using: &generator))
        }
      }
      for name in try test.names("/") { try test.remove(name) }
      #expect(test.frames.freeCount == before)
    }
  }
}
