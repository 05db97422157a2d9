// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import DeviceFS
import Machine
import Memory
import Scheduling
import VFS
import Virtio
import VirtioConsole

/// One port of the console as a stream of bytes.
final class ConsoleStream: ConsolePortObserver, ByteStream {
  let port: ConsolePort
  let queue = WaitQueue()
  /// Set when the host has had the time to open its side and has not: it closed it before the
  /// kernel was there to see.
  private var hasGivenUp = false
  /// Whether the program has written anything.
  private(set) var hasWritten = false
  /// A page between the port and the program.
  private let page: FrameNumber

  /// Fails when there is no memory.
  init?(_ port: ConsolePort) {
    guard let page = FrameSupply.current.value?.allocateTableFrame() else { return nil }
    self.port = port
    self.page = page
    port.observer = self
  }

  /// The host has had its time: if its side is not open, nothing will come.
  func giveUp() {
    guard port.isInput else { return }
    hasGivenUp = true
    queue.wakeAll([.readable, .readableNormal])
  }

  func consolePortChanged(_ port: ConsolePort) {
    queue.wakeAll([.readable, .writable, .readableNormal, .writableNormal])
  }

  var readiness: Readiness {
    var readiness: Readiness = []
    if port.isInput && (port.hasInput || isAtEnd) {
      readiness.formUnion([.readable, .readableNormal])
    }
    if !port.isInput && port.canWrite { readiness.formUnion([.writable, .writableNormal]) }
    return readiness
  }

  /// Reads what there is; nil when that is nothing yet, 0 at the end.
  func read(into buffer: UserBuffer) throws(SystemError) -> Int? {
    guard port.hasInput else { return isAtEnd ? 0 : nil }
    let count = try FrameMemory.withMutableBytes(of: page) {
      (bytes: inout MutableRawSpan) throws(SystemError) -> Int in
      var part = bytes._mutatingExtracting(0..<min(buffer.count, pageSize))
      let count = port.read(into: &part)
      if count > 0 { try buffer.copyOut(part.bytes.extracting(0..<count)) }
      return count
    }
    return count > 0 ? count : isAtEnd ? 0 : nil
  }

  /// Writes what there is room for; nil when that is nothing.
  func write(from buffer: UserBuffer) throws(SystemError) -> Int? {
    var done = 0
    hasWritten = hasWritten || buffer.count > 0
    while done < buffer.count {
      let limit = min(buffer.count - done, pageSize)
      let count = try FrameMemory.withMutableBytes(of: page) {
        (bytes: inout MutableRawSpan) throws(SystemError) -> Int in
        var part = bytes._mutatingExtracting(0..<limit)
        try buffer.copyIn(at: done, into: &part)
        return port.write(part.bytes)
      }
      done += count
      if count < limit { break }
    }
    return done == 0 && buffer.count > 0 ? nil : done
  }

  var isAtEnd: Bool {
    port.isAtEnd || hasGivenUp && !port.isHostOpen && !port.hasInput
  }

  func drain() {
    port.flush()
    while !port.isDrained {
      _ = queue.wait(interruptible: false)
    }
  }
}
