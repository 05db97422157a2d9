// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// The packages in the cache: closures, downloaded files, extracted trees.
struct PackageStore {
  let cache: String
  let progress: ToolSupport.Progress

  /// Raised when the same names give other packages.
  private static let closureVersion = "closure 2"

  /// Data that is on every Debian, so that the packages which read it do not name it: the C locale
  /// in UTF-8, and what terminals can do.
  private static let silentNeeds = [("libc6", "libc-bin"), ("libtinfo6", "ncurses-base")]

  private var wantsRefresh: Bool { Paths.environment("MARTLET_REFRESH") == "1" }

  /// What `requested` needs, from the cache or from apt.
  func closure(of requested: [String]) async throws -> [DebianPackage] {
    let name = ContentHash.name(of: [Self.closureVersion] + requested.sorted())
    let path = "\(cache)/closures/\(name).json"
    if !wantsRefresh, let data = FileManager.default.contents(atPath: path),
      let known = try? JSONDecoder().decode([DebianPackage].self, from: data)
    {
      return known
    }
    progress.step("resolving \(requested.joined(separator: ", "))")
    let index =
      wantsRefresh
      ? try await AptIndex.fresh(cache: cache, progress: progress)
      : try await AptIndex.current(cache: cache, progress: progress)
    return try await resolve(requested, index, path)
  }

  private func resolve(_ requested: [String], _ index: AptIndex, _ path: String) async throws
    -> [DebianPackage]
  {
    var packages = try await PackageResolver(index: index).closure(of: requested)
    for (user, data) in Self.silentNeeds {
      let names = Set(packages.map(\.name))
      guard names.contains(user), !names.contains(data) else { continue }
      packages += try await index.packages(named: [data]).values
    }
    try FileManager.default.createDirectory(
      atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try JSONEncoder().encode(packages).write(to: URL(fileURLWithPath: path), options: .atomic)
    return packages
  }

  /// Downloads and extracts what is not there yet; gives back one folder for each package, which
  /// has its files in `root` and its scripts in `control`.
  func trees(for packages: [DebianPackage]) async throws -> [String] {
    let lock = try FileLock(path: "\(cache)/packages.lock") {
      progress.step("waiting for another run that fetches packages")
    }
    defer { withExtendedLifetime(lock) {} }
    let missing = packages.filter { !Paths.isFolder(tree(of: $0)) }
    try await fetch(missing.filter { !isIntact($0) })
    for (number, package) in missing.enumerated() {
      progress.detail("extracting \(package.name), \(number + 1) of \(missing.count)")
      try await extract(package)
    }
    return packages.map(tree)
  }

  /// The folder of an extracted package.
  func tree(of package: DebianPackage) -> String {
    "\(cache)/trees/\((package.fileName as NSString).deletingPathExtension)"
  }

  private func file(of package: DebianPackage) -> String {
    "\(cache)/packages/\(package.fileName)"
  }

  private func isIntact(_ package: DebianPackage) -> Bool {
    var status = stat()
    return stat(file(of: package), &status) == 0 && Int(status.st_size) == package.byteCount
  }

  private func fetch(_ packages: [DebianPackage]) async throws {
    if packages.isEmpty { return }
    let size = packages.reduce(0) { $0 + $1.byteCount } >> 10
    progress.step("downloading \(packages.count) packages, \(size) KiB")
    let folder = "\(cache)/packages/.fetch-\(getpid())"
    let manager = FileManager.default
    try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? manager.removeItem(atPath: folder) }
    let names = packages.map { "\($0.name)=\($0.version)" }
    var output = try await download(
      names, AptIndex.current(cache: cache, progress: progress), folder)
    if !output.isSuccess {
      // The host's lists may name files that the archive has replaced since.
      output = try await download(names, AptIndex.fresh(cache: cache, progress: progress), folder)
    }
    for package in packages {
      let made = "\(folder)/\(package.fileName)"
      guard output.isSuccess, manager.fileExists(atPath: made) else {
        let tail = output.errorText.split(separator: "\n").suffix(4).joined(separator: "\n  ")
        throw ToolError(
          "cannot download the package \(package.name) \(package.version)\n  \(tail)",
          advice: "Check the network; if Debian has newer versions, run with MARTLET_REFRESH=1.")
      }
      guard rename(made, file(of: package)) == 0 else {
        throw ToolError("cannot write to the cache", at: file(of: package))
      }
    }
  }

  private func download(_ names: [String], _ index: AptIndex, _ folder: String) async throws
    -> ExternalCommand.Output
  {
    try await ExternalCommand(
      "apt-get", index.options + ["download"] + names, environment: ["LC_ALL": "C"], in: folder
    ).run()
  }

  private func extract(_ package: DebianPackage) async throws {
    let manager = FileManager.default
    let target = tree(of: package)
    let working = "\(cache)/trees/.extract-\(getpid())"
    try? manager.removeItem(atPath: working)
    try manager.createDirectory(atPath: "\(working)/root", withIntermediateDirectories: true)
    try manager.createDirectory(atPath: "\(working)/control", withIntermediateDirectories: true)
    defer { try? manager.removeItem(atPath: working) }
    let excludes = NeverNeeded.folders.map { "--exclude=./\($0)" }.joined(separator: " ")
    let script = """
      set -e
      echo "$2  $1" | sha256sum --check --quiet >&2
      dpkg-deb --fsys-tarfile "$1" | tar -x --no-same-owner -p -C root --anchored \(excludes)
      dpkg-deb --control "$1" control
      """
    let output = try await ExternalCommand(
      "bash", ["-o", "pipefail", "-c", script, "bash", file(of: package), package.sha256],
      in: working
    ).run()
    guard output.isSuccess else {
      try? manager.removeItem(atPath: file(of: package))
      throw ToolError(
        "the package \(package.name) in the cache is damaged; it has been removed\n  "
          + output.errorText.trimmingCharacters(in: .whitespacesAndNewlines),
        advice: "Run the same command again to download it.")
    }
    guard rename(working, target) == 0 || Paths.isFolder(target) else {
      throw ToolError("cannot write to the cache", at: target)
    }
  }
}
