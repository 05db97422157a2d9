// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import ToolSupport

/// Assembles the root file system of an image, or finds the one assembled before.
public enum RootBuilder {
  /// The archive of `plan`'s root. Packages come from the cache when they are there; then no
  /// network is needed.
  public static func archive(for plan: Plan, progress: ToolSupport.Progress) async throws
    -> RootArchive
  {
    let assembly = RootAssembly(plan: plan, cache: try Paths.cache(), progress: progress)
    for part in ["roots", "packages", "trees"] { _ = try Paths.cache(part) }
    let (layers, key) = try await assembly.layers()
    let path = "\(assembly.cache)/roots/\(plan.name)-\(key).erofs"
    if try await !ArchiveRecord.isIntact(path) {
      let lock = try FileLock(path: path + ".lock") {
        progress.step("waiting for another run that assembles the same root")
      }
      if try await !ArchiveRecord.isIntact(path) {
        try await assembly.build(layers, to: path)
        try await ArchiveRecord.write(for: path)
      }
      withExtendedLifetime(lock) {}
    }
    return RootArchive(path: path, byteCount: try Paths.byteCount(of: path))
  }
}
