// SPDX-License-Identifier: BSD-3-Clause

import ArgumentParser
import Foundation
import ToolSupport

/// The command `martlet`.
@main
struct Martlet: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "martlet",
    abstract: "Runs Linux programs and Swift applications as unikernels.",
    discussion: """
      APP is a folder with a martlet.yaml, or the name of one under Apps/.
      Exit status 125 says that the tool or the kernel failed; any other is the program's.
      Docs/martlet.1.md says more.
      """,
    subcommands: [
      RunCommand.self, BuildCommand.self, NewCommand.self, MenuconfigCommand.self,
      InspectCommand.self,
      TestCommand.self, LintCommand.self, BenchCommand.self, DocsCommand.self, DoctorCommand.self,
    ])

  static func main() async {
    keepStandardDescriptors()
    do {
      var command = try parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let error as ToolError {
      fail("martlet: \(error)", status: error.status)
    } catch {
      let code = exitCode(for: error)
      // Help and lists of options are answers; everything else is a mistake of the caller's.
      if error is ExitCode { exit(withStatus: code.rawValue) }
      if code == .success {
        print(fullMessage(for: error))
        exit(withStatus: 0)
      }
      let isUsage = code == .validationFailure
      fail(isUsage ? fullMessage(for: error) : "martlet: \(error)", status: 125)
    }
    exit(withStatus: 0)
  }

  private static func fail(_ message: String, status: Int32) -> Never {
    StandardError.write(message + "\n")
    exit(withStatus: status)
  }

  private static func exit(withStatus status: Int32) -> Never {
    fflush(nil)
    Foundation.exit(status)
  }

  /// A descriptor 0, 1 or 2 that the caller closed would be given to a socket of ours.
  private static func keepStandardDescriptors() {
    for number in Int32(0)...2 where fcntl(number, F_GETFD) < 0 {
      _ = open("/dev/null", number == 0 ? O_RDONLY : O_WRONLY)
    }
  }
}
