// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// What holds for a file whatever is in it.
enum FileRules {
  static let lineLimit = 500

  /// Endings of files that carry a licence line.
  static func isSource(_ path: String) -> Bool {
    let endings = [".swift", ".c", ".h", ".S"]
    return endings.contains { path.hasSuffix($0) } || path.hasSuffix("/Kconfig")
  }

  static func findings(in lines: [String], file: String) -> [Finding] {
    var found: [Finding] = []
    // A script starts with its interpreter, Package.swift with the version of the tools.
    if !lines.prefix(2).contains(where: { $0.contains("SPDX-License-Identifier: BSD-3-Clause") }) {
      found.append(
        Finding(file: file, line: 1, message: "no line 'SPDX-License-Identifier: BSD-3-Clause'"))
    }
    let count = lines.last == "" ? lines.count - 1 : lines.count
    if count > lineLimit {
      found.append(
        Finding(file: file, line: lineLimit + 1, message: "\(count) lines; at most \(lineLimit)"))
    }
    return found
  }

  /// `#if` belongs in the hardware layer and in the file that selects implementations.
  static func conditionals(in source: SourceText, file: String) -> [Finding] {
    source.code.indices.compactMap { index in
      let code = source.code[index].drop { $0 == " " }
      guard code.hasPrefix("#if") || code.hasPrefix("#elseif") else { return nil }
      return Finding(
        file: file, line: index + 1,
        message: "#if outside Sources/Machine and Sources/Image; use a sibling folder or a module")
    }
  }

  /// Each module has a README and its settings. What applications import is not configured: they
  /// hold what they reach. The parts of an image share folders, which one README describes.
  static func missingParts(of module: ModuleTable.Module, folder: String, root: String)
    -> [Finding]
  {
    if module.layer == "Image" { return [] }
    let wanted = folder.hasPrefix("Sources/App/") ? ["README.md"] : ["README.md", "Kconfig"]
    return wanted.compactMap { name in
      let path = "\(folder)/\(name)"
      if FileManager.default.fileExists(atPath: "\(root)/\(path)") { return nil }
      return Finding(file: path, line: 1, message: "the module \(module.name) has no \(name)")
    }
  }
}
