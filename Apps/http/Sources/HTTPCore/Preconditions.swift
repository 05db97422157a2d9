// SPDX-License-Identifier: BSD-3-Clause

/// What the preconditions of a request come to.
///
/// Source: RFC 9110 section 13.
public enum Preconditions: Equatable, Sendable {
  /// The request is served; a Range field counts only when `mayUseRange`.
  case proceed(mayUseRange: Bool)
  /// 304.
  case notModified
  /// 412.
  case failed

  /// What is known about the representation that is asked for.
  public struct Validators: ~Escapable {
    /// Its tag as it is sent, with quotes; nil without one.
    public let entityTag: RawSpan?
    /// When it was changed last; nil when that is not known.
    public let lastModified: HTTPDate?
    /// Whether there is one at all; a resource that does not exist yet can be made by PUT.
    public let exists: Bool

    @_lifetime(copy entityTag)
    public init(entityTag: RawSpan?, lastModified: HTTPDate?, exists: Bool = true) {
      self.entityTag = entityTag
      self.lastModified = lastModified
      self.exists = exists
    }
  }

  /// Evaluates them in their order of precedence: If-Match, If-Unmodified-Since, If-None-Match,
  /// If-Modified-Since, If-Range.
  ///
  /// Ask only when the request without them would give 2xx (RFC 9110 section 13.2.1). Dates that
  /// are none, and date fields that came twice, are ignored.
  ///
  /// - Parameters:
  ///   - head: The request.
  ///   - bytes: What the parser was given.
  ///   - now: Seconds since 1970: for old dates, and for whether a date is a strong validator.
  ///
  /// Source: RFC 9110 section 13.2.2.
  public static func evaluate(
    _ head: RequestHead, of bytes: RawSpan, _ validators: borrowing Validators, now: Int
  ) -> Preconditions {
    let isRead = head.method == .get || head.method == .head
    if head[.ifMatch] != nil {
      if !matches(.ifMatch, head, bytes, validators) { return .failed }
    } else if let limit = date(.ifUnmodifiedSince, head, bytes, now),
      let modified = validators.lastModified, modified > limit
    {
      return .failed
    }
    if head[.ifNoneMatch] != nil {
      if matches(.ifNoneMatch, head, bytes, validators) { return isRead ? .notModified : .failed }
    } else if isRead, let since = date(.ifModifiedSince, head, bytes, now),
      let modified = validators.lastModified, modified <= since
    {
      return .notModified
    }
    let hasRange = head.method == .get && head[.range] != nil && !head.isRepeated(.range)
    return .proceed(mayUseRange: hasRange && allowsRange(head, bytes, validators, now))
  }

  /// Whether one of the field's tags, on all its lines, is that of the representation: compared
  /// strongly for If-Match and weakly for If-None-Match.
  ///
  /// Source: RFC 9110 sections 13.1.1 and 13.1.2.
  private static func matches(
    _ field: KnownField, _ head: RequestHead, _ bytes: RawSpan, _ validators: borrowing Validators
  ) -> Bool {
    guard head.isRepeated(field) else {
      return head[field].map { lists($0.bytes(of: bytes), field, validators) } ?? false
    }
    let octets = bytes.octets
    var fields = head.fields(of: bytes)
    while let line = fields.next() {
      if KnownField(FieldNameKey(line.name, of: octets)) == field,
        lists(line.value.bytes(of: bytes), field, validators)
      {
        return true
      }
    }
    return false
  }

  private static func lists(
    _ value: RawSpan, _ field: KnownField, _ validators: borrowing Validators
  ) -> Bool {
    let octets = value.octets
    if octets.count == 1, octets[0] == UInt8(ascii: "*") { return validators.exists }
    guard let text = validators.entityTag, let current = EntityTag(parsing: text) else {
      return false
    }
    var cursor = 0
    while true {
      while cursor < octets.count, octets[cursor].isBlank || octets[cursor] == UInt8(ascii: ",") {
        cursor &+= 1
      }
      guard let extent = octets.nextEntityTag(from: &cursor) else { return false }
      let tag = EntityTag(octets, extent)
      if field == .ifMatch ? tag.matchesStrongly(current) : tag.matchesWeakly(current) {
        return true
      }
    }
  }

  /// Source: RFC 9110 section 13.1.5.
  private static func allowsRange(
    _ head: RequestHead, _ bytes: RawSpan, _ validators: borrowing Validators, _ now: Int
  ) -> Bool {
    guard let extent = head[.ifRange] else { return true }
    if head.isRepeated(.ifRange) { return false }
    if let asked = EntityTag(parsing: extent.bytes(of: bytes)) {
      guard let text = validators.entityTag, let current = EntityTag(parsing: text) else {
        return false
      }
      return asked.matchesStrongly(current)
    }
    guard let asked = date(.ifRange, head, bytes, now), let modified = validators.lastModified
    else {
      return false
    }
    // A date is a strong validator only when nothing can change in the same second any more: RFC
    // 9110 section 8.8.2.2.
    return asked == modified && modified.secondsSince1970 < now
  }

  private static func date(
    _ field: KnownField, _ head: RequestHead, _ bytes: RawSpan, _ now: Int
  ) -> HTTPDate? {
    guard let extent = head[field], !head.isRepeated(field) else { return nil }
    return HTTPDate(parsing: extent.bytes(of: bytes), now: now)
  }
}
