// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes

/// The contents of simulated frames.
public enum FrameMemory {
  /// Fills a frame with zero bytes.
  public static func zero(_ frame: FrameNumber) {
    withMutableBytes(of: frame) { $0.zero() }
  }

  /// Copies one frame to another.
  public static func copy(from source: FrameNumber, to target: FrameNumber) {
    withBytes(of: source) { from in withMutableBytes(of: target) { $0.copy(from) } }
  }

  /// Lends the bytes of `count` frames that follow one another.
  public static func withBytes<R, E: Error>(
    of frame: FrameNumber, count: Int = 1, _ body: (RawSpan) throws(E) -> R
  ) throws(E) -> R {
    // SAFETY: the simulated memory covers the frames and is never freed.
    let buffer = unsafe UnsafeRawBufferPointer(
      start: UnsafeRawPointer(bitPattern: SimulatedMemory.address(of: frame)),
      count: count * pageSize)
    return try unsafe body(RawSpan(_unsafeBytes: buffer))
  }

  /// Lends the bytes of `count` frames that follow one another, for change.
  public static func withMutableBytes<R, E: Error>(
    of frame: FrameNumber, count: Int = 1, _ body: (inout MutableRawSpan) throws(E) -> R
  ) throws(E) -> R {
    // SAFETY: as above; the caller owns the frames.
    let buffer = unsafe UnsafeMutableRawBufferPointer(
      start: UnsafeMutableRawPointer(bitPattern: SimulatedMemory.address(of: frame)),
      count: count * pageSize)
    var span = unsafe MutableRawSpan(_unsafeBytes: buffer)
    return try body(&span)
  }

  /// The bytes of frames that nobody changes or frees.
  public static func permanentBytes(of start: PhysicalAddress, byteCount: Int) -> PermanentBytes {
    PermanentBytes(
      address: SimulatedMemory.base + start.rawValue, byteCount: byteCount)
  }
}
