// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport

/// A module imports what the table says and nothing above its layer. SwiftPM does not police this:
/// a module that only a dependency declares can be imported too.
struct ImportRule {
  let table: ModuleTable

  /// Modules of the compiler that any module may import.
  private static let compilerModules: Set<String> = ["Swift", "Builtin", "Synchronization"]
  /// Modules of the host's C library, for the stand-in of the hardware in Sources/Machine.
  private static let hostModules: Set<String> = ["Glibc", "Dispatch"]

  /// - Parameter module: the module the source belongs to; nil for those of Sources/Image, which
  ///   may import everything.
  func findings(in source: SourceText, file: String, module: String) -> [Finding] {
    guard let own = table.modules[module] else { return [] }
    return imports(of: source).compactMap { name, line in
      if name == module || Self.compilerModules.contains(name) { return nil }
      guard let other = table.modules[name] else {
        // The tool stands on packages that SwiftPM does police.
        if own.layer == "Tool" { return nil }
        if own.layer == "Machine" && Self.hostModules.contains(name) { return nil }
        return Finding(
          file: file, line: line, message: "imports \(name), which the table does not name")
      }
      if !ModuleTable.may(own.layer, standOn: other.layer) {
        return Finding(
          file: file, line: line,
          message: "imports upward: \(module) is in layer \(own.layer), \(name) in \(other.layer)")
      }
      if !own.dependencies.contains(name) {
        return Finding(
          file: file, line: line,
          message: "imports \(name), which Package.swift does not list for \(module)")
      }
      return nil
    }
  }

  /// The module of each import, with its line.
  func imports(of source: SourceText) -> [(name: String, line: Int)] {
    source.code.indices.compactMap { index in
      let words = source.words(ofLine: index)
      guard let at = words.firstIndex(of: "import"), at + 1 < words.count else { return nil }
      let before: Set<Substring> = [
        "public", "internal", "package", "private", "fileprivate", "_exported", "testable",
        "preconcurrency", "_implementationOnly", "unsafe",
      ]
      guard words[..<at].allSatisfy(before.contains) else { return nil }
      let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let"]
      let next = kinds.contains(words[at + 1]) && at + 2 < words.count ? at + 2 : at + 1
      return (String(words[next]), index + 1)
    }
  }
}
