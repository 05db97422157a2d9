// SPDX-License-Identifier: BSD-3-Clause

import Testing
import ToolSupport

@testable import Lint

@Suite("Lint")
struct LintTests {
  private let manifest = """
    Library("Base", "Low", on: ["Bytes"]),
    Library("Kernel", "Middle", on: ["Low"]),
    Library(
      "Linux", "High",
      on: ["Middle", "Low"]),
    """

  private func imports(_ text: String, in module: String) -> [String] {
    ImportRule(table: ModuleTable(manifest: manifest)).findings(
      in: SourceText(text), file: "f", module: module
    ).map(\.message)
  }

  @Test func declaredImportsAreFine() {
    #expect(imports("import Middle\npublic import Low", in: "High") == [])
  }

  @Test(arguments: [
    ("import High", "Middle", "upward"), ("import Bytes", "Middle", "does not list"),
    ("import Foundation", "Middle", "does not name"), ("@_exported import High", "Low", "upward"),
    ("import struct High.X", "Low", "upward"),
  ])
  func otherImportsAreFound(_ line: String, _ module: String, _ message: String) {
    let found = imports("// import Fine\n\(line)\n", in: module)
    #expect(found.count == 1)
    #expect(found.first?.contains(message) == true)
  }

  @Test(arguments: [
    "unsafe f()", "let p: UnsafePointer<Int>", "withUnsafeBytes(of: x) { _ in }",
    "@unsafe func f()",
    "nonisolated(unsafe) var x = 1", "struct S: @unchecked Sendable {}", "@safe struct S {}",
    "let y = unsafeBitCast(x, to: Int.self)", "let s = \"a\\(unsafe f())b\"",
  ])
  func unsafeWordsAreFound(_ line: String) {
    #expect(!SafetyRule.uses(in: SourceText(line)).isEmpty)
  }

  @Test(arguments: [
    "// unsafe", "/* unsafe /* unsafe */ unsafe */ let x = 1", "let s = \"unsafe\"",
    "let s = #\"un\"unsafe\"#", "let s = \"\"\"\n  unsafe\n  \"\"\"", "let safe = unchecked",
    "let s = \"\\\"unsafe\"",
  ])
  func commentsAndStringsAreNot(_ line: String) {
    #expect(SafetyRule.uses(in: SourceText(line)) == [])
  }

  @Test func aUseNeedsAReasonInItsDeclaration() {
    let text = """
      struct S {
        func explained() {
          // SAFETY: it is fine.
          let x = 1
          if x == 1 {
            unsafe g()
          }
        }

        func unexplained() {
          unsafe g()
        }

        /// Does it.
        /// - Safety: the caller owes everything.
        @unsafe
        func documented() { unsafe g() }

        // SAFETY (all below): these are harmless.
        func a() { unsafe g() }

        func b() { unsafe g() }
      }
      func outside() { unsafe g() }
      """
    #expect(SafetyRule.unexplained(in: SourceText(text)).map(\.line) == [11, 24])
  }

  @Test func conditionalsAreFoundInCodeOnly() {
    let text = "let s = \"\"\"\n  #if A\n  \"\"\"\n#if B\n#endif\n"
    #expect(FileRules.conditionals(in: SourceText(text), file: "f").map(\.line) == [4])
  }

  @Test func filesNeedALicenceAndAnEnd() {
    let licence = "// SPDX-License-Identifier: BSD-3-Clause"
    #expect(FileRules.findings(in: [licence, "x", ""], file: "f") == [])
    #expect(FileRules.findings(in: ["x"], file: "f").count == 1)
    let long = [licence] + [String](repeating: "x", count: 500) + [""]
    #expect(FileRules.findings(in: long, file: "f").map(\.line) == [501])
  }

  @Test func aBudgetLimitsModules() {
    var budget = SafetyBudget(json: .init(#"{"unsafe": {"Machine": 3}}"#.utf8))
    budget.add(3, to: "Machine")
    #expect(budget.findings { _ in true } == [])
    budget.add(1, to: "Machine")
    #expect(budget.findings { _ in true }.count == 1)
    #expect(budget.table == "  Machine: 4 of 3")
  }

  @Test func formatFindingsKeepTheirPlaces() {
    let found = FormatRule.parse(
      "/r/Sources/A.swift:3:4: error: [LineLength] line is too long\n", root: "/r", failed: true)
    #expect(
      found == [
        Finding(file: "Sources/A.swift", line: 3, message: "[LineLength] line is too long")
      ])
    #expect(FormatRule.parse("crash", root: "/r", failed: true).count == 1)
  }
}
