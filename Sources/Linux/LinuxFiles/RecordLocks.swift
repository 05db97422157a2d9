// SPDX-License-Identifier: BSD-3-Clause

/// The record locks on one file: who holds which bytes, for reading or writing
/// (`fcntl(2)`, "Advisory record locking").
///
/// A pure value: it says what conflicts and what becomes of the ranges; who waits is not its
/// business.
struct RecordLocks {
  enum Kind: Equatable {
    case shared
    case exclusive
  }

  /// Who holds a lock. 0 is the process; an open file that locks for itself (`F_OFD_SETLK`) has a
  /// number of its own.
  typealias Owner = UInt

  /// A range of bytes that one owner holds, `end` not included; `Int64.max` is the end of any file.
  struct Lock: Equatable {
    var start: Int64
    var end: Int64
    var kind: Kind
    var owner: Owner

    func overlaps(_ start: Int64, _ end: Int64) -> Bool { self.start < end && start < self.end }
  }

  /// Sorted by start; ranges of one owner neither overlap nor touch with the same kind.
  private(set) var locks: [Lock] = []

  var isEmpty: Bool { locks.isEmpty }

  /// Whether `owner` holds anything.
  func holds(_ owner: Owner) -> Bool { locks.contains { $0.owner == owner } }

  /// The first lock of another owner that keeps `lock` from being granted, or nil.
  func conflict(with lock: Lock) -> Lock? {
    for held in locks where held.owner != lock.owner && held.overlaps(lock.start, lock.end) {
      if held.kind == .exclusive || lock.kind == .exclusive { return held }
    }
    return nil
  }

  /// Gives `lock` to its owner, in place of what the owner held there. The caller has made sure
  /// that there is no conflict.
  mutating func grant(_ lock: Lock) {
    release(lock.start, lock.end, owner: lock.owner)
    var merged = lock
    locks.removeAll { held in
      guard held.owner == lock.owner, held.kind == lock.kind else { return false }
      guard held.end == merged.start || held.start == merged.end else { return false }
      merged.start = min(merged.start, held.start)
      merged.end = max(merged.end, held.end)
      return true
    }
    insert(merged)
  }

  /// Takes a range from `owner`; a lock around it falls into two.
  mutating func release(_ start: Int64, _ end: Int64, owner: Owner) {
    var rests: [Lock] = []
    locks.removeAll { held in
      guard held.owner == owner, held.overlaps(start, end) else { return false }
      if held.start < start {
        var rest = held
        rest.end = start
        rests.append(rest)
      }
      if held.end > end {
        var rest = held
        rest.start = end
        rests.append(rest)
      }
      return true
    }
    for rest in rests { insert(rest) }
  }

  /// Takes everything from `owner`, and says whether there was anything.
  mutating func releaseAll(of owner: Owner) -> Bool {
    let before = locks.count
    locks.removeAll { $0.owner == owner }
    return locks.count != before
  }

  private mutating func insert(_ lock: Lock) {
    var index = 0
    while index < locks.count && locks[index].start < lock.start { index += 1 }
    locks.insert(lock, at: index)
  }
}
