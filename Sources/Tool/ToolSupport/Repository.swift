// SPDX-License-Identifier: BSD-3-Clause

import Foundation

/// The Martlet checkout that the tool works on.
public enum Repository {
  /// Its folder; the working directory when `Paths.projectRoot()` finds none.
  public static let root: String =
    (try? Paths.projectRoot()) ?? FileManager.default.currentDirectoryPath
}
