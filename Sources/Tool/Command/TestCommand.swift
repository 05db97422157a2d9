// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import ToolSupport

/// `martlet test`.
struct TestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "test")
  func run() async throws {}
}
