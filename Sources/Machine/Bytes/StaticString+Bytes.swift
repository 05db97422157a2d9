// SPDX-License-Identifier: BSD-3-Clause

extension StaticString {
  /// The text's UTF-8 bytes; they live for ever.
  public var bytes: RawSpan {
    @_lifetime(immortal) get {
      // SAFETY: a static string's bytes are constants of the image and never freed.
      let buffer = unsafe UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
      let span = unsafe RawSpan(_unsafeBytes: buffer)
      return unsafe _overrideLifetime(span, borrowing: ())
    }
  }

  /// The text's UTF-8 bytes as an array.
  public var byteArray: [UInt8] { bytes.byteArray }
}
