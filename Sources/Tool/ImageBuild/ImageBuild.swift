// SPDX-License-Identifier: BSD-3-Clause

import Plan
import ToolSupport

/// A stand-in until the real one is merged.
public struct Kernel: Sendable {
  public var path: String
  public var symbolPath: String
}

/// A stand-in until the real one is merged.
public enum KernelBuilder {
  public static func kernel(for plan: Plan, progress: Progress) async throws -> Kernel {
    // Lets the launch path be tried before kernels exist.
    if let path = Paths.environment("MARTLET_TRY_KERNEL") {
      return Kernel(path: path, symbolPath: path)
    }
    throw ToolError("kernels are not built yet")
  }
}

/// A stand-in until the real one is merged.
public enum ImageAssembler {
  public static func assemble(
    kernel: Kernel, archive: String, launchText: String, to output: String
  ) async throws -> String {
    throw ToolError("images are not built yet")
  }
}
