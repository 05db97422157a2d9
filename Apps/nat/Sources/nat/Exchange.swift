// SPDX-License-Identifier: BSD-3-Clause

import Martlet
import NATCore

/// Moves frames between the two cards and the translator.
struct Exchange: ~Copyable {
  private let nat: NAT
  private let inside: NetworkPort
  private let outside: NetworkPort
  private let memory: FrameMemory
  private var arrivals = FrameBatch(capacity: 64)
  private var toInside = FrameBatch()
  private var toOutside = FrameBatch()

  /// Frames that may wait for a card that has no room; beyond them none are taken, so that who
  /// sends too fast loses frames before they cost anything here.
  private static let backlog = 128

  init(_ nat: NAT, inside: NetworkPort, outside: NetworkPort) throws(NetworkPortError) {
    self.nat = nat
    self.inside = inside
    self.outside = outside
    memory = try FrameMemory(frameCount: 128)
  }

  /// Takes what has come on both sides, and sends what is ready.
  ///
  /// - Returns: whether anything moved.
  mutating func move(at now: Instant) -> Bool {
    var hasMoved = false
    if toInside.count < Self.backlog, toOutside.count < Self.backlog {
      if inside.receive(into: &arrivals) > 0 {
        hasMoved = true
        translate(from: .inside, at: now)
      }
      if outside.receive(into: &arrivals) > 0 {
        hasMoved = true
        translate(from: .outside, at: now)
      }
    }
    if nat.hasOutput { takeOutput() }
    if !toInside.isEmpty, inside.send(&toInside) > 0 { hasMoved = true }
    if !toOutside.isEmpty, outside.send(&toOutside) > 0 { hasMoved = true }
    return hasMoved
  }

  private mutating func translate(from side: Side, at now: Instant) {
    while var frame = arrivals.removeFirst() {
      let verdict = frame.withMutableBytes { bytes in nat.receive(&bytes, on: side, at: now) }
      guard case .send(let other, let count) = verdict else { continue }
      _ = frame.truncate(to: count)
      if other == .inside {
        toInside.append(frame)
      } else {
        toOutside.append(frame)
      }
    }
  }

  /// What the translator says itself.
  private mutating func takeOutput() {
    while nat.hasOutput, var frame = memory.makeFrame(byteCount: 1514) {
      let output = frame.withMutableBytes { bytes in nat.takeOutput(into: &bytes) }
      guard let (side, count) = output else { continue }
      _ = frame.truncate(to: count)
      if side == .inside {
        toInside.append(frame)
      } else {
        toOutside.append(frame)
      }
    }
  }
}
