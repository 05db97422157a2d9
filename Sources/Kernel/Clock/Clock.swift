// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Machine

/// The kernel's clocks: monotonic time since the kernel was entered, and wall time.
///
/// Monotonic time comes from the processor's cycle counter. Where the platform does not say how
/// fast that counts (no kvmclock, no CPUID leaf), the rate is measured against the local timer in
/// passing, at growing intervals, and never by a busy wait; each correction keeps the time
/// continuous.
public enum Clock {
  static let scale = KernelGlobal(
    ClockScale(cyclesAtAnchor: 0, nanosecondsAtAnchor: 0, multiplier: 1 << 32))
  /// Wall time at monotonic zero, in nanoseconds since 1970.
  static let wallAtStart = KernelGlobal<Int64>(0)
  static let calibration = KernelGlobal<ClockCalibration?>(nil)
  /// Called after the scale or the wall time changed, to publish them in the vDSO.
  static let observer = KernelGlobal<(any ClockObserver)?>(nil)

  /// Starts the clocks. `wallTime` is in nanoseconds since 1970, or nil when nobody knows it.
  public static func start(wallTime: Int64?) {
    let cycles = CycleCounter.cyclesAtEntry
    if let frequency = CycleCounter.frequency {
      scale.value = ClockScale(startingAt: cycles, frequency: frequency)
      TimeReference.stop()
    } else {
      calibration.value = ClockCalibration()
      scale.value = ClockScale(startingAt: cycles, frequency: 1_000_000_000)
      recalibrate()
    }
    wallAtStart.value = (wallTime ?? 0) &- Int64(bitPattern: now().nanoseconds)
  }

  /// The monotonic time.
  @inline(__always)
  public static func now() -> Instant {
    Instant(nanoseconds: scale.value.nanoseconds(at: CycleCounter.read()))
  }

  /// Wall time in nanoseconds since 1970-01-01 UTC.
  public static func wallTime() -> Int64 {
    wallAtStart.value &+ Int64(bitPattern: now().nanoseconds)
  }

  /// What to add to monotonic nanoseconds for wall time.
  public static var wallOffset: Int64 { wallAtStart.value }

  /// The present scale, for the vDSO.
  public static var currentScale: ClockScale { scale.value }

  /// Cycles in a second, as far as they have been measured.
  public static var cycleFrequency: UInt64 {
    let multiplier = max(scale.value.multiplier, 1)
    return (1_000_000_000 << 32) / multiplier
  }

  /// The length of a stretch of cycles in nanoseconds.
  public static func nanoseconds(ofCycles cycles: UInt64) -> Int64 {
    let product = cycles.multipliedFullWidth(by: scale.value.multiplier)
    return Int64(truncatingIfNeeded: product.high << 32 | product.low >> 32)
  }

  /// Sets wall time. The monotonic clock does not change.
  public static func setWallTime(_ nanoseconds: Int64) {
    wallAtStart.value = nanoseconds &- Int64(bitPattern: now().nanoseconds)
    observer.value?.clockDidChange()
  }

  /// Registers the one observer of changes of the scale.
  public static func observe(_ newObserver: any ClockObserver) {
    observer.value = newObserver
  }

  /// Measures the rate again when it is time to; cheap otherwise. The scheduler calls this
  /// whenever it looks at the time.
  @inline(__always)
  public static func recalibrateIfDue(at now: Instant) {
    guard let calibration = calibration.value, calibration.isDue(at: now) else { return }
    recalibrate()
  }

  private static func recalibrate() {
    guard calibration.value != nil, let sample = TimeReference.sample() else { return }
    let cycles = CycleCounter.read()
    guard let multiplier = calibration.value?.multiplier(sample) else { return }
    // The first measurement replaces a guess: it may restate the little time that has passed.
    scale.value =
      scale.value.nanosecondsAtAnchor == 0 && calibration.value?.count == 1
      ? ClockScale(
        cyclesAtAnchor: scale.value.cyclesAtAnchor, nanosecondsAtAnchor: 0, multiplier: multiplier)
      : scale.value.reanchored(at: cycles, multiplier: multiplier)
    calibration.value?.scheduleNext(after: now())
    if calibration.value?.isFinished == true {
      calibration.value = nil
      TimeReference.stop()
    }
    observer.value?.clockDidChange()
  }
}

/// Learns that the clock's parameters changed.
public protocol ClockObserver: AnyObject {
  func clockDidChange()
}
