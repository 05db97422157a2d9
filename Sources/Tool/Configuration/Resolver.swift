// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import ToolSupport

/// Turns the Kconfig files, `.config` and an application's settings into a configuration.
///
/// The order, later wins: the defaults, `.config` at the root, `.config` in the application's
/// folder, the `config:` lines of its plan.
public enum Resolver {
  /// The configuration of `plan`'s image, or of the root when there is none. A setting that cannot
  /// hold is an error that names its file and line.
  public static func resolve(_ plan: Plan?, in root: String = Repository.root) async throws
    -> ResolvedConfiguration
  {
    let arguments = settingArguments(plan, root: root)
    let cache = try cachePath(arguments, root: root)
    if let data = FileManager.default.contents(atPath: cache),
      let known = try? JSONDecoder().decode(ResolvedConfiguration.self, from: data)
    {
      return known
    }
    let command = ExternalCommand(
      "/usr/bin/python3", ["\(root)/Scripts/resolve-configuration", root] + arguments,
      environment: ["PYTHONDONTWRITEBYTECODE": "1"])
    let result = try await command.run()
    guard result.isSuccess else { throw failure(result) }
    let data = Data(result.standardOutput)
    let resolved = try JSONDecoder().decode(ResolvedConfiguration.self, from: data)
    try FileManager.default.createDirectory(
      atPath: (cache as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try data.write(to: URL(fileURLWithPath: cache), options: .atomic)
    return resolved
  }

  /// The files and lines of settings, as arguments for the resolving script.
  static func settingArguments(_ plan: Plan?, root: String) -> [String] {
    var arguments: [String] = []
    var files = ["\(root)/.config"]
    if let plan { files.append("\(plan.directory)/.config") }
    for file in files where FileManager.default.fileExists(atPath: file) {
      arguments += ["--file", file]
    }
    if let plan {
      for line in plan.config {
        arguments += ["--line", line.position.description(in: plan.file), line.text]
      }
    }
    return arguments
  }

  /// Where the answer is kept: named by everything that decides it.
  private static func cachePath(_ arguments: [String], root: String) throws -> String {
    var parts = arguments
    var files = kconfigFiles(root) + ["\(root)/Scripts/resolve-configuration"]
    for (option, value) in zip(arguments, arguments.dropFirst()) where option == "--file" {
      files.append(value)
    }
    for file in files {
      let data = FileManager.default.contents(atPath: file) ?? Data()
      parts.append(file)
      parts.append(String(decoding: data, as: UTF8.self))
    }
    return "\(root)/.build/configurations/\(ContentHash.name(of: parts)).json"
  }

  /// Every Kconfig file of the tree: the root's, the layers', the modules'.
  static func kconfigFiles(_ root: String) -> [String] {
    let manager = FileManager.default
    var files = ["\(root)/Kconfig"]
    for layer in ((try? manager.contentsOfDirectory(atPath: "\(root)/Sources")) ?? []).sorted() {
      let folder = "\(root)/Sources/\(layer)"
      files.append("\(folder)/Kconfig")
      for module in ((try? manager.contentsOfDirectory(atPath: folder)) ?? []).sorted() {
        files.append("\(folder)/\(module)/Kconfig")
      }
    }
    return files.filter { manager.fileExists(atPath: $0) }
  }

  static func failure(_ result: ExternalCommand.Output) -> ToolError {
    if result.errorText.contains("No module named 'kconfiglib'") {
      return ToolError(
        "the configuration needs Debian's kconfiglib",
        advice: "Install it: apt-get install python3-kconfiglib")
    }
    let text = result.errorText.trimmingCharacters(in: .whitespacesAndNewlines)
    return ToolError(
      text, advice: "The settings and what they mean: ./martlet menuconfig, or the Kconfig files.")
  }
}
