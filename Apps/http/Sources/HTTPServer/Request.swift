// SPDX-License-Identifier: BSD-3-Clause

import Bytes
public import HTTPCore

/// One request that has come as a whole.
public struct Request: ~Escapable {
  /// Its line and fields; its extents lie in `bytes`.
  public let head: RequestHead
  /// What the head was parsed from.
  public let bytes: RawSpan
  /// Its content, without framing.
  public let body: RawSpan
  /// The time of day, in seconds since 1970.
  public let second: Int

  @_lifetime(copy bytes, copy body)
  init(_ head: RequestHead, of bytes: RawSpan, body: RawSpan, second: Int) {
    self.head = head
    self.bytes = bytes
    self.body = body
    self.second = second
  }

  /// The target's path, still encoded; `/` where an absolute target has none.
  public var path: RawSpan {
    @_lifetime(copy self) get { head.path.bytes(of: bytes) }
  }

  /// Whether the target's path is just that.
  public func hasPath(_ path: [UInt8]) -> Bool {
    let extent = head.path
    guard extent.count == path.count else { return false }
    let octets = Span<UInt8>(_bytes: bytes.extracting(extent.offset..<extent.end))
    for index in path.indices where octets[index] != path[index] { return false }
    return true
  }

  /// The number behind `name`, such as `count=`, with which the query begins; nil when it does not,
  /// or no number of at most nine digits is there and nothing else.
  public func number(inQuery name: StaticString) -> Int? {
    guard let query = head.query else { return nil }
    let octets = Span<UInt8>(_bytes: query.bytes(of: bytes))
    let name = Span<UInt8>(_bytes: name.bytes)
    guard octets.count > name.count, octets.count <= name.count + 9 else { return nil }
    var value = 0
    for index in octets.indices {
      if index < name.count {
        guard octets[index] == name[index] else { return nil }
      } else {
        let digit = octets[index] &- UInt8(ascii: "0")
        guard digit < 10 else { return nil }
        value = value * 10 + Int(digit)
      }
    }
    return value
  }
}

extension [UInt8] {
  /// Whether these are the bytes of a text.
  public func isText(_ text: StaticString) -> Bool {
    let other = Span<UInt8>(_bytes: text.bytes)
    guard count == other.count else { return false }
    for index in indices where self[index] != other[index] { return false }
    return true
  }
}

/// What an application answers requests with.
public protocol RequestHandler: AnyObject {
  /// Answers one request by exactly one answer in `outbox`. Must not wait.
  func answer(_ request: borrowing Request, into outbox: Outbox)
}

/// Content that is made while it is sent.
public protocol BodySource: AnyObject {
  /// Appends some of it to `bytes`, some KiB at most.
  ///
  /// - Returns: whether more is to come. It may append nothing only when it returns false.
  func produce(into bytes: inout ByteBuffer) -> Bool
}
