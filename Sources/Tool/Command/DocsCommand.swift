// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import Documentation
import Foundation
import ToolSupport

/// `martlet docs`: the documentation as web pages.
struct DocsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "docs",
    abstract: "Builds the documentation as web pages, without a network.",
    discussion: """
      A tutorial, how-to pages, explanations and the reference of `import Martlet`, by the \
      toolchain's docc. The pages need a web server, any that serves files; --serve is one \
      on 127.0.0.1 until Ctrl-C.
      """)

  @Option(
    name: .short, help: .init("Where the pages go (default: .build/docs).", valueName: "DIR"))
  var output: String?

  @Option(help: .init("Serves the pages on this port of 127.0.0.1.", valueName: "PORT"))
  var serve: UInt16?

  func validate() throws {
    if serve == 0 { throw ValidationError("--serve takes a port from 1 to 65535") }
  }

  func run() async throws {
    Log.bootstrap(isVerbose: false)
    let folder = output.map { Paths.absolute($0) } ?? "\(Repository.root)/.build/docs"
    try refuseForeignFolder(folder)
    try await DocumentationBuilder(root: Repository.root, output: folder)
      .build(ToolSupport.Progress())
    guard let serve else { return print(folder) }
    StandardError.say("the documentation is at http://127.0.0.1:\(serve)/documentation/martlet")
    let server = ExternalCommand(
      "python3", ["-m", "http.server", "--bind", "127.0.0.1", "--directory", folder, "\(serve)"])
    throw ExitCode(try await server.runInteractively())
  }

  /// docc empties the folder first: not one that holds something else.
  private func refuseForeignFolder(_ folder: String) throws {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard !names.isEmpty, !names.contains("theme-settings.json"), !names.contains("metadata.json")
    else { return }
    throw ToolError(
      "the folder is not empty, and holds no documentation", at: folder,
      advice: "Choose another -o DIR; what is in it would be deleted.")
  }
}
