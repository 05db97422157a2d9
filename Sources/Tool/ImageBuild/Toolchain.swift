// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import ToolSupport

/// The programs of the Swift toolchain.
public enum Toolchain {
  /// The absolute path of `swift`, the first in PATH.
  public static func swift() throws -> String {
    if let path = Paths.executable("swift") {
      return URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }
    throw ToolError(
      "the Swift toolchain is not in PATH", advice: "Run ./martlet doctor to see what is missing.")
  }

  /// A program that lives beside `swift`, or else one of that name in /usr/bin.
  public static func program(_ name: String) throws -> String {
    let folder = ((try swift()) as NSString).deletingLastPathComponent
    for candidate in ["\(folder)/\(name)", "/opt/swift/usr/bin/\(name)", "/usr/bin/\(name)"]
    where access(candidate, X_OK) == 0 {
      return candidate
    }
    throw ToolError(
      "the toolchain has no \(name)", at: folder,
      advice: "Run ./martlet doctor to see what is missing.")
  }
}
