// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Glibc

/// Where things are on the host.
public enum Paths {
  /// The folder of the Martlet checkout: `$MARTLET_ROOT` (the bootstrap script sets it), else the
  /// nearest parent of the executable or of the working directory with `Package.swift` and
  /// `Sources/Tool` in it.
  public static func projectRoot() throws -> String {
    if let root = environment("MARTLET_ROOT") { return root }
    let executable = FileManager.default.destination(ofLink: "/proc/self/exe")
    for start in [executable, FileManager.default.currentDirectoryPath] {
      var folder = URL(fileURLWithPath: start).standardizedFileURL
      while folder.path != "/" {
        let path = folder.path
        if isFile("\(path)/Package.swift"), isFolder("\(path)/Sources/Tool") { return path }
        folder.deleteLastPathComponent()
      }
    }
    throw ToolError(
      "cannot find the Martlet checkout", advice: "Run ./martlet of the checkout instead.")
  }

  /// What the tool may make again at a cost: packages, roots, kernels. `$MARTLET_CACHE`, else
  /// `$XDG_CACHE_HOME/martlet`, else `~/.cache/martlet`. The folder exists on return.
  public static func cache(_ topic: String? = nil) throws -> String {
    let base =
      environment("MARTLET_CACHE")
      ?? environment("XDG_CACHE_HOME").map { "\($0)/martlet" }
      ?? "\(environment("HOME") ?? NSHomeDirectory())/.cache/martlet"
    let path = absolute(topic.map { "\(base)/\($0)" } ?? base)
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw ToolError(
        "cannot create the cache folder", at: path,
        advice: "Set MARTLET_CACHE to a folder that you can write to.")
    }
    return path
  }

  /// The path made absolute against the working directory, without `.` and `..`.
  public static func absolute(_ path: String, in folder: String? = nil) -> String {
    let base = folder ?? FileManager.default.currentDirectoryPath
    let full = path.hasPrefix("/") ? path : "\(base)/\(path)"
    var parts: [Substring] = []
    for part in full.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  public static func isFile(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      && !isDirectory.boolValue
  }

  /// The size of a file in bytes.
  public static func byteCount(of path: String) throws -> Int {
    guard isFile(path),
      let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
    else { throw ToolError("cannot read the file", at: path) }
    return size
  }

  public static func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }

  /// The first executable of that name on PATH, or the path itself when it has a slash.
  public static func executable(_ name: String) -> String? {
    if name.contains("/") {
      return FileManager.default.isExecutableFile(atPath: name) && isFile(name) ? name : nil
    }
    // Administrators' programs are not on everybody's PATH.
    let path = (environment("PATH") ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    return path.split(separator: ":").lazy.map { "\($0)/\(name)" }.first {
      FileManager.default.isExecutableFile(atPath: $0) && isFile($0)
    }
  }

  /// Puts a copy in the place of a file, which is whole at any time.
  public static func copy(_ source: String, to target: String) throws {
    let new = target + ".new"
    try? FileManager.default.removeItem(atPath: new)
    try FileManager.default.copyItem(atPath: source, toPath: new)
    try rename(new, to: target)
  }

  /// Puts a file in the place of another, in one step.
  public static func rename(_ source: String, to target: String) throws {
    guard Glibc.rename(source, target) == 0 else {
      throw ToolError("cannot write it: \(String(cString: strerror(errno)))", at: target)
    }
  }

  /// The value of a variable that is set and not empty.
  public static func environment(_ name: String) -> String? {
    guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else { return nil }
    return value
  }
}

extension FileManager {
  fileprivate func destination(ofLink path: String) -> String {
    (try? destinationOfSymbolicLink(atPath: path)) ?? "/"
  }
}
