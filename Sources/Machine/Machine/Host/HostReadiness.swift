// SPDX-License-Identifier: BSD-3-Clause

import CMachine
import Glibc

/// Sockets of the host at which something has happened, told once for each change (`epoll(7)`,
/// edge-triggered). Waiting lets other threads run.
///
/// A descriptor and nothing else: who holds it calls `close` once. A socket that is closed leaves.
public struct HostReadiness: Sendable {
  private let descriptor: Int32

  /// How many are told at once.
  private static let batch = 64
  /// EPOLLET, which is beyond what C's headers tell Swift.
  private static let edgeTriggered: UInt32 = 1 << 31

  public init() {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    precondition(descriptor >= 0, "the host has no descriptor left")
  }

  /// Tells of `socket` under `token` from now on.
  public func add(_ socket: HostSocket, token: Int) {
    let events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | Self.edgeTriggered
    // SAFETY: plain bytes; the call reads just the variable.
    var event = unsafe epoll_event(
      events: events, data: epoll_data_t(u64: UInt64(bitPattern: Int64(token))))
    let added = unsafe epoll_ctl(descriptor, EPOLL_CTL_ADD, socket.descriptor, &event)
    if added != 0, errno == EEXIST {
      unsafe epoll_ctl(descriptor, EPOLL_CTL_MOD, socket.descriptor, &event)
    }
  }

  /// Waits until something has happened; empty when `deadline`, in nanoseconds of the monotonic
  /// clock, has come first.
  public func wait(until deadline: UInt64) -> [Int] {
    // SAFETY: plain bytes, all zero.
    var events = unsafe [epoll_event](repeating: epoll_event(), count: Self.batch)
    while true {
      var milliseconds: Int32 = -1
      if deadline != .max {
        let now = HostClock.monotonicNanoseconds
        let rest = deadline > now ? (deadline - now + 999_999) / 1_000_000 : 0
        milliseconds = Int32(min(rest, 1_000_000))
      }
      // SAFETY: the call writes at most as many elements as the array has.
      let count = HostThreads.waiting {
        unsafe epoll_wait(descriptor, &events, Int32(Self.batch), milliseconds)
      }
      if count > 0 {
        // SAFETY: the member that `add` has set.
        return unsafe events[..<Int(count)].map { unsafe Int(Int64(bitPattern: $0.data.u64)) }
      }
      if deadline != .max, HostClock.monotonicNanoseconds >= deadline { return [] }
    }
  }

  public func close() {
    _ = Glibc.close(descriptor)
  }
}

/// Something that the application itself has happen (`eventfd(2)`).
extension HostSocket {
  public static func event() -> HostSocket {
    let descriptor = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    precondition(descriptor >= 0, "the host has no descriptor left")
    return HostSocket(descriptor: descriptor)
  }

  public func raise() {
    _ = eventfd_write(descriptor, 1)
  }
}
