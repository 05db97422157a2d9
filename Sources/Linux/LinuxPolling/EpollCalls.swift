// SPDX-License-Identifier: BSD-3-Clause

import Base
import Clock
import LinuxCore
import Memory
import Scheduling
import VFS

/// `epoll_create` and its kin.
enum EpollCalls {
  /// `sizeof(struct epoll_event)`, which is packed on x86_64: the events, then the data.
  private static let eventByteCount = 12

  /// `int epoll_create(int size)`
  static func create(_ call: SystemCall) throws(Errno) -> Int {
    guard call.int32(0) > 0 else { throw .invalidArgument }
    return try add(call, closesOnExec: false)
  }

  /// `int epoll_create1(int flags)`
  static func create1(_ call: SystemCall) throws(Errno) -> Int {
    let flags = call.uint32(0)
    guard flags & ~PollingFlags.closeOnExec == 0 else { throw .invalidArgument }
    return try add(call, closesOnExec: flags != 0)
  }

  private static func add(_ call: SystemCall, closesOnExec: Bool) throws(Errno) -> Int {
    let epoll = Epoll(node: AnonymousNode.shared, flags: PollingFlags.readWrite)
    return Int(try call.process.descriptors.add(epoll, closesOnExec: closesOnExec))
  }

  /// `int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)`
  static func control(_ call: SystemCall) throws(Errno) -> Int {
    let operation = call.int32(1)
    let descriptor = call.int32(2)
    var events = EpollEvents(rawValue: 0)
    var data: UInt64 = 0
    if operation != 2 {
      events = EpollEvents(rawValue: try ProgramBytes.load(at: call.address(3)))
      data = try ProgramBytes.load(at: call.address(3) + 4)
    }
    let watcher = try call.file(0)
    let file = try call.file(2)
    guard file.readinessQueue != nil else { throw .notPermitted }
    guard watcher !== file, let epoll = watcher as? Epoll else { throw .invalidArgument }
    if operation != 2 && events.contains(.exclusive) {
      guard operation == 1, events.isSubset(of: .allowedWithExclusive), !(file is Epoll) else {
        throw .invalidArgument
      }
    }
    try withErrno { () throws(SystemError) in
      switch operation {
      case 1: try epoll.add(file, descriptor: descriptor, events: events, data: data)
      case 2: try epoll.remove(file, descriptor: descriptor)
      case 3: try epoll.modify(file, descriptor: descriptor, events: events, data: data)
      default: throw .invalidArgument
      }
    }
    return 0
  }

  /// `int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)`
  static func wait(_ call: SystemCall) throws(Errno) -> Int {
    try wait(call, timeout: .milliseconds(call.int32(3)))
  }

  /// `int epoll_pwait(int epfd, struct epoll_event *events, int maxevents, int timeout,
  /// const sigset_t *sigmask, size_t sigsetsize)`
  static func pwait(_ call: SystemCall) throws(Errno) -> Int {
    try call.withMask(at: call.optionalAddress(4), byteCount: call.argument(5)) {
      () throws(Errno) -> Int in
      try wait(call, timeout: .milliseconds(call.int32(3)))
    }
  }

  /// `int epoll_pwait2(int epfd, struct epoll_event *events, int maxevents,
  /// const struct timespec *timeout, const sigset_t *sigmask, size_t sigsetsize)`
  static func pwait2(_ call: SystemCall) throws(Errno) -> Int {
    let deadline = try call.deadline(timeSpecification: 3)
    return try call.withMask(at: call.optionalAddress(4), byteCount: call.argument(5)) {
      () throws(Errno) -> Int in
      try wait(call, timeout: .until(deadline))
    }
  }

  private enum Timeout {
    case milliseconds(Int32)
    case until(Instant)
  }

  private static func wait(_ call: SystemCall, timeout: Timeout) throws(Errno) -> Int {
    let limit = Int(call.int32(2))
    guard limit > 0 && limit <= Int(Int32.max) / eventByteCount else { throw .invalidArgument }
    guard let epoll = try call.file(0) as? Epoll else { throw .invalidArgument }
    let target = call.address(1)
    EventBatch.end()
    // Time is only looked at when there is a reason to wait.
    var count = try collect(epoll, limit, target)
    if count > 0 {
      EventBatch.begin(count)
      return count
    }
    let deadline: Instant
    switch timeout {
    case .milliseconds(0): return 0
    case .milliseconds(let milliseconds): deadline = call.deadline(milliseconds: milliseconds)
    case .until(let instant): deadline = instant
    }
    while true {
      if deadline != .never && deadline <= Clock.now() { return 0 }
      let reason = epoll.wait(until: deadline)
      count = try collect(epoll, limit, target)
      if count > 0 { EventBatch.begin(count) }
      if count > 0 || reason == .timedOut { return count }
      if reason == .interrupted { throw .interrupted }
    }
  }

  private static func collect(
    _ epoll: Epoll, _ limit: Int, _ target: VirtualAddress
  ) throws(Errno) -> Int {
    try withErrno { () throws(SystemError) -> Int in
      let buffer = UserBuffer(start: target, count: limit * eventByteCount)
      var offset = 0
      return try epoll.collect(limit: limit) { (readiness, data) throws(SystemError) in
        try buffer.store(readiness.rawValue, at: offset)
        try buffer.store(data, at: offset + 4)
        offset += eventByteCount
      }
    }
  }
}
