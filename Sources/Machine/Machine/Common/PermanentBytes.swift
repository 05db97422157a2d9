// SPDX-License-Identifier: BSD-3-Clause

import Base

/// Bytes that live, unchanged, as long as the kernel runs: the root archive, boot parameters.
// SAFETY (all below): only Machine makes these, over memory that is never written or freed again.
@safe
public final class PermanentBytes: Sendable {
  private let address: UInt
  public let byteCount: Int

  // SAFETY: only Machine makes these, over memory that is never written or freed again.
  init(address: UInt, byteCount: Int) {
    self.address = address
    self.byteCount = byteCount
  }

  /// All the bytes.
  public var span: RawSpan {
    @_lifetime(borrow self)
    @inline(__always)
    get {
      // SAFETY: see `init`; the bytes outlive everything.
      let buffer = unsafe UnsafeRawBufferPointer(
        start: UnsafeRawPointer(bitPattern: address), count: byteCount)
      let span = unsafe RawSpan(_unsafeBytes: buffer)
      return unsafe _overrideLifetime(span, borrowing: self)
    }
  }

  /// All the bytes, lent for ever.
  public var permanentSpan: RawSpan {
    @_lifetime(immortal)
    @inline(__always)
    get {
      // SAFETY: see `init`; the bytes outlive everything.
      let buffer = unsafe UnsafeRawBufferPointer(
        start: UnsafeRawPointer(bitPattern: address), count: byteCount)
      let span = unsafe RawSpan(_unsafeBytes: buffer)
      return unsafe _overrideLifetime(span, borrowing: ())
    }
  }
}
