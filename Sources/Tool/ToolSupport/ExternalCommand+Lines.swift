// SPDX-License-Identifier: BSD-3-Clause

import Subprocess
import SystemPackage

extension ExternalCommand {
  /// Runs it and calls `line` for each line of output or error as it comes; gives back the exit
  /// status, or 128 + n when signal n ended it.
  public func runLines(_ line: @Sendable (String) -> Void) async throws -> Int32 {
    var changes: [Environment.Key: String?] = [:]
    for (key, value) in environment { changes[Environment.Key(stringLiteral: key)] = value }
    do {
      let record = try await Subprocess.run(
        .path(FilePath(executable)), arguments: Arguments(arguments),
        environment: .inherit.updating(changes),
        workingDirectory: workingDirectory.map { FilePath($0) }, input: .none,
        output: .sequence, error: .combinedWithOutput
      ) { execution in
        for try await text in execution.standardOutput.strings(bufferingPolicy: .unbounded) {
          line(text)
        }
      }
      switch record.terminationStatus {
      case .exited(let code): return code
      case .signaled(let signal): return 128 + signal
      }
    } catch {
      throw ToolError("cannot run \(executable): \(error)")
    }
  }
}
