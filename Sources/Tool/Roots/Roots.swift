// SPDX-License-Identifier: BSD-3-Clause

import Plan
import ToolSupport

/// A stand-in until the real one is merged.
public struct RootArchive: Sendable {
  public var path: String
  public var byteCount: Int
}

/// A stand-in until the real one is merged.
public enum RootBuilder {
  public static func archive(for plan: Plan, progress: Progress) async throws -> RootArchive {
    // Lets the launch path be tried before roots exist.
    if let path = Paths.environment("MARTLET_TRY_ROOT") {
      return RootArchive(path: path, byteCount: 0)
    }
    throw ToolError("roots are not built yet")
  }
}
