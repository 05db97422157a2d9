// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import ToolSupport

/// One root in the making: its layers, and the folder in which they come together.
struct RootAssembly {
  /// One entry of the plan with what it stands for now.
  enum Layer {
    case packages([DebianPackage], requested: [String])
    case folder(String)
    case file(String, output: String)
    case program([String], output: String, isStatic: Bool)
  }

  let plan: Plan
  let cache: String
  let progress: ToolSupport.Progress

  /// Whether a Linux program looks for its own there; else the root is what the plan says.
  private var isLinux: Bool { plan.kind == .linux }

  /// The layers in order, and the name of the root that they make.
  func layers() async throws -> ([Layer], key: String) {
    var layers: [Layer] = []
    var facts = [RootFingerprint.formatVersion]
    facts.append(isLinux ? plan.command.first ?? "" : "bare")
    for (index, entry) in plan.root.enumerated() {
      do {
        let (layer, described) = try await layer(for: entry)
        layers.append(layer)
        facts += described
      } catch var error as ToolError {
        if plan.rootPositions.indices.contains(index) {
          let place = plan.rootPositions[index].description(in: plan.file)
          if let inner = error.place { error.what = "\(error.what): \(inner)" }
          error.place = place
        }
        throw error
      }
    }
    return (layers, ContentHash.name(of: facts))
  }

  private func layer(for entry: Plan.RootEntry) async throws -> (Layer, [String]) {
    switch entry {
    case .debian(let names):
      let store = PackageStore(cache: cache, progress: progress)
      let packages = try await store.closure(of: names)
      let facts = packages.map { "deb \($0.fileName) \(names.contains($0.name))" }
      return (.packages(packages, requested: names), facts)
    case .directory(let folder):
      guard Paths.isFolder(folder) else {
        throw ToolError("there is no such folder", at: folder)
      }
      let real = URL(fileURLWithPath: folder).resolvingSymlinksInPath().path
      return (.folder(real), ["directory"] + (try RootFingerprint.describe(folder: real)))
    case .file(let path, let output):
      return (.file(path, output: output), [output, try RootFingerprint.describe(file: path)])
    case .program(let sources, let output, let isStatic):
      let facts = try sources.map { try RootFingerprint.describe(file: $0) }
      return (
        .program(sources, output: output, isStatic: isStatic), [output, "\(isStatic)"] + facts
      )
    }
  }

  /// Puts the layers together and writes the archive to `target`.
  func build(_ layers: [Layer], to target: String) async throws {
    let working = "\(cache)/roots/.assemble-\(getpid())-\(plan.name)"
    let staging = StagingFolder(root: "\(working)/root")
    try? FileManager.default.removeItem(atPath: working)
    try FileManager.default.createDirectory(
      atPath: staging.root, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: working) }
    chmod(staging.root, 0o755)
    if isLinux { try Skeleton.write(to: staging) }
    var newest = 0
    var scripts: [String] = []
    for layer in layers {
      progress.step("assembling the root of \(plan.name)")
      switch layer {
      case .packages(let packages, let requested):
        scripts += try await add(packages, requested: requested, to: staging, newest: &newest)
      case .folder(let folder):
        try staging.merge(folder, origin: "the folder \(folder)")
        newest = max(newest, Self.newestChange(below: folder))
      case .file(let path, let output):
        try staging.put(path, at: output)
      case .program(let sources, let output, let isStatic):
        let compiled = "\(working)/program"
        try await CProgram.compile(sources, to: compiled, isStatic: isStatic)
        try staging.put(compiled, at: output, mode: 0o755)
        unlink(compiled)
      }
    }
    try await RootFinisher(staging: staging, progress: progress).finish(scripts: scripts)
    if isLinux { try ProgramCheck(staging: staging, plan: plan).check() }
    try await write(staging, newest: newest, to: target, working: working)
  }

  private func add(
    _ packages: [DebianPackage], requested: [String], to staging: StagingFolder, newest: inout Int
  ) async throws -> [String] {
    let store = PackageStore(cache: cache, progress: progress)
    let trees = try await store.trees(for: packages)
    var scripts: [String] = []
    for (package, tree) in zip(packages, trees) {
      var folder = "\(tree)/root"
      if package.name == "libc-bin" && !requested.contains("libc-bin") {
        // Only the C.UTF-8 locale; its programs are for administrators.
        folder = "\(tree)/locale-only"
        try shareLocale(from: "\(tree)/root", to: folder)
      }
      try staging.merge(folder, origin: "the package \(package.name)")
      newest = max(newest, Self.newestChange(below: folder))
      if let script = try? String(contentsOfFile: "\(tree)/control/postinst", encoding: .utf8) {
        scripts.append(script)
      }
    }
    return scripts
  }

  private func shareLocale(from root: String, to folder: String) throws {
    if Paths.isFolder(folder) { return }
    let working = "\(folder)-\(getpid())"
    try? FileManager.default.removeItem(atPath: working)
    try FileManager.default.createDirectory(
      atPath: "\(working)/usr/lib", withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: "\(root)/usr/lib/locale", toPath: "\(working)/usr/lib/locale")
    if rename(working, folder) != 0 { try? FileManager.default.removeItem(atPath: working) }
  }

  /// Makes the archive. The same inputs give the same bytes: files that were made just now get the
  /// second after the newest that was not; all others keep their time, with its nanoseconds.
  private func write(_ staging: StagingFolder, newest: Int, to target: String, working: String)
    async throws
  {
    progress.step("writing the root archive of \(plan.name)")
    let made = "\(working)/root.erofs"
    let command = ExternalCommand(
      "mkfs.erofs",
      [
        "-x-1", "-Enoinline_data", "-U00000000-0000-0000-0000-000000000001", "--all-root",
        "--preserve-mtime", "--quiet", made, staging.root,
      ], environment: ["SOURCE_DATE_EPOCH": String(newest == 0 ? 1_700_000_000 : newest + 1)])
    try await command.runChecked(
      "writing the root archive", advice: "Is the disk full? mkfs.erofs is in erofs-utils.")
    guard rename(made, target) == 0 else {
      throw ToolError("cannot write to the cache", at: target)
    }
  }

  /// The latest change of a file below `folder`, in seconds since 1970.
  static func newestChange(below folder: String) -> Int {
    var newest = 0
    let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    for path in paths {
      var status = stat()
      if lstat("\(folder)/\(path)", &status) == 0, status.st_mode & S_IFMT == S_IFREG {
        newest = max(newest, Int(status.st_mtim.tv_sec))
      }
    }
    return newest
  }
}
