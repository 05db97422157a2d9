// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// A C program of an application, compiled for Linux by the host's compiler.
enum CProgram {
  /// Compiles `sources` to `output`. Warnings are shown only when it fails.
  static func compile(_ sources: [String], to output: String, isStatic: Bool) async throws {
    let compiler = ["cc", "gcc", "clang"].first { Paths.executable($0) != nil }
    guard let compiler else {
      throw ToolError(
        "there is no C compiler", advice: "Install one: apt-get install gcc libc6-dev")
    }
    let flags = ["-O2", "-pthread"] + (isStatic ? ["-static"] : [])
    let result = try await ExternalCommand(
      compiler, flags + ["-o", output] + sources + ["-lm"], environment: ["LC_ALL": "C"]
    ).run()
    guard result.isSuccess else {
      let text = result.errorText.trimmingCharacters(in: .whitespacesAndNewlines)
      throw ToolError("the program does not compile\n\(text)", at: sources.first)
    }
  }
}
