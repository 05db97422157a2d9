// SPDX-License-Identifier: BSD-3-Clause

import Base
import Scheduling
import Testing
import VFS

@testable import LinuxPolling

/// A file whose readiness a test sets.
private final class TestFile: OpenFile {
  let queue = WaitQueue()
  var state: Readiness = []

  init() {
    super.init(node: AnonymousNode.shared, flags: .readWrite)
    descriptorDidOpen()
  }

  override var readiness: Readiness { state }
  override var readinessQueue: WaitQueue? { queue }

  func become(_ readiness: Readiness) {
    state = readiness
    queue.wakeAll(readiness)
  }
}

/// Epoll without threads: what `collect` reports after each change. In one suite, one test after
/// the other, since the kernel's code knows no second thread.
@Suite(.serialized) struct PollingEpollTests {
  private let input = EpollEvents(rawValue: 1)

  private func makeEpoll() -> Epoll { Epoll(node: AnonymousNode.shared, flags: .readWrite) }

  private func collect(_ epoll: Epoll, limit: Int = 100) -> [UInt64] {
    var found: [UInt64] = []
    do throws(SystemError) {
      let count = try epoll.collect(limit: limit) { (_, data) throws(SystemError) in
        found.append(data)
      }
      #expect(count == found.count)
    } catch {
      Issue.record("collect threw")
    }
    return found
  }

  @Test func levelTriggeredReportsAsLongAsItIsSo() throws {
    let epoll = makeEpoll()
    let file = TestFile()
    try epoll.add(file, descriptor: 3, events: input, data: 7)
    #expect(collect(epoll) == [])
    file.become(.readable)
    #expect(epoll.readiness.contains(.readable))
    #expect(collect(epoll) == [7])
    #expect(collect(epoll) == [7])
    file.state = []
    #expect(collect(epoll) == [])
    #expect(epoll.readiness.isEmpty)
  }

  @Test func edgeTriggeredReportsEachWakeUpOnce() throws {
    let epoll = makeEpoll()
    let file = TestFile()
    file.state = .readable
    try epoll.add(file, descriptor: 3, events: [input, .edge], data: 1)
    #expect(collect(epoll) == [1])
    #expect(collect(epoll) == [])
    file.become(.readable)
    file.become(.readable)
    #expect(collect(epoll) == [1])
    #expect(collect(epoll) == [])
  }

  @Test func oneShotIsSilentUntilItIsArmedAgain() throws {
    let epoll = makeEpoll()
    let file = TestFile()
    try epoll.add(file, descriptor: 3, events: [input, .oneShot], data: 1)
    file.become(.readable)
    #expect(collect(epoll) == [1])
    file.become(.readable)
    file.become(.hangup)
    #expect(collect(epoll) == [])
    file.state = .readable
    try epoll.modify(file, descriptor: 3, events: [input, .oneShot], data: 2)
    #expect(collect(epoll) == [2])
  }

  @Test func errorsAndHangUpsAreAlwaysReported() throws {
    let epoll = makeEpoll()
    let file = TestFile()
    try epoll.add(file, descriptor: 3, events: EpollEvents(rawValue: 4), data: 9)
    file.become(.readable)
    #expect(collect(epoll) == [])
    file.become(.hangup)
    #expect(collect(epoll) == [9])
  }

  @Test func takesTurnsWhenThereIsMoreThanFits() throws {
    let epoll = makeEpoll()
    let files = (0..<5).map { _ in TestFile() }
    for (index, file) in files.enumerated() {
      try epoll.add(file, descriptor: Int32(index), events: input, data: UInt64(index))
      file.become(.readable)
    }
    #expect(collect(epoll, limit: 2) == [0, 1])
    #expect(collect(epoll, limit: 2) == [2, 3])
    #expect(collect(epoll, limit: 2) == [4, 0])
  }

  @Test func forgetsAFileWhoseLastDescriptorClosed() throws {
    let epoll = makeEpoll()
    let file = TestFile()
    try epoll.add(file, descriptor: 3, events: input, data: 1)
    file.become(.readable)
    file.descriptorDidClose()
    #expect(collect(epoll) == [])
    #expect(file.queue.isEmpty)
    // The number may mean another file now.
    let other = TestFile()
    other.state = .readable
    try epoll.add(other, descriptor: 3, events: input, data: 2)
    #expect(collect(epoll) == [2])
    try epoll.remove(other, descriptor: 3)
    #expect(throws: SystemError.noSuchFile) { try epoll.remove(other, descriptor: 3) }
  }

  @Test func leavesEveryQueueWhenItCloses() throws {
    let file = TestFile()
    do {
      let epoll = makeEpoll()
      try epoll.add(file, descriptor: 3, events: input, data: 1)
      #expect(!file.queue.isEmpty)
    }
    #expect(file.queue.isEmpty)
  }

  @Test func refusesTheSameFileTwiceAndLoops() throws {
    let first = makeEpoll()
    let second = makeEpoll()
    let file = TestFile()
    try first.add(file, descriptor: 3, events: input, data: 1)
    #expect(throws: SystemError.fileExists) {
      try first.add(file, descriptor: 3, events: self.input, data: 1)
    }
    // The same file under another number is another entry.
    try first.add(file, descriptor: 4, events: input, data: 1)
    try second.add(first, descriptor: 5, events: input, data: 1)
    #expect(throws: SystemError.tooManyLinksInPath) {
      try first.add(second, descriptor: 6, events: self.input, data: 1)
    }
  }

  @Test func aNestedEpollWakesTheOuterOne() throws {
    let inner = makeEpoll()
    let outer = makeEpoll()
    let file = TestFile()
    try inner.add(file, descriptor: 3, events: input, data: 1)
    try outer.add(inner, descriptor: 4, events: input, data: 2)
    #expect(collect(outer) == [])
    file.become(.readable)
    #expect(collect(outer) == [2])
    #expect(collect(inner) == [1])
    file.state = []
    #expect(collect(outer) == [])
  }

  @Test func nestingHasALimit() throws {
    var chain = [makeEpoll()]
    var refused = false
    for _ in 0..<10 {
      let outer = makeEpoll()
      do {
        try outer.add(chain[chain.count - 1], descriptor: 3, events: input, data: 1)
        chain.append(outer)
      } catch {
        refused = true
        break
      }
    }
    #expect(refused && chain.count == 5)
  }

  @Test func countersAreReadableAboveZeroAndWritableBelowTheLimit() {
    let counter = EventCounter(
      value: 0, isSemaphore: false, node: AnonymousNode.shared, flags: .nonBlocking)
    #expect(counter.readiness == .writable)
    #expect(counter.take() == nil)
    #expect(counter.add(UInt64.max - 1))
    #expect(counter.readiness == .readable)
    #expect(!counter.add(1))
    #expect(counter.take() == UInt64.max - 1)
    let semaphore = EventCounter(
      value: 2, isSemaphore: true, node: AnonymousNode.shared, flags: .nonBlocking)
    #expect(semaphore.take() == 1)
    #expect(semaphore.take() == 1)
    #expect(semaphore.take() == nil)
  }
}
