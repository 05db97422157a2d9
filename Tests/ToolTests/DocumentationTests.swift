// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Testing

@testable import Documentation

@Suite struct DocumentationTests {
  @Test func exportedModulesAreThoseThatTheUmbrellaNames() {
    let source = """
      // @_exported import Commented
      import Base
      @_exported import MartletConsole
      @_exported import MartletTime
      """
    #expect(DocumentationBuilder.exported(by: source) == ["MartletConsole", "MartletTime"])
  }

  @Test(arguments: [
    ("# Title\n\nOne sentence. Another.\n", "One sentence"),
    ("<!-- SPDX -->\n# Title\n\nIn two\nlines. More.\n", "In two lines"),
    ("# Title\n\nNo end\n\nNext paragraph.\n", "No end"),
    ("# Title\n\nVersion 1.2 of a|b: it follows.\n", "Version 1.2 of a\\|b"),
  ])
  func aSummaryIsTheFirstSentence(_ readme: String, _ summary: String) {
    #expect(LibraryPage.summary(ofReadme: readme) == summary)
  }

  @Test(arguments: ["", "# Title\n", "<!-- SPDX -->\n# Title\n\n## Section\n"])
  func aReadmeWithoutTextHasNoSummary(_ readme: String) {
    #expect(LibraryPage.summary(ofReadme: readme) == nil)
  }

  /// Every page of the catalogue is listed, and every page that is listed is there.
  @Test func theCatalogueListsItsPages() throws {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let folder = root.appendingPathComponent("Docs/Martlet.docc")
    let front = try String(
      contentsOf: folder.appendingPathComponent("Martlet.md"), encoding: .utf8)
    let topics = try #require(front.ranges(of: "## Topics").first)
    let listed = Set(front[topics.upperBound...].matches(of: /<doc:([\w-]+)>/).map { String($0.1) })
    let pages = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".md") && $0 != "Martlet.md" }.map { String($0.dropLast(3)) }
    #expect(pages.count > 5)
    // The tutorials are a folder, and the list of libraries is made when the pages are built.
    #expect(listed == Set(pages).union(["Tutorials", "Micro-libraries"]))
  }
}
