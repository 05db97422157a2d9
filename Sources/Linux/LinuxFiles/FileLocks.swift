// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import LinuxCore
import Scheduling
import VFS

/// The locks on one file: those on ranges (`fcntl`) and those on the whole (`flock`), which do not
/// see each other.
final class FileLocks {
  /// Which of the two.
  enum Part {
    case ranges
    case whole
  }

  var ranges = RecordLocks()
  var whole = RecordLocks()
  /// Woken when a lock goes.
  let released = WaitQueue()
  /// What a memory file forbids; nil for other files.
  var seals: FileSeals?

  private static let closing = KernelGlobal<LockRelease?>(nil)

  /// The locks of `node`, if it has any.
  static func existing(of node: Node) -> FileLocks? {
    guard let locks = node.locks else { return nil }
    return locks as? FileLocks
  }

  /// The locks of `node`, which may be none yet.
  static func of(_ node: Node) -> FileLocks {
    if let locks = existing(of: node) { return locks }
    if closing.value == nil {
      let release = LockRelease()
      closing.value = release
      DescriptorTable.closeObserver.value = release
    }
    let locks = FileLocks()
    node.locks = locks
    return locks
  }

  /// The number under which an open file holds locks of its own.
  static func owner(_ file: OpenFile) -> RecordLocks.Owner {
    UInt(bitPattern: ObjectIdentifier(file))
  }

  /// The number under which the process holds locks.
  static let process: RecordLocks.Owner = 0

  /// Grants `lock`, waiting for it if `blocks`. Throws `wouldBlock`, `restart`.
  func acquire(
    _ lock: RecordLocks.Lock, in part: Part, blocks: Bool
  ) throws(Errno) {
    while locks(part).conflict(with: lock) != nil {
      guard blocks else { throw .wouldBlock }
      if released.wait() == .interrupted { throw .restart }
    }
    switch part {
    case .ranges: ranges.grant(lock)
    case .whole: whole.grant(lock)
    }
    released.wakeAll()
  }

  /// Takes a range from its owner.
  func release(
    _ start: Int64, _ end: Int64, owner: RecordLocks.Owner, in part: Part
  ) {
    switch part {
    case .ranges: ranges.release(start, end, owner: owner)
    case .whole: whole.release(start, end, owner: owner)
    }
    released.wakeAll()
  }

  /// Takes everything from `owner`.
  func releaseAll(of owner: RecordLocks.Owner) {
    let hadRanges = ranges.releaseAll(of: owner)
    let hadWhole = whole.releaseAll(of: owner)
    if hadRanges || hadWhole { released.wakeAll() }
  }

  func locks(_ part: Part) -> RecordLocks {
    part == .ranges ? ranges : whole
  }
}

/// A closing descriptor gives up the process's record locks on the file (POSIX `fcntl`).
private final class LockRelease: DescriptorCloseObserver {
  func descriptorDidClose(of file: OpenFile) {
    FileLocks.existing(of: file.node)?.releaseAll(of: FileLocks.process)
  }
}

/// Releases the locks that an open file holds when its last descriptor closes.
final class OpenFileLocks: FileCloseObserver {
  private let owner: RecordLocks.Owner
  private let node: Node

  /// Makes sure that the locks of `file` end with it.
  static func watch(_ file: OpenFile) {
    let owner = FileLocks.owner(file)
    // A second observer does no harm: there is nothing left to release then.
    guard let locks = FileLocks.existing(of: file.node) else { return }
    if locks.ranges.holds(owner) || locks.whole.holds(owner) { return }
    file.addCloseObserver(OpenFileLocks(owner: owner, node: file.node))
  }

  private init(owner: RecordLocks.Owner, node: Node) {
    self.owner = owner
    self.node = node
  }

  func fileDidClose() {
    FileLocks.existing(of: node)?.releaseAll(of: owner)
  }
}
