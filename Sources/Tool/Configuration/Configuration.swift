// SPDX-License-Identifier: BSD-3-Clause

import Plan
import ToolSupport

/// A stand-in until the real one is merged.
public enum Menuconfig {
  public static func run(app: Plan?) async throws { throw ToolError("menuconfig is not built yet") }
}
