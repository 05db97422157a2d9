// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ImageBuild
import ToolSupport

/// Makes the documentation's web pages from the catalogue `Docs/Martlet.docc`, from the comments of
/// what `import Martlet` brings, and from the READMEs of the modules. It needs no network.
public struct DocumentationBuilder: Sendable {
  /// The checkout.
  let root: String
  /// Where the pages go.
  let output: String

  public init(root: String, output: String) {
    self.root = root
    self.output = output
  }

  private var catalogue: String { "\(root)/Docs/Martlet.docc" }
  private var scratch: String { "\(root)/.build/documentation" }

  /// Builds all pages anew.
  ///
  /// - Throws: `ToolError` when a page refers to what is not there, or a comment cannot be read.
  public func build(_ progress: ToolSupport.Progress) async throws {
    let docc = try Toolchain.program("docc")
    _ = try await progress.step("Compiling what the documentation describes") {
      // Also for a build without anything to do: the graph is read from the modules.
      try await ExternalCommand(
        try Toolchain.swift(), ["build", "--package-path", root, "--target", "Martlet"]
      ).runChecked("compiling the application's API")
    }
    try prepareCatalogue()
    try await progress.step("Writing the documentation") {
      try await extractSymbols()
      let convert = ExternalCommand(
        docc,
        [
          "convert", "\(scratch)/Martlet.docc", "--additional-symbol-graph-dir",
          "\(scratch)/symbols", "--output-dir", output, "--warnings-as-errors",
          "--fallback-display-name", "Martlet", "--fallback-bundle-identifier", "martlet",
        ])
      let said = try await convert.run()
      guard said.isSuccess else {
        // The copy that was read has the same names as the catalogue.
        let text = (said.errorText + said.text).replacingOccurrences(of: scratch, with: "Docs")
        throw ToolError(
          "the documentation has mistakes:\n\(text)", at: catalogue,
          advice: "Mend the page or the comment that each line names.")
      }
    }
  }

  /// A fresh copy of the catalogue with the pages that are made.
  private func prepareCatalogue() throws {
    let manager = FileManager.default
    do {
      try? manager.removeItem(atPath: scratch)
      try manager.createDirectory(
        atPath: "\(scratch)/symbols", withIntermediateDirectories: true)
      try manager.copyItem(atPath: catalogue, toPath: "\(scratch)/Martlet.docc")
      let manifest = try String(contentsOfFile: "\(root)/Package.swift", encoding: .utf8)
      let page = LibraryPage(table: ModuleTable(manifest: manifest), root: root)
      try page.text.write(
        toFile: "\(scratch)/Martlet.docc/Micro-libraries.md", atomically: true, encoding: .utf8)
    } catch {
      throw ToolError(
        "cannot prepare the documentation: \(error.localizedDescription)", at: scratch)
    }
  }

  /// What the module `Martlet` says in its own name, and in that of the modules behind it.
  private func extractSymbols() async throws {
    let umbrella = try String(
      contentsOfFile: "\(root)/Sources/App/Martlet/Martlet.swift", encoding: .utf8)
    let extract = ExternalCommand(
      try Toolchain.program("swift-symbolgraph-extract"),
      [
        "-module-name", "Martlet", "-target", "x86_64-unknown-linux-gnu",
        "-I", "\(root)/.build/debug/Modules", "-I", "\(root)/Sources/Machine/CMachine/include",
        "-output-dir", "\(scratch)/symbols", "-minimum-access-level", "public",
        "-experimental-allowed-reexported-modules="
          + Self.exported(by: umbrella).joined(separator: ","),
      ])
    try await extract.runChecked("reading the application's API")
  }

  /// The modules that a source exports as its own.
  static func exported(by source: String) -> [String] {
    source.matches(of: /(?m)^@_exported import (\w+)$/).map { String($0.1) }
  }
}
