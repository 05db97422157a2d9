// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

extension Plan {
  /// Parses the bytes of a `martlet.yaml`. Pure: reads no file; any bytes give a plan or one error.
  ///
  /// - Parameter file: how messages name the file; its folder is taken from it.
  public static func parse(bytes: [UInt8], file: String) throws(ToolError) -> Plan {
    let document = try PlanDocument(bytes: bytes, file: file)
    let directory = Paths.absolute((file as NSString).deletingLastPathComponent)
    return try PlanReader(file: file, directory: directory).plan(from: document)
  }

  /// Finds an application: a folder with `martlet.yaml`, the file itself, or a name under `Apps/`.
  ///
  /// - Parameter application: as the user wrote it; relative paths start at the working directory.
  public static func load(application: String, projectRoot: String) throws(ToolError) -> Plan {
    let apps = "\(projectRoot)/Apps"
    let isName = !application.contains("/") && application != "." && application != ".."
    var candidates = [application]
    if isName, !application.isEmpty { candidates.append("\(apps)/\(application)") }
    for candidate in candidates {
      if Paths.isFile("\(candidate)/martlet.yaml") {
        return try load(file: "\(candidate)/martlet.yaml")
      }
      if candidate.hasSuffix(".yaml"), Paths.isFile(candidate) { return try load(file: candidate) }
    }
    if Paths.isFolder(application), !application.isEmpty {
      throw ToolError(
        "the folder has no martlet.yaml", at: application,
        advice: "Create \(application)/martlet.yaml with name, root and command.")
    }
    let known = names(inApps: apps)
    let meant = Suggestion.nearest(to: application, among: known).map { "Did you mean '\($0)'? " }
    throw ToolError(
      "unknown application '\(application)'",
      advice: "\(meant ?? "")Known names: \(known.joined(separator: ", ")). "
        + "A folder with a martlet.yaml works too.")
  }

  /// The applications that come with Martlet, sorted.
  public static func names(inApps apps: String) -> [String] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: apps)) ?? []
    return entries.filter { Paths.isFile("\(apps)/\($0)/martlet.yaml") }.sorted()
  }

  static func load(file: String) throws(ToolError) -> Plan {
    let size = (try? FileManager.default.attributesOfItem(atPath: file)[.size] as? Int) ?? 0
    guard size <= PlanDocument.sizeLimit, let data = FileManager.default.contents(atPath: file)
    else {
      throw ToolError(
        size > PlanDocument.sizeLimit ? "the plan is too large" : "cannot read the plan", at: file,
        advice: "A plan is a readable file of at most \(PlanDocument.sizeLimit >> 10) KiB.")
    }
    return try parse(bytes: [UInt8](data), file: file)
  }
}
