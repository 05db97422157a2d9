// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// The programs of the Swift toolchain.
public enum Toolchain {
  /// The absolute path of `swift`, the first in PATH.
  public static func swift() throws -> String {
    // Not resolved further: the driver looks at the name by which it was called.
    if let path = Paths.executable("swift") { return path }
    throw ToolError(
      "the Swift toolchain is not in PATH", advice: "Run ./martlet doctor to see what is missing.")
  }

  /// A program that lives beside `swift`, or else one of that name in /usr/bin.
  public static func program(_ name: String) throws -> String {
    let swift = URL(fileURLWithPath: try swift()).resolvingSymlinksInPath().path
    let folder = (swift as NSString).deletingLastPathComponent
    for candidate in ["\(folder)/\(name)", "/usr/bin/\(name)"]
    where access(candidate, X_OK) == 0 {
      return candidate
    }
    throw ToolError(
      "the toolchain has no \(name)", at: folder,
      advice: "Run ./martlet doctor to see what is missing.")
  }
}
