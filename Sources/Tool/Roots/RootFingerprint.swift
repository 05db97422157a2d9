// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// What decides the contents of a root, as text for its name in the cache.
enum RootFingerprint {
  /// Raised when the same inputs give another root.
  static let formatVersion = "4"

  /// Every file below `folder` with its kind, size and time of change.
  static func describe(folder: String) throws -> [String] {
    var lines: [String] = []
    var pending = [folder]
    while let here = pending.popLast() {
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: here) else {
        throw ToolError("cannot read the folder", at: here)
      }
      for name in names.sorted() {
        let path = "\(here)/\(name)"
        var status = stat()
        guard lstat(path, &status) == 0 else { continue }
        lines.append(describe(path, status))
        if status.st_mode & S_IFMT == S_IFDIR { pending.append(path) }
      }
    }
    return lines
  }

  static func describe(file: String) throws -> String {
    var status = stat()
    guard stat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw ToolError("there is no such file", at: file)
    }
    return describe(file, status)
  }

  private static func describe(_ path: String, _ status: stat) -> String {
    let time = status.st_mtim
    var line = "\(path) \(status.st_mode) \(status.st_size) \(time.tv_sec).\(time.tv_nsec)"
    if status.st_mode & S_IFMT == S_IFLNK {
      line += " " + ((try? FileManager.default.destinationOfSymbolicLink(atPath: path)) ?? "")
    }
    return line
  }
}
