// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import Roots
import ToolSupport

/// The files of an application that runs as an ordinary process: a copy of the root that its image
/// would have, new at each start, as an image's is.
enum HostRoot {
  /// Unpacks the root into a folder of this process, with the volumes as links, and clears those of
  /// processes that have ended.
  static func make(for plan: Plan, progress: ToolSupport.Progress) async throws -> String {
    let folder = "\(Repository.root)/.build/host/roots"
    clear(folder)
    let root = "\(folder)/\(getpid())"
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true)
    if plan.root.isEmpty {
      try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    } else {
      let archive = try await RootBuilder.archive(for: plan, progress: progress)
      try await ExternalCommand(
        "fsck.erofs", ["--extract=\(root)", archive.path]
      ).runChecked("unpacking the root archive", advice: "fsck.erofs is in erofs-utils.")
    }
    for volume in plan.volumes { try link(volume, in: root) }
    return root
  }

  private static func link(_ volume: Volume, in root: String) throws {
    let path = root + volume.guest
    let above = (path as NSString).deletingLastPathComponent
    try FileManager.default.createDirectory(atPath: above, withIntermediateDirectories: true)
    try? FileManager.default.removeItem(atPath: path)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: volume.host)
    if volume.isReadOnly {
      StandardError.say("on the host nothing stops writing to \(volume.guest), which is :ro")
    }
  }

  /// A folder is named by its process.
  private static func clear(_ folder: String) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    for name in names {
      guard let process = Int32(name), process == getpid() || kill(process, 0) != 0 else {
        continue
      }
      try? FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
  }
}
