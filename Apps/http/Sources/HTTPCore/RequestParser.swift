// SPDX-License-Identifier: BSD-3-Clause

/// Parses request heads, one after the other, from bytes that arrive in pieces of any size.
///
/// Give `parse` all bytes that have come and are not consumed, from the same first byte on each
/// time, until it says that `head` is complete; then drop `head.byteCount` bytes and read the body,
/// before the next head. Each byte is looked at once or twice, however the pieces fall: the parser
/// remembers where it was. Whether a request is taken, and where an error is, does not depend on
/// the pieces.
///
/// It is strict where readers of HTTP are known to differ, because that is what request smuggling
/// lives on: line ends are CR LF, nothing is folded, and the length of a body is said once and in
/// one way (RFC 9112 section 11.2). Nothing is allocated.
public struct RequestParser: Sendable {
  /// What the next byte belongs to.
  enum Phase: UInt8 {
    case idle, start, emptyLineEnd, method, target, version
    case fieldStart, name, valueStart, value, valueEnd, fieldsEnd
  }

  let limits: RequestLimits
  var phase = Phase.idle
  /// The next byte to look at.
  var position = 0
  /// Where the element in hand begins.
  var mark = 0
  /// Where the section in hand has to have ended.
  var sectionLimit = 0
  /// The name and the value in hand.
  var nameExtent = Extent()
  var valueExtent = Extent()
  var fieldCount = 0
  /// Where the target's first `?` is; 0 as long as there was none.
  var queryMark = 0
  /// What Connection said. RFC 9110 section 7.6.1.
  var saysClose = false
  var saysKeepAlive = false
  /// The head that was parsed last. It says something between a `parse` that returned `.complete`
  /// and the next call. (It is not the result of `parse`, which would copy it several times.)
  public internal(set) var head = RequestHead()
  private var failure: RequestError?

  /// A parser before its first request.
  public init(limits: RequestLimits = RequestLimits()) { self.limits = limits }

  /// What `parse` came to.
  public enum Progress: Sendable {
    /// `head` is complete.
    case complete
    /// The bytes end within the head.
    case needsMore
  }

  /// Reads on in the head that `bytes` begins with.
  ///
  /// After a head the parser is ready for the next one. After an error it is not: it throws the
  /// same error again.
  ///
  /// - Parameter bytes: All bytes that came and are not consumed; never fewer than the time before.
  /// - Throws: `RequestError` with the offset in `bytes`.
  /// - Complexity: O(bytes that are new).
  public mutating func parse(_ bytes: RawSpan) throws(RequestError) -> Progress {
    if let failure { throw failure }
    if phase == .idle { startOver() }
    do {
      guard try advance(bytes.octets, WordView(bytes)) else { return .needsMore }
    } catch {
      failure = error
      throw error
    }
    phase = .idle
    return .complete
  }

  private mutating func startOver() {
    phase = .start
    position = 0
    fieldCount = 0
    queryMark = 0
    saysClose = false
    saysKeepAlive = false
    head.clear()
  }

  /// Goes on until the head is complete (true) or the bytes are used up (false).
  @_optimize(speed)
  private mutating func advance(
    _ bytes: Span<UInt8>, _ words: borrowing WordView
  ) throws(RequestError) -> Bool {
    while true {
      switch phase {
      case .start: guard try scanStart(bytes) else { return false }
      case .emptyLineEnd:
        guard position < bytes.count else { return false }
        guard bytes[position] == .lineFeed else { throw error(.bareCarriageReturn, position - 1) }
        position &+= 1
        phase = .start
      case .method:
        if takeUsualLine(bytes, words) { continue }
        guard try scanMethod(bytes) else { return false }
      case .target: guard try scanTarget(bytes) else { return false }
      case .version: guard try scanVersion(bytes) else { return false }
      case .fieldsEnd:
        guard position < bytes.count else { return false }
        guard bytes[position] == .lineFeed else { throw error(.bareCarriageReturn, position - 1) }
        position &+= 1
        head.byteCount = position
        try finish(bytes)
        return true
      default: guard try scanFields(bytes, words) else { return false }
      }
    }
  }

  func error(_ reason: RequestError.Reason, _ offset: Int) -> RequestError {
    RequestError(reason, at: offset)
  }

  /// One empty line before a request is taken: old clients send one behind a body.
  ///
  /// Source: RFC 9112 section 2.2.
  private mutating func scanStart(_ bytes: Span<UInt8>) throws(RequestError) -> Bool {
    guard position < bytes.count else { return false }
    if bytes[position] == .carriageReturn, position == 0 {
      position = 1
      phase = .emptyLineEnd
    } else {
      mark = position
      sectionLimit = position &+ limits.requestLineByteCount
      phase = .method
    }
    return true
  }
}
