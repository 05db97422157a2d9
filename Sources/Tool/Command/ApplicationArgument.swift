// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import Plan
import ToolSupport

/// The APP of a command.
struct ApplicationArgument: ParsableArguments {
  @Argument(
    help: "A folder with a martlet.yaml, or the name of one under Apps/.",
    completion: .directory)
  var app: String

  /// The checked plan of the application.
  func plan() throws -> Plan {
    try Plan.load(application: app, projectRoot: Repository.root)
  }
}
