// SPDX-License-Identifier: BSD-3-Clause

import Foundation
import Plan
import ToolSupport

/// The menus on the terminal.
public enum Menuconfig {
  /// Shows the menus and writes what differs from the defaults to `.config`: at the root, or in
  /// the folder of `app` when there is one.
  public static func run(app: Plan?) async throws {
    let root = Repository.root
    guard isatty(0) == 1, isatty(1) == 1 else {
      throw ToolError(
        "menuconfig needs a terminal", advice: "Or write settings to \(root)/.config by hand.")
    }
    let target = "\(app?.directory ?? root)/.config"
    let working = target + ".editing"
    let manager = FileManager.default
    try? manager.removeItem(atPath: working)
    if manager.fileExists(atPath: target) { try manager.copyItem(atPath: target, toPath: working) }
    defer {
      try? manager.removeItem(atPath: working)
      try? manager.removeItem(atPath: working + ".old")
    }
    let menus = ExternalCommand(
      "/usr/bin/python3", ["-m", "menuconfig", "\(root)/Kconfig"],
      environment: ["srctree": root, "KCONFIG_CONFIG": working, "PYTHONDONTWRITEBYTECODE": "1"],
      in: root)
    guard try await menus.runInteractively() == 0 else {
      throw ToolError(
        "menuconfig failed", advice: "Run ./martlet doctor: python3-kconfiglib may be missing.")
    }
    guard manager.fileExists(atPath: working) else { return }
    let minimal = ExternalCommand(
      "/usr/bin/python3",
      ["\(root)/Scripts/resolve-configuration", root, "--file", working, "--minimal", target])
    let result = try await minimal.run()
    guard result.isSuccess else { throw Resolver.failure(result) }
  }
}
