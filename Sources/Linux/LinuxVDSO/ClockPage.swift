// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Clock
import Machine

/// The page of numbers from which the shared object computes the time.
///
/// ```
///  0  sequence: another number after each change
///  8  cycles at the anchor
/// 16  nanoseconds at the anchor
/// 24  nanoseconds for each cycle, in units of 2^-32
/// 32  what to add for wall time, signed
/// ```
/// `struct clock_page` of Scripts/vdso/vdso.c is the reader. The kernel is never preempted between
/// two of its writes, so the program sees a change as a whole; what the sequence tells it is that
/// a change came while it was computing.
final class ClockPage: ClockObserver {
  static let byteCount = 40

  let frame: FrameNumber
  private var sequence: UInt64 = 0

  /// `frame` belongs to the page from now on, for ever.
  init(frame: FrameNumber) {
    self.frame = frame
    FrameMemory.zero(frame)
    clockDidChange()
  }

  func clockDidChange() {
    sequence &+= 1
    let sequence = sequence
    let scale = Clock.currentScale
    let wallOffset = Clock.wallOffset
    FrameMemory.withMutableBytes(of: frame) { bytes in
      Self.write(sequence: sequence, scale: scale, wallOffset: wallOffset, into: &bytes)
    }
  }

  static func write(
    sequence: UInt64, scale: ClockScale, wallOffset: Int64, into bytes: inout MutableRawSpan
  ) {
    bytes.storeLittleEndian(sequence, at: 0)
    bytes.storeLittleEndian(scale.cyclesAtAnchor, at: 8)
    bytes.storeLittleEndian(scale.nanosecondsAtAnchor, at: 16)
    bytes.storeLittleEndian(scale.multiplier, at: 24)
    bytes.storeLittleEndian(wallOffset, at: 32)
  }
}
