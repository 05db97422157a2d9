// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// The package lists of the host's apt, or a copy of the tool's own where the host has none or
/// they are too old to download from. Nothing of the host is changed, and no root is needed.
struct AptIndex: PackageIndex {
  /// Options for every apt command.
  let options: [String]

  /// What the host has installed counts for nothing: it may come from elsewhere than Debian, and
  /// a root must not depend on it.
  private static let quiet = [
    "-q", "-o", "APT::Sandbox::User=", "-o", "Dir::State::status=/dev/null",
  ]

  /// The host's lists if it has any; otherwise own ones, fetched now.
  static func current(cache: String, progress: ToolSupport.Progress) async throws -> AptIndex {
    let lists = (try? FileManager.default.contentsOfDirectory(atPath: "/var/lib/apt/lists")) ?? []
    if lists.contains(where: { $0.contains("_Packages") }) { return AptIndex(options: quiet) }
    return try await fresh(cache: cache, progress: progress)
  }

  /// Lists fetched now into the tool's cache.
  static func fresh(cache: String, progress: ToolSupport.Progress) async throws -> AptIndex {
    let folder = "\(cache)/apt"
    for part in ["lists/partial", "cache/archives/partial"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder)/\(part)", withIntermediateDirectories: true)
    }
    let options =
      quiet + [
        "-o", "Dir::State::lists=\(folder)/lists", "-o", "Dir::Cache=\(folder)/cache",
      ]
    progress.step("fetching Debian's package lists")
    let update = ExternalCommand("apt-get", options + ["update"], environment: ["LC_ALL": "C"])
    try await update.runChecked(
      "fetching the package lists",
      advice: "The first assembly of a root needs the network; later ones use the cache.")
    return AptIndex(options: options)
  }

  private func cacheCommand(_ arguments: [String]) -> ExternalCommand {
    ExternalCommand("apt-cache", options + arguments, environment: ["LC_ALL": "C"])
  }

  func packages(named names: [String]) async throws -> [String: DebianPackage] {
    guard !names.isEmpty else { return [:] }
    let output = try await cacheCommand(["show", "--no-all-versions"] + names).run()
    var found: [String: DebianPackage] = [:]
    for package in DebianPackage.parse(output.text) where found[package.name] == nil {
      found[package.name] = package
    }
    return found
  }

  func providers(of name: String) async throws -> [String] {
    let output = try await cacheCommand(["showpkg", name]).run()
    let tail = output.text.components(separatedBy: "Reverse Provides:").last ?? ""
    var names: [String] = []
    for line in tail.split(separator: "\n") {
      if let word = line.split(separator: " ").first, !names.contains(String(word)) {
        names.append(String(word))
      }
    }
    return names
  }

  func names(near name: String) async throws -> [String] {
    let all = try await cacheCommand(["pkgnames"]).run().text
    let names = all.split(separator: "\n").map(String.init)
    let stem = String(name.prefix(max(3, name.count - 2)))
    let alike = names.filter { $0.hasPrefix(stem) }.sorted { ($0.count, $0) < ($1.count, $1) }
    let spelled = names.filter { abs($0.count - name.count) <= 1 && $0.first == name.first }
    let nearest = Suggestion.nearest(to: name, among: spelled).map { [$0] } ?? []
    return Array((nearest + alike.filter { !nearest.contains($0) }).prefix(6))
  }
}
