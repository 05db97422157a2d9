// SPDX-License-Identifier: BSD-3-Clause

import Launch
import Plan

extension Plan {
  /// Turns the kernel's libraries for volumes and disks on when there are some.
  mutating func needLibrariesOfDevices() {
    let settings =
      (volumes.isEmpty ? [] : SharedFolders.settings(kind)) + (disks.isEmpty ? [] : Disks.settings)
    for setting in settings {
      if let line = ConfigurationLine(setting, at: Position(line: 1, column: 1)) {
        config.append(line)
      }
    }
  }
}
