// SPDX-License-Identifier: BSD-3-Clause

/// A request's line and header fields, parsed and checked.
///
/// It holds no bytes: its extents count from the first byte that the parser was given, so they
/// stand for text as long as the caller keeps those bytes where they are. A plain value; copying it
/// allocates nothing.
public struct RequestHead: Sendable {
  /// The version a request speaks. Others are refused.
  ///
  /// Source: RFC 9112 section 2.3.
  public enum Version: UInt8, Sendable {
    case http10, http11
  }

  /// How a target is written.
  ///
  /// Source: RFC 9112 section 3.2.
  public enum TargetForm: UInt8, Sendable {
    /// `/path?query`
    case origin
    /// `http://authority/path?query`
    case absolute
    /// `*`, with OPTIONS only.
    case asterisk
  }

  /// How many bytes the head takes, with its last empty line and an empty line before it.
  public internal(set) var byteCount = 0
  /// The method.
  public internal(set) var method = Method.other
  /// The version.
  public internal(set) var version = Version.http11
  /// How the target is written.
  public internal(set) var targetForm = TargetForm.origin
  /// Whether the connection may serve another request after this one. RFC 9112 section 9.3.
  public internal(set) var keepsAlive = false
  /// Whether the client waits for `100 Continue` before it sends the body. RFC 9110 section 10.1.1.
  public internal(set) var expectsContinue = false
  /// How the body is framed.
  public internal(set) var framing = BodyFraming.none
  /// The method as it was sent.
  public internal(set) var methodText = Extent()
  /// The whole target as it was sent.
  public internal(set) var target = Extent()
  /// The target's path, still encoded, without the query: begins with `/`, or is empty in an
  /// absolute target without path, or is `*`.
  public internal(set) var path = Extent()
  /// What stands behind the target's first `?`; nil without one.
  public internal(set) var query: Extent?
  /// Host and port that are asked for: the absolute target's, else the Host field's; empty when a
  /// request of version 1.0 has neither.
  public internal(set) var authority = Extent()

  /// Where the field section begins.
  var fieldsOffset = 0
  /// The first value of each known field that came.
  var known = InlineArray<11, Extent>(repeating: Extent())
  /// A bit for each known field that came.
  var present: UInt16 = 0
  /// A bit for each known field that came more than once.
  var repeated: UInt16 = 0

  init() {}

  /// The value of `field` without blanks around it; nil when it did not come. The first line of
  /// several.
  @inline(__always)
  public subscript(field: KnownField) -> Extent? {
    present & field.bit == 0 ? nil : known[Int(field.rawValue)]
  }

  /// Whether `field` came on more than one line.
  public func isRepeated(_ field: KnownField) -> Bool { repeated & field.bit != 0 }

  /// All fields, in the order in which they came. `bytes` is what the parser was given.
  @_lifetime(copy bytes)
  public func fields(of bytes: RawSpan) -> FieldIterator {
    FieldIterator(bytes, from: fieldsOffset, to: byteCount)
  }

  /// Stores the value of `field`, and says whether it is the first of its name.
  mutating func record(_ field: KnownField, _ value: Extent) -> Bool {
    if present & field.bit != 0 {
      repeated |= field.bit
      return false
    }
    present |= field.bit
    known[Int(field.rawValue)] = value
    return true
  }

  /// Forgets what the next head may leave unsaid. All else is set for each head; the extents of
  /// fields stay, for clearing them would cost more than a request's line.
  mutating func clear() {
    present = 0
    repeated = 0
    framing = .none
    expectsContinue = false
    authority = Extent()
  }
}

extension KnownField {
  @inline(__always)
  fileprivate var bit: UInt16 { 1 &<< UInt16(rawValue) }
}

/// How long a request's body is.
///
/// Source: RFC 9112 section 6.3.
public enum BodyFraming: Equatable, Sendable {
  /// There is none.
  case none
  /// So many bytes.
  case length(Int)
  /// Chunks that say their own size.
  case chunked
}
