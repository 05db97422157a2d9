// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory
import Scheduling

/// What the ends of a pipe share: the bytes, who is left on either side, and who waits.
public final class Pipe {
  var ring = PipeRing()
  /// Open ends that read, and that write.
  public internal(set) var readerCount = 0
  public internal(set) var writerCount = 0
  /// How often a side was opened; a named pipe's opener waits for the other side's to change.
  var readerOpenings = 0
  var writerOpenings = 0

  /// Woken when bytes arrive or the last writer goes.
  public let readers = WaitQueue()
  /// Woken when room appears or the last reader goes.
  public let writers = WaitQueue()
  /// Woken with either; for an end that reads and writes.
  var both: WaitQueue?

  public init() {}

  /// How many bytes wait (`FIONREAD`).
  public var byteCount: Int { ring.count }

  /// What it holds at most, in bytes (`F_GETPIPE_SZ`).
  public var capacity: Int { ring.limit }

  /// Sets the capacity, rounded up to a power of two of at least a page (`F_SETPIPE_SZ`).
  /// Throws `invalidArgument` for none or too much, `notPermitted` above 1 MiB (the default of
  /// `/proc/sys/fs/pipe-max-size`), `busy` when more bytes wait.
  ///
  /// - Returns: the new capacity.
  public func setCapacity(_ byteCount: UInt32) throws(SystemError) -> Int {
    guard byteCount <= 1 << 31 else { throw .invalidArgument }
    var size = pageSize
    while size < Int(byteCount) { size &*= 2 }
    guard byteCount > 0 else { throw .invalidArgument }
    guard size <= 1 << 20 else { throw .notPermitted }
    guard ring.setLimit(size) else { throw .busy }
    if hasRoom { wakeWriters(.writable) }
    return size
  }

  /// Whether an atomic write of any size would go through.
  @inline(__always)
  var hasRoom: Bool { ring.freeCount >= PipeRing.atomicLimit }

  @inline(__always)
  func wakeReaders(_ readiness: Readiness) {
    if !readers.isEmpty { readers.wakeAll(readiness) }
    if let both { both.wakeAll(readiness) }
  }

  @inline(__always)
  func wakeWriters(_ readiness: Readiness) {
    if !writers.isEmpty { writers.wakeAll(readiness) }
    if let both { both.wakeAll(readiness) }
  }

  func open(reading: Bool, writing: Bool) {
    if reading {
      readerCount &+= 1
      readerOpenings &+= 1
    }
    if writing {
      writerCount &+= 1
      writerOpenings &+= 1
    }
    if reading && writing && both == nil { both = WaitQueue() }
    if reading { wakeWriters(.writable) }
    if writing { wakeReaders([]) }
  }

  func close(reading: Bool, writing: Bool) {
    if reading {
      readerCount &-= 1
      if readerCount == 0 { wakeWriters([.writable, .writableNormal, .error]) }
    }
    if writing {
      writerCount &-= 1
      if writerCount == 0 { wakeReaders([.readable, .readableNormal, .hangup]) }
    }
  }
}

extension Pipe {
  /// Reads what waits, blocking while there is nothing and somebody could still write.
  /// Throws `wouldBlock`, `interrupted`, `badAddress`.
  ///
  /// - Returns: 0 at the end: nothing waits and nobody can write.
  public func read(into buffer: UserBuffer, blocking: Bool) throws(SystemError) -> Int {
    guard buffer.count > 0 else { return 0 }
    while true {
      if ring.count > 0 {
        let done = try ring.read(into: buffer, at: 0, count: buffer.count)
        if hasRoom { wakeWriters([.writable, .writableNormal]) }
        return done
      }
      guard writerCount > 0 else { return 0 }
      guard blocking else { throw .wouldBlock }
      if readers.wait() == .interrupted { throw .interrupted }
    }
  }

  /// Writes all bytes, blocking while there is no room. Up to `PIPE_BUF` bytes go in one piece.
  /// Throws `brokenPipe` when nobody can read, `wouldBlock`, `interrupted`, `badAddress`; once
  /// something has been written, the count is returned instead.
  public func write(from buffer: UserBuffer, blocking: Bool) throws(SystemError) -> Int {
    guard buffer.count > 0 else { return 0 }
    let needed = min(buffer.count, PipeRing.atomicLimit)
    var done = 0
    while true {
      guard readerCount > 0 else {
        if done > 0 { return done }
        throw .brokenPipe
      }
      // Only the first piece of a long write must be more than nothing.
      let enough = buffer.count <= PipeRing.atomicLimit ? needed : 1
      if ring.freeCount >= enough {
        do {
          done &+= try ring.write(from: buffer, at: done, count: buffer.count &- done)
        } catch {
          if done > 0 { return done }
          throw error
        }
        wakeReaders([.readable, .readableNormal])
        if done == buffer.count { return done }
      }
      if !blocking {
        if done > 0 { return done }
        throw .wouldBlock
      }
      if writers.wait() == .interrupted {
        if done > 0 { return done }
        throw .interrupted
      }
    }
  }

  /// What an end that reads can do (`pipe_poll`). `sawWriter` is false for a named pipe that was
  /// opened before anybody wrote: that is not a hang-up yet.
  func readReadiness(sawWriter: Bool) -> Readiness {
    var result: Readiness = ring.count > 0 ? [.readable, .readableNormal] : []
    if writerCount == 0 && sawWriter { result.insert(.hangup) }
    return result
  }

  /// What an end that writes can do.
  var writeReadiness: Readiness {
    var result: Readiness = hasRoom ? [.writable, .writableNormal] : []
    if readerCount == 0 { result.insert(.error) }
    return result
  }
}
