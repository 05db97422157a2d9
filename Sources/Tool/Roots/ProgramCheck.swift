// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import ToolSupport

/// Looks before the boot whether the program of a plan can start.
struct ProgramCheck {
  let staging: StagingFolder
  let plan: Plan

  /// Throws one clear message when the program is missing or cannot be executed.
  func check() throws {
    guard let path = plan.command.first else { return }
    // What is in a volume is the host's, and may change until the start.
    if plan.volumes.contains(where: { path.hasPrefix($0.guest + "/") }) { return }
    try check(path, neededBy: nil)
  }

  private func check(_ path: String, neededBy parent: String?) throws {
    guard let host = staging.resolve(path), Paths.isFile(host) else { throw missing(path, parent) }
    guard access(host, X_OK) == 0 else {
      throw ToolError(
        "the program \(path) is not executable in the root", at: plan.file,
        advice: "Set its permission with chmod +x where the file comes from.")
    }
    let head = try prefix(host)
    if head.starts(with: [0x7f, 0x45, 0x4c, 0x46]) {
      if parent == nil, let loader = Self.interpreter(of: head) {
        try check(loader, neededBy: path)
      }
    } else if head.starts(with: Array("#!".utf8)) {
      let line = head.dropFirst(2).prefix { $0 != 10 }
      let words = String(decoding: line, as: UTF8.self).split(separator: " ")
      if parent == nil, let first = words.first { try check(String(first), neededBy: path) }
    } else {
      throw ToolError(
        "the program \(path) is neither an ELF program nor a script with #!", at: plan.file,
        advice: "`command` names the program; its arguments follow it.")
    }
  }

  private func prefix(_ host: String) throws -> [UInt8] {
    guard let file = FileHandle(forReadingAtPath: host) else {
      throw ToolError("cannot read the program", at: host)
    }
    defer { try? file.close() }
    return [UInt8](try file.read(upToCount: 65536) ?? Data())
  }

  /// The path in PT_INTERP; nil when there is none or the headers make no sense, which the kernel
  /// reports better.
  static func interpreter(of head: [UInt8]) -> String? {
    func integer(_ at: Int, _ count: Int) -> Int? {
      guard at >= 0, at <= head.count - count else { return nil }
      let value = (0..<count).reduce(UInt64(0)) { $0 | UInt64(head[at + $1]) << (8 * UInt64($1)) }
      return Int(exactly: value)
    }
    guard head.count >= 64, head[4] == 2, let table = integer(32, 8), let count = integer(56, 2),
      table < head.count
    else { return nil }
    for index in 0..<count {
      let at = table + 56 * index
      guard integer(at, 4) == 3, let offset = integer(at + 8, 8), let size = integer(at + 32, 8),
        size > 1, size < 4096, offset <= head.count - size
      else { continue }
      return String(decoding: head[offset..<offset + size - 1], as: UTF8.self)
    }
    return nil
  }

  private func missing(_ path: String, _ parent: String?) -> ToolError {
    let near = similar(to: path)
    var advice =
      near.isEmpty
      ? "Is the package that holds it in `root`?" : "Similar files: \(near.joined(separator: ", "))"
    if parent != nil {
      advice = "Add the package that holds it to `root` (libc6 holds the loader)."
    }
    let what =
      parent.map { "the program \($0) needs \(path), which is not in the root" }
      ?? "the program \(path) is not in the root"
    return ToolError(what, at: plan.file, advice: advice)
  }

  /// Executable files whose name resembles that of `path`.
  private func similar(to path: String) -> [String] {
    let wanted = (path as NSString).lastPathComponent
    var found: [String] = []
    for folder in ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/games", "/"] {
      guard let host = staging.resolve(folder) else { continue }
      let names = (try? FileManager.default.contentsOfDirectory(atPath: host)) ?? []
      let close = names.filter { name in
        name == wanted || wanted.hasPrefix(name) && name.count > 2
          || name.hasPrefix(wanted.prefix(max(3, wanted.count - 2)))
      }
      let nearest = Suggestion.nearest(to: wanted, among: names).map { [$0] } ?? []
      found += Set(close + nearest).sorted().map { folder == "/" ? "/\($0)" : "\(folder)/\($0)" }
    }
    return Array(found.filter { staging.resolve($0).map(Paths.isFile) ?? false }.prefix(6))
  }
}
