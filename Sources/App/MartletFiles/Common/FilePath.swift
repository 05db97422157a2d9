// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Where a file is: bytes with slashes between names, from the root of the image's files on.
///
/// A literal costs no memory: `File.exists("/etc/zone")`. A path that is put together is made from
/// bytes or a text, and grows by names: `path.append("index.html")`.
public struct FilePath: ExpressibleByStringLiteral {
  private let constant: StaticString
  private var made: [UInt8] = []

  /// A path that is known when the application is compiled.
  public init(stringLiteral path: StaticString) {
    constant = path
  }

  /// A path of bytes.
  public init(_ path: RawSpan) {
    constant = ""
    append(path)
  }

  /// A path of bytes.
  public init(_ path: [UInt8]) {
    constant = ""
    made = path
  }

  /// A path as UTF-8.
  @_disfavoredOverload
  public init(_ path: String) {
    constant = ""
    append(RawSpan(_elements: path.utf8Span.span))
  }

  /// The bytes, without anything behind them.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get { made.isEmpty ? constant.bytes : RawSpan(_elements: made.span) }
  }

  /// Puts bytes behind the path, as they are.
  public mutating func append(_ part: RawSpan) {
    if made.isEmpty { made = constant.byteArray }
    made.reserveCapacity(made.count + part.byteCount)
    for offset in 0..<part.byteCount { made.append(part.byte(at: offset)) }
  }

  /// Puts a text behind the path, as it is.
  public mutating func append(_ part: StaticString) {
    append(part.bytes)
  }
}
