// SPDX-License-Identifier: BSD-3-Clause

import Base
import Memory
import Scheduling

/// Bytes that come from somewhere or go somewhere, in order: the host's side of standard input and
/// output. Nothing here waits.
public protocol ByteStream: AnyObject {
  /// Takes what there is, as much as fits. Returns 0 at the end, nil when nothing is there yet.
  func read(into buffer: UserBuffer) throws(SystemError) -> Int?
  /// Gives as much as there is room for. Returns nil when there is none yet; throws `brokenPipe`
  /// when nobody will ever read it.
  func write(from buffer: UserBuffer) throws(SystemError) -> Int?
  /// Whether reads have come to the end.
  var isAtEnd: Bool { get }
  /// How many bytes `read` would give at once (`FIONREAD`), as far as it is known.
  var readableByteCount: Int { get }
  /// What can be done at once.
  var readiness: Readiness { get }
  /// Woken when `readiness` may have changed.
  var queue: WaitQueue { get }
  /// Whether a terminal is at the other end.
  var isTerminal: Bool { get }
  /// Returns when everything written has left, or at once if that cannot be known.
  func drain() throws(SystemError)
}

extension ByteStream {
  public var isTerminal: Bool { false }
  public var readableByteCount: Int { 0 }
  public func drain() throws(SystemError) {}
}
