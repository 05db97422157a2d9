// SPDX-License-Identifier: BSD-3-Clause

import Testing

@testable import LinuxFiles

/// The algebra of record locks against a model that keeps, for each byte, who holds it and how.
@Suite struct FilesRecordLockTests {
  private struct Model {
    /// For each byte, each owner's lock.
    var bytes = [[UInt: RecordLocks.Kind]](repeating: [:], count: 40)

    func conflicts(_ lock: RecordLocks.Lock) -> Bool {
      for index in Int(lock.start)..<min(Int(lock.end), 40) {
        for (owner, kind) in bytes[index] where owner != lock.owner {
          if kind == .exclusive || lock.kind == .exclusive { return true }
        }
      }
      return false
    }
  }

  private func model(of locks: RecordLocks) -> Model {
    var model = Model()
    for lock in locks.locks {
      for index in Int(lock.start)..<min(Int(lock.end), 40) {
        #expect(model.bytes[index][lock.owner] == nil, "two locks of one owner overlap")
        model.bytes[index][lock.owner] = lock.kind
      }
    }
    return model
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func agreesWithBytes(seed: UInt64) {
    var locks = RecordLocks()
    var expected = Model()
    var state = seed &* 0x9e37_79b9_7f4a_7c15
    func random(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    for _ in 0..<400 {
      let start = random(36)
      let isOpen = random(8) == 0
      let end = isOpen ? Int64.max : Int64(start + 1 + random(38 - start))
      let lock = RecordLocks.Lock(
        start: Int64(start), end: end, kind: random(2) == 0 ? .shared : .exclusive,
        owner: UInt(random(3)))
      let covered = start..<min(Int(clamping: end), 40)
      if random(3) == 0 {
        locks.release(lock.start, lock.end, owner: lock.owner)
        for index in covered { expected.bytes[index][lock.owner] = nil }
      } else {
        let conflict = locks.conflict(with: lock)
        #expect((conflict != nil) == expected.conflicts(lock))
        if conflict == nil {
          locks.grant(lock)
          for index in covered { expected.bytes[index][lock.owner] = lock.kind }
        }
      }
      #expect(model(of: locks).bytes == expected.bytes)
      for (left, right) in zip(locks.locks, locks.locks.dropFirst()) {
        #expect(left.start <= right.start)
      }
    }
  }

  @Test func neighboursOfOneKindBecomeOne() {
    var locks = RecordLocks()
    locks.grant(.init(start: 0, end: 10, kind: .shared, owner: 0))
    locks.grant(.init(start: 20, end: 30, kind: .shared, owner: 0))
    locks.grant(.init(start: 10, end: 20, kind: .shared, owner: 0))
    #expect(locks.locks == [.init(start: 0, end: 30, kind: .shared, owner: 0)])
    locks.release(5, 6, owner: 0)
    #expect(locks.locks.count == 2)
    let hadSome = locks.releaseAll(of: 0)
    #expect(hadSome && locks.isEmpty)
    let hadMore = locks.releaseAll(of: 0)
    #expect(!hadMore)
  }
}
