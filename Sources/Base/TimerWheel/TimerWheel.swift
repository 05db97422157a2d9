// SPDX-License-Identifier: BSD-3-Clause

import Base

/// Alarms in a hierarchy of wheels (Varghese and Lauck, SOSP 1987, scheme 7).
///
/// Level *n* has 64 slots of 64^n ticks each; a tick is 2^16 nanoseconds (65.5 microseconds). An
/// alarm waits in the level whose slots are just finer than its distance, and moves down as its
/// time comes near. Inside the last tick alarms keep their exact deadline: `takeDue` gives only
/// what is due, and `nextEvent` is never later than the earliest deadline.
///
/// - Complexity: `insert` and `remove` O(1); `takeDue` O(moved + levels), however
///   long ago the last call was.
public struct TimerWheel {
  static let tickShift: UInt64 = 16
  static let slotBits: UInt64 = 6
  static let slotCount = 64
  static let levelCount = 8

  private var heads: [TimerEntry?]
  /// One bit for each slot that is not empty.
  private var occupied: [UInt64]
  /// The tick up to which the wheel has been turned.
  private var tick: UInt64
  public private(set) var count = 0
  /// A time not later than the earliest deadline, known at once. It may be much earlier, when
  /// alarms were disarmed; `takeDue` brings it up to date when it returns nil.
  public private(set) var earliest = Instant.never

  public init(at now: Instant = .start) {
    heads = Array(repeating: nil, count: Self.slotCount * Self.levelCount)
    occupied = Array(repeating: 0, count: Self.levelCount)
    tick = now.nanoseconds >> Self.tickShift
  }

  public var isEmpty: Bool { count == 0 }

  /// Arms `entry`; one that is armed already moves. A deadline in the past is due at the
  /// next `takeDue`. `never` disarms.
  public mutating func insert(_ entry: TimerEntry, at deadline: Instant) {
    if entry.isPending { remove(entry) }
    guard deadline != .never else { return }
    entry.deadline = deadline
    link(entry)
    count += 1
    if deadline < earliest { earliest = deadline }
  }

  /// Disarms `entry`; one that is not armed is left alone.
  public mutating func remove(_ entry: TimerEntry) {
    guard entry.isPending else { return }
    unlink(entry)
    count -= 1
  }

  /// A time not later than the earliest deadline at which `takeDue` should be called next; it may
  /// be earlier, when alarms have to move to a finer level. `never` when the wheel is empty.
  public var nextEvent: Instant {
    guard count > 0 else { return .never }
    var best = Instant.never
    for level in 0..<Self.levelCount where occupied[level] != 0 {
      let shift = Self.slotBits * UInt64(level)
      let position = Int((tick >> shift) & 63)
      // Rotate so that bit 0 is the current slot: the first set bit is the nearest slot.
      let distance = UInt64(rotated(occupied[level], by: position).trailingZeroBitCount)
      if level == 0 {
        var entry = heads[Int((UInt64(position) + distance) & 63)]
        while let candidate = entry {
          best = min(best, candidate.deadline)
          entry = candidate.next
        }
      } else {
        let start = ((tick >> shift) + distance) << shift
        best = min(best, Instant(nanoseconds: max(start, tick) << Self.tickShift))
      }
    }
    return best
  }

  /// Removes and returns one alarm that is due at `now`, or nil when there is none left.
  public mutating func takeDue(at now: Instant) -> TimerEntry? {
    let target = now.nanoseconds >> Self.tickShift
    while true {
      if let entry = firstDue(inSlot: Int(tick & 63), at: now) {
        remove(entry)
        return entry
      }
      if count == 0 { tick = max(tick, target) }
      if tick >= target {
        earliest = nextEvent
        return nil
      }
      turn(towards: target)
    }
  }

  private func firstDue(inSlot index: Int, at now: Instant) -> TimerEntry? {
    guard occupied[0] & (1 << UInt64(index)) != 0 else { return nil }
    var entry = heads[index]
    while let candidate = entry {
      if candidate.deadline <= now { return candidate }
      entry = candidate.next
    }
    return nil
  }

  /// Moves to the next tick that matters, not beyond `target`, and brings down the alarms of the
  /// coarser slot that begins there.
  ///
  /// An alarm in level *n* has the same bits as `tick` above that level, and a higher slot in it.
  /// So slots never wrap around, and the lowest level that has an alarm ahead has the next one.
  private mutating func turn(towards target: UInt64) {
    for level in 0..<Self.levelCount {
      let shift = Self.slotBits * UInt64(level)
      let position = (tick >> shift) & 63
      let ahead = position == 63 ? 0 : occupied[level] >> (position + 1)
      guard ahead != 0 else { continue }
      let next = ((tick >> shift) + UInt64(ahead.trailingZeroBitCount) + 1) << shift
      tick = min(target, next)
      if level > 0 && tick == next { cascade(level: level, index: Int((tick >> shift) & 63)) }
      return
    }
    tick = target
  }

  private mutating func cascade(level: Int, index: Int) {
    guard occupied[level] & (1 << UInt64(index)) != 0 else { return }
    let slot = level * Self.slotCount + index
    while let entry = heads[slot] {
      unlink(entry)
      link(entry)
    }
  }

  private mutating func link(_ entry: TimerEntry) {
    let due = max(entry.deadline.nanoseconds >> Self.tickShift, tick)
    let distance = due ^ tick
    // The highest bit in which both differ says at which level they part.
    let level =
      distance == 0
      ? 0 : min((63 - distance.leadingZeroBitCount) / Int(Self.slotBits), Self.levelCount - 1)
    let index = Int((due >> (Self.slotBits * UInt64(level))) & 63)
    let slot = level * Self.slotCount + index
    entry.slot = slot
    entry.previous = nil
    entry.next = heads[slot]
    heads[slot]?.previous = entry
    heads[slot] = entry
    occupied[level] |= 1 << UInt64(index)
  }

  private mutating func unlink(_ entry: TimerEntry) {
    let slot = entry.slot
    if let previous = entry.previous {
      previous.next = entry.next
    } else {
      heads[slot] = entry.next
      if entry.next == nil {
        occupied[slot / Self.slotCount] &= ~(1 << UInt64(slot % Self.slotCount))
      }
    }
    entry.next?.previous = entry.previous
    entry.previous = nil
    entry.next = nil
    entry.slot = -1
  }

  private func rotated(_ bits: UInt64, by count: Int) -> UInt64 {
    count == 0 ? bits : (bits >> UInt64(count)) | (bits << UInt64(64 - count))
  }
}
