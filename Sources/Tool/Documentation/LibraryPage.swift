// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// The page that lists the micro-libraries, layer by layer, with the first words of their READMEs.
struct LibraryPage {
  let table: ModuleTable
  /// The checkout.
  let root: String

  var text: String {
    let layers = ModuleTable.layers.filter { $0 != "Bytes" }.reversed().compactMap(section(of:))
    return """
      # The micro-libraries

      Every library of the checkout by its layer, the highest first: a library stands on libraries of
      its own layer and of lower ones. `Package.swift` is the table that this page is made from.

      \(layers.joined(separator: "\n\n"))

      """
  }

  private func section(of layer: String) -> String? {
    let rows = table.modules.values.filter { $0.layer == layer }.sorted { $0.name < $1.name }
      .compactMap { module -> String? in
        guard let words = summary(of: module) else { return nil }
        let below = module.dependencies.sorted().joined(separator: ", ")
        return "| `\(module.name)` | \(words) | \(below) |"
      }
    guard !rows.isEmpty else { return nil }
    return """
      ## \(layer)

      | library | what it is | stands on |
      |---|---|---|
      \(rows.joined(separator: "\n"))
      """
  }

  private func summary(of module: ModuleTable.Module) -> String? {
    let path = "\(root)/Sources/\(module.layer)/\(module.name)/README.md"
    guard let readme = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    return Self.summary(ofReadme: readme)
  }

  /// The first sentence below the title, on one line and without what a table would take for its own.
  static func summary(ofReadme text: String) -> String? {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      .drop { $0.isEmpty || $0.hasPrefix("#") || $0.hasPrefix("<!--") }
    let paragraph = lines.prefix { !$0.isEmpty && !$0.hasPrefix("#") }.joined(separator: " ")
    guard !paragraph.isEmpty else { return nil }
    let end = paragraph.ranges(of: /[.:](?=\s|$)/).first?.lowerBound ?? paragraph.endIndex
    return paragraph[..<end].replacingOccurrences(of: "|", with: "\\|")
  }
}
