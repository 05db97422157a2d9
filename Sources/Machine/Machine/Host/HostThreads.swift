// SPDX-License-Identifier: BSD-3-Clause

import Glibc

/// Threads of the host of which one at a time runs: who runs has the baton, and gives it away while
/// it waits. So an application's threads take turns here as they do in an image.
public enum HostThreads {
  // SAFETY (all below): the mutex and the condition are made once, before the first thread, and
  // never freed; the closure is retained for just the thread that takes it.
  @safe
  private final class Baton: @unchecked Sendable {
    let mutex: UnsafeMutablePointer<pthread_mutex_t>
    let change: UnsafeMutablePointer<pthread_cond_t>

    init() {
      unsafe mutex = .allocate(capacity: 1)
      unsafe change = .allocate(capacity: 1)
      var attributes = pthread_condattr_t()
      unsafe pthread_condattr_init(&attributes)
      unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
      unsafe pthread_mutex_init(mutex, nil)
      unsafe pthread_cond_init(change, &attributes)
      // The first thread has the baton from its first use on.
      unsafe pthread_mutex_lock(mutex)
    }
  }

  private static let baton = Baton()

  private final class Work {
    let body: () -> Void
    init(_ body: @escaping () -> Void) { self.body = body }
  }

  /// Starts a thread; false when the host has no room for it.
  public static func start(_ body: @escaping () -> Void) -> Bool {
    _ = baton
    let work = unsafe Unmanaged.passRetained(Work(body))
    var thread = pthread_t()
    let status = unsafe pthread_create(
      &thread, nil,
      { argument in
        HostThreads.take()
        // SAFETY: retained above for this thread.
        unsafe Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue().body()
        HostThreads.give()
        return nil
      }, work.toOpaque())
    guard status == 0 else {
      unsafe work.release()
      return false
    }
    pthread_detach(thread)
    return true
  }

  private static func take() { unsafe pthread_mutex_lock(baton.mutex) }
  private static func give() { unsafe pthread_mutex_unlock(baton.mutex) }

  /// Gives the baton away for as long as `body` waits for the host.
  static func waiting<Result>(_ body: () -> Result) -> Result {
    _ = baton
    give()
    defer { take() }
    return body()
  }

  public static func yield() {
    waiting { _ = sched_yield() }
  }

  /// Something has changed that threads may wait for.
  public static func changed() {
    unsafe pthread_cond_broadcast(baton.change)
  }

  /// Waits for `changed`, or for no reason at all; false when `deadline`, in nanoseconds of the
  /// monotonic clock, has come.
  public static func waitForChange(until deadline: UInt64) -> Bool {
    if deadline == .max {
      unsafe pthread_cond_wait(baton.change, baton.mutex)
      return true
    }
    var time = timespec(
      tv_sec: Int(deadline / 1_000_000_000), tv_nsec: Int(deadline % 1_000_000_000))
    return unsafe pthread_cond_timedwait(baton.change, baton.mutex, &time) != ETIMEDOUT
  }
}

/// The host's clocks.
public enum HostClock {
  public static var monotonicNanoseconds: UInt64 { UInt64(read(CLOCK_MONOTONIC)) }
  public static var wallNanoseconds: Int64 { read(CLOCK_REALTIME) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    // SAFETY: writes just the variable.
    unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
