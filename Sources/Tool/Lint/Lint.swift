// SPDX-License-Identifier: BSD-3-Clause

import ToolSupport

/// A stand-in until the real one is merged.
public enum Linter {
  public static func run() async throws -> Int32 { throw ToolError("lint is not built yet") }
}
