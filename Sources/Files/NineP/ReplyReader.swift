// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Reads a reply field by field; nothing in it is believed before it was checked.
struct ReplyReader {
  private let bytes: [UInt8]
  private let end: Int
  private var offset = 0

  /// The fields of a message without its head, which has been checked: an answer to `type`.
  ///
  /// - Parameters:
  ///   - count: how many of `bytes` came.
  ///   - contentsByteCount: how many bytes of contents came behind them.
  /// - Throws: `refused` for an error that the server tells.
  init(
    _ bytes: [UInt8], count: Int, contentsByteCount: Int = 0, answering type: MessageType,
    tag: UInt16
  ) throws(ProtocolError) {
    self.bytes = bytes
    end = min(count, bytes.count)
    let size = try integer(UInt32.self)
    let answer = try integer(UInt8.self)
    let found = try integer(UInt16.self)
    // A device may say to have written more than the message, not less.
    guard size >= 7, UInt64(size) <= UInt64(end + contentsByteCount) else {
      throw .badSize
    }
    guard found == tag else { throw .unexpectedTag(found) }
    if answer == MessageType.error { throw .refused(try integer(UInt32.self)) }
    guard answer == type.reply else { throw .unexpectedType(answer) }
  }

  /// Fields without a head: the entries of a directory.
  init(fields bytes: [UInt8]) {
    self.bytes = bytes
    end = bytes.count
  }

  var isAtEnd: Bool { offset == end }

  mutating func integer<T: FixedWidthInteger & UnsignedInteger>(
    _ type: T.Type
  ) throws(ProtocolError) -> T {
    let size = MemoryLayout<T>.size
    guard size <= end - offset else { throw .truncated }
    var value: T = 0
    for index in 0..<size { value |= T(bytes[offset + index]) << T(8 * index) }
    offset += size
    return value
  }

  /// A string of at most `limit` bytes.
  mutating func text(limit: Int) throws(ProtocolError) -> [UInt8] {
    let count = Int(try integer(UInt16.self))
    guard count <= end - offset, count <= limit else { throw .truncated }
    offset += count
    return Array(bytes[offset - count..<offset])
  }

  mutating func identity() throws(ProtocolError) -> QID {
    let type = try integer(UInt8.self)
    _ = try integer(UInt32.self)
    return QID(type: type, path: try integer(UInt64.self))
  }

  mutating func attributes() throws(ProtocolError) -> FileAttributes {
    _ = try integer(UInt64.self)
    var attributes = FileAttributes(identity: try identity())
    attributes.mode = try integer(UInt32.self)
    attributes.owner = try integer(UInt32.self)
    attributes.group = try integer(UInt32.self)
    attributes.linkCount = UInt32(clamping: try integer(UInt64.self))
    attributes.device = try integer(UInt64.self)
    attributes.byteCount = Int64(clamping: try integer(UInt64.self))
    _ = try integer(UInt64.self)
    attributes.blockCount = Int64(clamping: try integer(UInt64.self))
    attributes.accessed = try time()
    attributes.modified = try time()
    attributes.changed = try time()
    return attributes
  }

  /// Seconds and nanoseconds as nanoseconds since 1970; what does not fit is cut.
  private mutating func time() throws(ProtocolError) -> Int64 {
    let seconds = Int64(bitPattern: try integer(UInt64.self))
    let nanoseconds = Int64(try integer(UInt64.self) % 1_000_000_000)
    let limit: Int64 = 9_223_372_035
    return max(-limit, min(limit, seconds)) * 1_000_000_000 + nanoseconds
  }

  /// One entry of a directory, with the server's place of the next one. Throws `badName` for a
  /// name that would lead elsewhere.
  mutating func entry() throws(ProtocolError) -> ListedName {
    let identity = try identity()
    let next = try integer(UInt64.self)
    let type = try integer(UInt8.self)
    let name = try text(limit: 255)
    guard !name.isEmpty, !name.contains(0), !name.contains(UInt8(ascii: "/")) else {
      throw .badName
    }
    return ListedName(name: name, identity: identity, type: type, next: next)
  }
}
