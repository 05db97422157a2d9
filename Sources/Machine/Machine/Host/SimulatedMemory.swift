// SPDX-License-Identifier: BSD-3-Clause

import Base
import Synchronization

/// The physical memory of the stand-in for the hardware: one allocation, made lazily by the host.
///
/// Tests run side by side, so each takes frames of its own with `reserveFrames`.
public enum SimulatedMemory {
  static let frameLimit = 1 << 20  // 4 GiB of addresses; the host gives memory on first touch
  private static let nextFrame = Mutex<Int>(16)

  // SAFETY: allocated once, never freed.
  static let base: UInt = UInt(
    bitPattern: UnsafeMutableRawPointer.allocate(
      byteCount: frameLimit * pageSize, alignment: pageSize))

  /// Fresh frames that follow one another and that nobody else uses.
  public static func reserveFrames(_ count: Int) -> FrameNumber {
    nextFrame.withLock { next in
      let first = next
      precondition(first + count <= frameLimit, "the simulated memory is used up")
      next = first + count + 1
      return FrameNumber(UInt32(first))
    }
  }

  static func address(of frame: FrameNumber) -> UInt {
    precondition(Int(frame.rawValue) < frameLimit, "no such frame")
    return base + UInt(frame.rawValue) * UInt(pageSize)
  }

  static func frame(at address: UInt) -> FrameNumber {
    FrameNumber(UInt32((address - base) / UInt(pageSize)))
  }
}
