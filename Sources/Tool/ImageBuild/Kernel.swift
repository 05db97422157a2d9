// SPDX-License-Identifier: BSD-3-Clause

import Configuration

/// A kernel that has been built.
public struct Kernel: Sendable {
  /// The image to boot, without symbols.
  public let path: String
  /// The same image with symbols and line tables.
  public let symbolPath: String
  /// What it was built from.
  public let configuration: ResolvedConfiguration
}
