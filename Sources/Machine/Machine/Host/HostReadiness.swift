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

  public init() {
    // SAFETY: makes a descriptor and touches nothing else.
    descriptor = unsafe martlet_host_list_make()
    precondition(descriptor >= 0, "the host has no descriptor left")
  }

  /// Tells of `socket` under `token` from now on.
  public func add(_ socket: HostSocket, token: Int) {
    // SAFETY: hands over three numbers.
    unsafe martlet_host_list_add(descriptor, socket.descriptor, Int64(token))
  }

  /// Waits until something has happened; empty when `deadline`, in nanoseconds of the monotonic
  /// clock, has come first.
  public func wait(until deadline: UInt64) -> [Int] {
    var tokens = [Int64](repeating: 0, count: Self.batch)
    while true {
      var milliseconds: Int32 = -1
      if deadline != .max {
        let now = HostClock.monotonicNanoseconds
        let rest = deadline > now ? (deadline - now + 999_999) / 1_000_000 : 0
        milliseconds = Int32(min(rest, 1_000_000))
      }
      let count = HostThreads.waiting {
        // SAFETY: the call writes at most as many elements as the array has.
        unsafe martlet_host_list_wait(descriptor, &tokens, Int32(Self.batch), milliseconds)
      }
      if count > 0 { return tokens[..<Int(count)].map { Int($0) } }
      if deadline != .max, HostClock.monotonicNanoseconds >= deadline { return [] }
    }
  }

  public func close() {
    _ = Glibc.close(descriptor)
  }
}
