// SPDX-License-Identifier: BSD-3-Clause

/// The framing around the pieces of a streamed response whose `ResponseWriter.isChunked` is true.
/// Each function is false, and writes nothing, when it does not fit.
///
/// Source: RFC 9112 section 7.1.
public enum ChunkWriter {
  /// The most that one piece's framing takes, start and end together, in bytes.
  public static var maximumByteCount: Int { 20 }

  /// What stands before a piece of `byteCount` bytes, which is more than 0: a chunk of no bytes
  /// would end the content. Traps otherwise.
  @_lifetime(output: copy output)
  public static func start(
    byteCount: Int, into output: inout some ByteSink & ~Copyable & ~Escapable
  ) -> Bool {
    precondition(byteCount > 0, "an empty chunk ends the content")
    guard output.freeByteCount >= 18 else { return false }
    output.append(hexadecimal: byteCount)
    output.append(octets: "\r\n".utf8Span.span)
    return true
  }

  /// What stands behind a piece.
  @_lifetime(output: copy output)
  public static func end(into output: inout some ByteSink & ~Copyable & ~Escapable) -> Bool {
    output.append(octets: "\r\n".utf8Span.span)
  }

  /// What stands behind the last piece's end.
  @_lifetime(output: copy output)
  public static func finish(into output: inout some ByteSink & ~Copyable & ~Escapable) -> Bool {
    output.append(octets: "0\r\n\r\n".utf8Span.span)
  }
}
