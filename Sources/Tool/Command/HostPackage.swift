// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ImageBuild
import ToolSupport

/// An application's package where it is compiled for the host.
///
/// All applications are built in one place, so that what they have of Martlet is compiled once. Not
/// in their own folders: those may be read-only, or another's.
struct HostPackage {
  let folder: String

  private static var parent: String { "\(Repository.root)/.build/host" }
  private static var scratch: String { "\(parent)/build" }

  /// What tells `swift` which package it is, and where it is built.
  var place: [String] { ["--package-path", folder, "--scratch-path", Self.scratch] }

  /// Takes the place for this package, as long as the lock is kept.
  func occupy(_ progress: ToolSupport.Progress) throws -> FileLock {
    let lock = try FileLock(path: Self.scratch + ".lock") {
      progress.step("waiting for another build for the host")
    }
    let state = try SourceState(
      root: Repository.root, others: [folder], compiler: try Toolchain.swift())
    try KernelBuilder.replanIfNeeded(
      Self.scratch, plan: "\(Self.scratch)/debug.yaml", names: "\(state.names) \(folder)")
    return lock
  }

  /// Keeps a program that was built, for others are built in the same place meanwhile.
  func keep(_ program: String) throws -> String {
    let name = (program as NSString).lastPathComponent
    let kept = "\(Self.parent)/programs/\(ContentHash.name(of: [folder]))/\(name)"
    try FileManager.default.createDirectory(
      atPath: (kept as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Paths.copy(program, to: kept)
    return kept
  }
}
