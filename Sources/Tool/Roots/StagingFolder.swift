// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// The folder in which a root is put together.
///
/// Paths are guest paths: a symbolic link that an earlier layer brought is followed inside the
/// folder and never out of it, whatever it says. Existing files are replaced, never written to,
/// because they may be shared with the cache.
struct StagingFolder {
  /// The host path.
  let root: String

  private static let linkLimit = 40

  /// The host path of `path` with every link followed, or nil when it does not exist.
  func resolve(_ path: String) -> String? {
    guard let parts = walk(Self.parts(path), creating: false) else { return nil }
    return host(parts)
  }

  /// Copies the contents of a host folder over what is there.
  func merge(_ folder: String, origin: String) throws {
    try merge(folder, into: [], origin: origin)
  }

  /// Puts one host file at a guest path.
  func put(_ file: String, at path: String, mode: UInt16? = nil) throws {
    var parts = Self.parts(path)
    let name = parts.popLast() ?? ""
    let target = "\(host(try folder(parts)))/\(name)"
    try copyFile(file, to: target, origin: file)
    if let mode { chmod(target, mode_t(mode)) }
  }

  /// Writes a file of the tool's own.
  func write(_ text: String, at path: String, mode: UInt16 = 0o644) throws {
    var parts = Self.parts(path)
    let name = parts.popLast() ?? ""
    let target = "\(host(try folder(parts)))/\(name)"
    try clear(target)
    guard FileManager.default.createFile(atPath: target, contents: Data(text.utf8)) else {
      throw failure("cannot write the file", target)
    }
    chmod(target, mode_t(mode))
  }

  /// Makes a folder with its parents.
  func makeFolder(_ path: String, mode: UInt16 = 0o755) throws {
    chmod(host(try folder(Self.parts(path))), mode_t(mode))
  }

  /// Makes a symbolic link, in place of what was there.
  func link(_ path: String, to target: String) throws {
    var parts = Self.parts(path)
    let name = parts.popLast() ?? ""
    let place = "\(host(try folder(parts)))/\(name)"
    try clear(place)
    guard symlink(target, place) == 0 else { throw failure("cannot make the link", place) }
  }

  static func parts(_ path: String) -> [String] {
    path.split(separator: "/").map(String.init)
  }

  private func host(_ parts: [String]) -> String {
    parts.isEmpty ? root : root + "/" + parts.joined(separator: "/")
  }

  private func folder(_ parts: [String]) throws -> [String] {
    guard let found = walk(parts, creating: true) else {
      throw ToolError("too many symbolic links", at: "/" + parts.joined(separator: "/"))
    }
    return found
  }

  /// Follows `path` as the guest would, from the staging folder as its root.
  private func walk(_ path: [String], creating: Bool) -> [String]? {
    var done: [String] = []
    var pending = Array(path.reversed())
    var links = 0
    while let part = pending.popLast() {
      if part == "." { continue }
      if part == ".." {
        _ = done.popLast()
        continue
      }
      let here = host(done + [part])
      switch kind(here) {
      case S_IFLNK:
        links += 1
        guard links <= Self.linkLimit,
          let target = try? FileManager.default.destinationOfSymbolicLink(atPath: here)
        else { return nil }
        if target.hasPrefix("/") { done = [] }
        pending += Self.parts(target).reversed()
      case S_IFDIR:
        done.append(part)
      case nil:
        guard creating else { return nil }
        mkdir(here, 0o755)
        done.append(part)
      default:
        if creating {
          unlink(here)
          mkdir(here, 0o755)
        } else if !pending.isEmpty {
          return nil
        }
        done.append(part)
      }
    }
    return done
  }

  private func kind(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }

  private func merge(_ source: String, into parts: [String], origin: String) throws {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: source).sorted()
    } catch {
      throw ToolError("cannot read the folder", at: source)
    }
    for name in names {
      let from = "\(source)/\(name)"
      var status = stat()
      guard lstat(from, &status) == 0 else { throw failure("cannot read the file", from) }
      let to = host(parts + [name])
      switch status.st_mode & S_IFMT {
      case S_IFDIR:
        let isThrough = kind(to) == S_IFLNK
        let inner = try folder(parts + [name])
        try merge(from, into: inner, origin: origin)
        if !isThrough { imitate(status, at: host(inner)) }
      case S_IFREG:
        try copyFile(from, to: to, origin: origin)
      case S_IFLNK:
        let target = try FileManager.default.destinationOfSymbolicLink(atPath: from)
        try clear(to)
        guard symlink(target, to) == 0 else { throw failure("cannot make the link", to) }
        setTimes(status, at: to)
      case S_IFIFO:
        try clear(to)
        mkfifo(to, status.st_mode & 0o7777)
      default:
        throw ToolError(
          "is a device or a socket, which a root cannot hold", at: from,
          advice: "Remove it from \(origin); the guest has its own /dev.")
      }
    }
  }

  /// Shares the file where the host allows it, copies it otherwise.
  private func copyFile(_ from: String, to: String, origin: String) throws {
    try clear(to)
    if Foundation.link(from, to) == 0 { return }
    do {
      try FileManager.default.copyItem(atPath: from, toPath: to)
    } catch {
      throw ToolError("cannot copy the file: \(error.localizedDescription)", at: from)
    }
    var status = stat()
    if stat(from, &status) == 0 { imitate(status, at: to) }
  }

  private func imitate(_ status: stat, at path: String) {
    chmod(path, status.st_mode & 0o7777)
    setTimes(status, at: path)
  }

  private func setTimes(_ status: stat, at path: String) {
    let times = [status.st_mtim, status.st_mtim]
    utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW)
  }

  private func clear(_ path: String) throws {
    switch kind(path) {
    case nil: return
    case S_IFDIR: try FileManager.default.removeItem(atPath: path)
    default: unlink(path)
    }
  }

  private func failure(_ what: String, _ path: String) -> ToolError {
    ToolError("\(what): \(String(cString: strerror(errno)))", at: path)
  }
}
