// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// A fixed number of frames that wait: for a neighbour, for the first piece of their datagram, or
/// to be sent.
final class FrameStore {
  /// What a frame waits for.
  enum State: Equatable, BitwiseCopyable {
    case free
    /// Its caller is writing it.
    case taken
    case ready(Side)
    /// A neighbour, by its index.
    case neighbor(Int32)
    /// The first piece, by the fragment's name.
    case fragment(UInt64, UInt64)
  }

  static var capacity: Int { 64 }
  /// How many may wait for others at a time, so that what is ready always finds room.
  static var heldLimit: Int { 32 }

  private let buffers: [FrameBuffer]
  private var states: [State]
  private var counts: [Int]
  /// Since when frames are held.
  private var since: [Instant]
  /// The order in which frames came to be held.
  private var turns: [UInt64]
  private var turn: UInt64 = 0
  /// Frames that are ready, in the order in which they became so.
  private var ready: [Int]
  private var firstReady = 0
  private(set) var readyCount = 0
  private(set) var heldCount = 0
  /// How many of those that are held are pieces of datagrams.
  private(set) var fragmentCount = 0
  /// How long a piece waits for the first one.
  static let patience = Nanoseconds(seconds: 5)

  init() {
    buffers = (0..<Self.capacity).map { _ in FrameBuffer() }
    states = Array(repeating: .free, count: Self.capacity)
    counts = Array(repeating: 0, count: Self.capacity)
    since = Array(repeating: .start, count: Self.capacity)
    turns = Array(repeating: 0, count: Self.capacity)
    ready = Array(repeating: 0, count: Self.capacity)
  }

  /// Takes a free frame of so many bytes and lets `write` fill it; nil when there is none.
  func make(_ byteCount: Int, _ write: (inout MutableRawSpan) -> Void) -> Int? {
    guard byteCount <= Link.largestFrame, let slot = states.firstIndex(of: .free) else {
      return nil
    }
    states[slot] = .taken
    counts[slot] = byteCount
    withFrame(slot, write)
    return slot
  }

  /// Lends a frame; the others can be used meanwhile.
  func withFrame<Result>(_ slot: Int, _ body: (inout MutableRawSpan) -> Result) -> Result {
    buffers[slot].withBytes(counts[slot], body)
  }

  /// Puts a frame at the end of those to be sent.
  func send(_ slot: Int, to side: Side) {
    leave(slot)
    states[slot] = .ready(side)
    ready[(firstReady + readyCount) % Self.capacity] = slot
    readyCount += 1
  }

  /// Keeps a frame for later; false, and the frame is gone, when enough are kept.
  func hold(_ slot: Int, for state: State, at now: Instant = .start) -> Bool {
    guard heldCount < Self.heldLimit else {
      release(slot)
      return false
    }
    states[slot] = state
    since[slot] = now
    turn += 1
    turns[slot] = turn
    heldCount += 1
    if case .fragment = state { fragmentCount += 1 }
    return true
  }

  func release(_ slot: Int) {
    leave(slot)
    states[slot] = .free
  }

  private func leave(_ slot: Int) {
    switch states[slot] {
    case .neighbor: heldCount -= 1
    case .fragment:
      heldCount -= 1
      fragmentCount -= 1
    case .free, .taken, .ready: break
    }
  }

  /// The frame that has waited longest for this; nil when there is none.
  func first(_ state: State) -> Int? {
    var found: Int?
    for slot in states.indices where states[slot] == state {
      if let other = found, turns[other] < turns[slot] { continue }
      found = slot
    }
    return found
  }

  /// Whether a frame is a piece whose first one does not come any more.
  func isLateFragment(_ slot: Int, at now: Instant) -> Bool {
    if case .fragment = states[slot] { return now - since[slot] > Self.patience }
    return false
  }

  /// How many frames wait for this.
  func count(_ state: State) -> Int {
    var count = 0
    for other in states where other == state { count += 1 }
    return count
  }

  /// Takes a frame out that was kept, for its caller to work on.
  func take(_ slot: Int) {
    leave(slot)
    states[slot] = .taken
  }

  /// Copies the frame that has been ready longest to the front of `target`.
  func takeReady(into target: inout MutableRawSpan) -> (side: Side, byteCount: Int)? {
    guard readyCount > 0 else { return nil }
    let slot = ready[firstReady]
    guard case .ready(let side) = states[slot] else { return nil }
    firstReady = (firstReady + 1) % Self.capacity
    readyCount -= 1
    let count = counts[slot]
    states[slot] = .free
    guard target.byteCount >= count else { return nil }
    buffers[slot].withBytes(count) { target.copy($0.bytes) }
    return (side, count)
  }
}
