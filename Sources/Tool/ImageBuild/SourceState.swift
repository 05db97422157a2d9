// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// The state of everything that an image is compiled from: paths, sizes, times of change.
public struct SourceState: Equatable {
  /// Differs when a source of the guest, the package table, the compiler or the linker's options
  /// changed.
  public let stamp: String
  /// Differs when a source came, went or was renamed.
  public let names: String

  public init(root: String, others: [String] = [], compiler: String, words: [String] = []) throws {
    var hash = ContentHash()
    var names = ContentHash()
    for path in ["\(root)/Package.swift", "\(root)/Scripts/linker/ld.lld", compiler] {
      hash.add(Self.describe(path))
    }
    // An image that an older tool linked lacks what this one reads from it.
    for word in words { hash.add(word) }
    for option in Toolset.linkerOptions { hash.add(option) }
    hash.add(LinkerScript(layout: .linux, modules: []).text)
    let sources = "\(root)/Sources"
    let layers = try FileManager.default.contentsOfDirectory(atPath: sources).sorted()
    let folders = layers.filter { $0 != "Tool" }.map { "\(sources)/\($0)" } + others
    for folder in folders {
      for file in try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
      where Self.isCompiled(file) {
        hash.add(Self.describe("\(folder)/\(file)"))
        names.add("\(folder)/\(file)")
      }
    }
    stamp = hash.finish()
    self.names = names.finish()
  }

  private static func isCompiled(_ path: String) -> Bool {
    let endings = [".swift", ".c", ".h", ".S", ".modulemap"]
    return endings.contains { path.hasSuffix($0) } && !path.hasPrefix(".build/")
  }

  static func describe(_ path: String) -> String {
    var status = stat()
    guard stat(path, &status) == 0 else { return "\(path) absent" }
    return "\(path) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
  }
}
