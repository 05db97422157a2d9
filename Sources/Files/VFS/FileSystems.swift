// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// A file system that holds back what its host is to get.
public protocol SynchronizedFileSystem: AnyObject {
  /// Everything is to reach the host (`sync(2)`).
  func synchronize() throws(SystemError)
}

/// The file systems that `sync(2)`, and the end of the machine, must ask.
public enum FileSystems {
  private static let all = KernelGlobal<[any SynchronizedFileSystem]>([])

  /// Adds a file system, for ever.
  public static func add(_ system: any SynchronizedFileSystem) {
    all.value.append(system)
  }

  /// Asks all of them. Returns whether all could.
  @discardableResult
  public static func synchronize() -> Bool {
    var isWhole = true
    for system in all.value {
      do { try system.synchronize() } catch { isWhole = false }
    }
    return isWhole
  }
}
