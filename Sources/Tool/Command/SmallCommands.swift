// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import Configuration
import Lint
import Plan
import ToolSupport

/// `martlet menuconfig`.
struct MenuconfigCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "menuconfig",
    abstract: "Chooses micro-libraries and their settings in a menu.",
    discussion:
      "Without APP it edits the defaults of the checkout; with APP those of the application.")

  @Argument(help: "A folder with a martlet.yaml, or the name of one under Apps/.")
  var app: String?

  func run() async throws {
    Log.bootstrap(isVerbose: false)
    let plan = try app.map { try Plan.load(application: $0, projectRoot: Repository.root) }
    try await Menuconfig.run(app: plan)
  }
}

/// `martlet lint`.
struct LintCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint",
    abstract: "Checks the rules of the house on the sources.",
    discussion: """
      Imports only downward, no unsafe code outside Sources/Machine, a reason at every \
      unsafe use, licence lines, sizes of files, and formatting.
      """)

  func run() async throws {
    Log.bootstrap(isVerbose: false)
    throw ExitCode(try await Linter.run())
  }
}
