// SPDX-License-Identifier: BSD-3-Clause

import Base
import CMachine

/// The contents of frames. The caller owns the frames it names.
public enum FrameMemory {
  /// Fills a frame with zero bytes.
  @inline(__always)
  public static func zero(_ frame: FrameNumber) {
    // SAFETY: writes one whole frame that the caller owns, through the direct map.
    unsafe martlet_zero_frame(UInt64(DirectMap.address(of: frame)))
  }

  /// Copies one frame to another.
  @inline(__always)
  public static func copy(from source: FrameNumber, to target: FrameNumber) {
    // SAFETY: two whole frames, the second owned by the caller, through the direct map.
    unsafe martlet_copy_frame(
      UInt64(DirectMap.address(of: target)), UInt64(DirectMap.address(of: source)))
  }

  /// Lends the bytes of `count` frames that follow one another.
  @inline(__always)
  public static func withBytes<R, E: Error>(
    of frame: FrameNumber, count: Int = 1, _ body: (RawSpan) throws(E) -> R
  ) throws(E) -> R {
    // SAFETY: the direct map covers the frames; the span does not outlive the call.
    let buffer = unsafe UnsafeRawBufferPointer(
      start: UnsafeRawPointer(bitPattern: DirectMap.address(of: frame)), count: count * pageSize)
    return try unsafe body(RawSpan(_unsafeBytes: buffer))
  }

  /// Lends the bytes of `count` frames that follow one another, for change.
  @inline(__always)
  public static func withMutableBytes<R, E: Error>(
    of frame: FrameNumber, count: Int = 1, _ body: (inout MutableRawSpan) throws(E) -> R
  ) throws(E) -> R {
    // SAFETY: the caller owns the frames, so nothing else holds a span of them; the span does not
    // outlive the call.
    let buffer = unsafe UnsafeMutableRawBufferPointer(
      start: UnsafeMutableRawPointer(bitPattern: DirectMap.address(of: frame)),
      count: count * pageSize)
    var span = unsafe MutableRawSpan(_unsafeBytes: buffer)
    return try body(&span)
  }

  /// The bytes of frames that nobody changes or frees as long as the kernel runs: the archive.
  public static func permanentBytes(of start: PhysicalAddress, byteCount: Int) -> PermanentBytes {
    PermanentBytes(address: DirectMap.address(of: start), byteCount: byteCount)
  }
}
