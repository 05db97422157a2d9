// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import QuickStart
import ToolSupport

/// The state of everything that a start follows from, for `StartRecord`.
///
/// Taken before anything of it is read: a change that comes later makes the record useless, never
/// the image that it starts wrong.
public struct StartInputs {
  private let root: String
  /// Where the record goes.
  private let path: String
  private var folders: [StartRecord.Folder] = []
  private var single = StartRecord.Folder(path: "")
  private var newest: UInt64 = 0

  /// What `init` gives when a record is wanted, which a start by `martlet-start` says.
  public static func ifWanted(application: String, plan: Plan) -> StartInputs? {
    guard let path = Paths.environment(variable) else { return nil }
    // It is this command's alone: what it starts may run another.
    unsetenv(variable)
    return StartInputs(application: application, plan: plan, path: path)
  }

  private static let variable = "MARTLET_RECORD"

  /// Looks at the checkout and at the place where the application is, or might be.
  private init(application: String, plan: Plan, path: String, root: String = Repository.root) {
    self.root = root
    self.path = path
    for name in [
      "Package.swift", "Kconfig", ".config", "martlet", "Scripts/packages",
      "Scripts/resolve-configuration", ".build/tool/martlet.stamp", ".build/tool/release/martlet",
      ".build/tool/release/martlet-start",
    ] { add("\(root)/\(name)") }
    // A folder of that name here would come before one under Apps.
    add(Paths.absolute("\(application)/martlet.yaml"))
    add("\(plan.directory)/martlet.yaml")
    add("\(plan.directory)/.config")
    walk("\(root)/Sources")
    walk(plan.directory)
  }

  /// Adds a file or folder, there or not.
  public mutating func add(_ path: String) {
    let state = FileState(of: path)
    newest = max(newest, state.anyChange)
    single.entries.append((path, state))
  }

  /// Adds a file that nobody writes to: it is replaced by another, which shows at once.
  public mutating func addReplaced(_ path: String) {
    single.entries.append((path, FileState(of: path)))
  }

  /// Writes the record for the next time to the file that `martlet-start` asks for.
  ///
  /// Nothing is written when the tool itself is older than its sources, or when something has
  /// changed so recently that a further change might not show.
  public func write(_ start: StartRecord.Start) {
    guard newest + Self.settling < Self.now(), !isToolOld,
      let text = StartRecord(start: start, folders: folders + [single]).text
    else { return }
    let folder = (path as NSString).deletingLastPathComponent
    let manager = FileManager.default
    try? manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
    Self.prune(folder)
    let new = "\(path).\(getpid())"
    guard manager.createFile(atPath: new, contents: Data(text.utf8)) else { return }
    // Without a record the next start is as slow as this one; nothing else.
    try? Paths.rename(new, to: path)
  }

  /// File systems' clocks move in steps of some milliseconds.
  private static let settling: UInt64 = 50_000_000
  private static let recordLimit = 100

  private static func now() -> UInt64 { UInt64(Date().timeIntervalSince1970 * 1e9) }

  /// The folders whose sources are the tool's, as the script `martlet` has them.
  private var isToolOld: Bool {
    let stamp = FileState(of: "\(root)/.build/tool/martlet.stamp").contentChange
    let own = ["Tool", "Base", "Machine/Bytes", "Machine/CHost"].map { "\(root)/Sources/\($0)" }
    let isOwn = { (path: String) in own.contains { path == $0 || path.hasPrefix($0 + "/") } }
    return folders.contains { folder in
      isOwn(folder.path) && folder.entries.contains { $0.state.contentChange > stamp }
    } || FileState(of: "\(root)/Package.swift").contentChange > stamp
  }

  private mutating func walk(_ path: String) {
    let manager = FileManager.default
    guard let names = try? manager.contentsOfDirectory(atPath: path) else { return }
    var folder = StartRecord.Folder(path: path)
    folder.entries.append((".", FileState(of: path)))
    var below: [String] = []
    for name in names.sorted() where !name.hasPrefix(".") {
      let state = FileState(of: "\(path)/\(name)")
      folder.entries.append((name, state))
      newest = max(newest, state.anyChange)
      if Paths.isFolder("\(path)/\(name)") { below.append("\(path)/\(name)") }
    }
    newest = max(newest, folder.entries[0].state.anyChange)
    folders.append(folder)
    for path in below { walk(path) }
  }

  /// Keeps the folder of records small.
  private static func prune(_ folder: String) {
    let manager = FileManager.default
    let names = (try? manager.contentsOfDirectory(atPath: folder)) ?? []
    guard names.count >= recordLimit else { return }
    for name in names { try? manager.removeItem(atPath: "\(folder)/\(name)") }
  }
}
