// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser

@main
struct Martlet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "martlet")
}
