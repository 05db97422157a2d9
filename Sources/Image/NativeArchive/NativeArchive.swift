// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import EROFS
import Log
import Machine
import VFS

/// The root archive of a native image, found when it is first asked for.
public enum NativeArchive {
  private static let found = KernelGlobal<RootArchive?>(nil)
  private static let hasLooked = KernelGlobal(false)
  /// The tree of files, once something has started it (`NativeFiles`): what it says holds then, and
  /// not the archive below it.
  public static let tree = KernelGlobal<(any NativeTree)?>(nil)

  /// Where the archive lies in memory.
  static var range: MemoryRange? { BootInformation.module ?? ImageLayout.archive }

  /// The archive; nil when the plan has no `root`.
  public static var current: RootArchive? {
    if hasLooked.value { return found.value }
    hasLooked.value = true
    found.value = open()
    return found.value
  }

  private static func open() -> RootArchive? {
    guard let range else { return nil }
    guard range.start.rawValue & UInt(pageSize - 1) == 0 else {
      Panic.refuse("root", "the root archive does not begin at a page")
    }
    let bytes = FrameMemory.permanentBytes(of: range.start, byteCount: Int(range.byteCount))
    do throws(ErofsError) {
      return RootArchive(bytes: bytes, index: try ErofsArchive(bytes.span), start: range.start)
    } catch {
      switch error {
      case .truncated: Panic.refuse("root", "the root archive is cut short")
      default: Panic.refuse("root", "the root archive is not an EROFS image that can be read")
      }
    }
  }
}
