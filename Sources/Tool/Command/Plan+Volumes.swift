// SPDX-License-Identifier: BSD-3-Clause

import Launch
import Plan

extension Plan {
  /// Turns the kernel's libraries for volumes on when there are volumes.
  mutating func needLibrariesOfVolumes() {
    guard !volumes.isEmpty else { return }
    for setting in SharedFolders.settings(kind) {
      if let line = ConfigurationLine(setting, at: Position(line: 1, column: 1)) {
        config.append(line)
      }
    }
  }
}
