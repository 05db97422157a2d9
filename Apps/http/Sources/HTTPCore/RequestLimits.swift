// SPDX-License-Identifier: BSD-3-Clause

/// How much of a request is read before it is refused. All are counts of bytes but `fieldCount`.
public struct RequestLimits: Equatable, Sendable {
  /// The request line with its line end; more gives 414. RFC 9112 section 3 asks for 8000 at least.
  public var requestLineByteCount = 8192
  /// The field section with the empty line that ends it; more gives 431. A trailer section has a
  /// limit of the same size of its own.
  public var fieldsByteCount = 16384
  /// Fields in one section; more gives 431.
  public var fieldCount = 100
  /// Content without its framing; more gives 413.
  public var bodyByteCount = 1 << 20
  /// Chunk extensions in one body, summed; more gives 431.
  public var chunkExtensionByteCount = 1024

  public init() {}
}
