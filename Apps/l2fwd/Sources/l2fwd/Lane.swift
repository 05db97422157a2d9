// SPDX-License-Identifier: BSD-3-Clause

import Martlet

/// One direction: what comes in by one port goes out by another.
struct Lane: ~Copyable {
  private let source: NetworkPort
  private let target: NetworkPort
  private var frames = FrameBatch()

  init(from source: NetworkPort, to target: NetworkPort) {
    self.source = source
    self.target = target
  }

  /// Moves a batch on. Where the target has no room, frames wait, and no more are taken meanwhile:
  /// who sends faster than the target takes loses frames before they cost anything here.
  ///
  /// - Returns: whether anything moved.
  mutating func move() -> Bool {
    if frames.isEmpty, source.receive(into: &frames) == 0 { return false }
    return target.send(&frames) > 0
  }
}
