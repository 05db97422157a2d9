// SPDX-License-Identifier: BSD-3-Clause

import VFS

/// The flags that the polling calls share with `open(2)`.
enum PollingFlags {
  /// `O_CLOEXEC`, `EFD_CLOEXEC`, `TFD_CLOEXEC` and so on.
  static let closeOnExec: UInt32 = 0o2000000
  /// `O_NONBLOCK`, `EFD_NONBLOCK` and so on.
  static let nonBlocking: UInt32 = 0o4000
  /// `O_RDWR`
  static let readWrite = OpenFlags(rawValue: 2)

  /// The status flags of a file made with `flags`.
  static func status(_ flags: UInt32) -> OpenFlags {
    OpenFlags(rawValue: flags & nonBlocking | 2)
  }
}
