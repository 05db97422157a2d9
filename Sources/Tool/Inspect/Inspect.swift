// SPDX-License-Identifier: BSD-3-Clause

import Plan
import ToolSupport

/// A stand-in until the real one is merged.
public enum Inspector {
  public static func report(for plan: Plan, json: Bool) async throws -> String {
    throw ToolError("inspect is not built yet")
  }
}
