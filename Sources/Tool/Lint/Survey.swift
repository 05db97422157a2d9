// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// One walk over all sources with every rule that looks at a file.
struct Survey {
  let root: String
  private let table: ModuleTable
  private(set) var findings: [Finding] = []
  private(set) var budget: SafetyBudget

  init(root: String) throws {
    guard let manifest = try? String(contentsOfFile: "\(root)/Package.swift", encoding: .utf8)
    else { throw ToolError("cannot read the table of modules", at: "\(root)/Package.swift") }
    self.root = root
    table = ModuleTable(manifest: manifest)
    budget = SafetyBudget(
      json: FileManager.default.contents(atPath: "\(root)/\(SafetyBudget.path)"))
  }

  mutating func visit() throws {
    for top in ["Sources", "Tests", "Apps"] {
      let paths = (try? FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(top)")) ?? []
      for path in paths.sorted() where FileRules.isSource("\(top)/\(path)") {
        visit("\(top)/\(path)")
      }
    }
    visitModules()
    findings += budget.findings { table.modules[$0]?.layer != "Tool" }
  }

  private mutating func visit(_ file: String) {
    guard let text = try? String(contentsOfFile: "\(root)/\(file)", encoding: .utf8) else {
      findings.append(Finding(file: file, line: 1, message: "is not UTF-8 text"))
      return
    }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    findings += FileRules.findings(in: lines, file: file)
    let parts = file.split(separator: "/").map(String.init)
    guard file.hasSuffix(".swift"), parts[0] == "Sources", parts.count > 2 else { return }
    let layer = parts[1]
    // The command's folder is not called like its target.
    let module = layer == "Tool" && parts[2] == "Command" ? "martlet" : parts[2]
    visit(SourceText(text), file: file, layer: layer, module: module)
  }

  private mutating func visit(_ source: SourceText, file: String, layer: String, module: String) {
    let uses = SafetyRule.uses(in: source)
    budget.add(uses.count, to: module)
    switch layer {
    case "Machine":
      findings += SafetyRule.unexplained(in: source).map {
        Finding(
          file: file, line: $0.line,
          message: "'\($0.word)' without a reason; write // SAFETY: above it")
      }
    default:
      findings += uses.map {
        Finding(file: file, line: $0.line, message: "'\($0.word)' outside Sources/Machine")
      }
    }
    if layer != "Image" {
      findings += ImportRule(table: table).findings(in: source, file: file, module: module)
    }
    if !["Machine", "Image", "Tool"].contains(layer) {
      findings += FileRules.conditionals(in: source, file: file)
    }
  }

  private mutating func visitModules() {
    for module in table.modules.values where !["Tool", "Bytes"].contains(module.layer) {
      if module.name == "CMachine" { continue }
      findings += FileRules.missingParts(
        of: module, folder: "Sources/\(module.layer)/\(module.name)", root: root)
    }
  }
}
