// SPDX-License-Identifier: BSD-3-Clause

/// A file system whose files are made by the kernel (`/proc`, `/sys`, `/dev`): what its nodes share.
public final class PseudoFileSystem {
  /// `st_dev`
  public let deviceNumber: UInt64
  public let statistics: FileSystemStatistics
  private var lastNumber: UInt64 = 0

  /// - Parameter magic: `f_type` of `statfs(2)`.
  public init(deviceNumber: UInt64, magic: UInt64) {
    self.deviceNumber = deviceNumber
    statistics = FileSystemStatistics(magic: magic)
  }

  /// A number for a new node.
  public func nextNumber() -> UInt64 {
    lastNumber += 1
    return lastNumber
  }
}
