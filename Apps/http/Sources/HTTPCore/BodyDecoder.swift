// SPDX-License-Identifier: BSD-3-Clause

/// Takes a request's body out of its framing, from bytes that arrive in pieces of any size.
///
/// Unlike a head, a body need not be kept: every byte that `decode` looks at is consumed, but for
/// what belongs to the next request. What comes out, and which error, does not depend on the
/// pieces. Chunk extensions and trailer fields are checked and dropped. Nothing is allocated.
///
/// Source: RFC 9112 sections 6 and 7.1.
public struct BodyDecoder: Sendable {
  /// What one call of `decode` found.
  public struct Piece: Equatable, Sendable {
    /// How many of the bytes are done with; the next call gets those behind them.
    public let consumedByteCount: Int
    /// Where among them there is content; at most one stretch a call, perhaps empty.
    public let content: Extent
    /// Whether the body ends here. If not, and all bytes are consumed, more are needed.
    public let isComplete: Bool
  }

  enum Phase: UInt8 {
    case complete, content
    case sizeStart, size, sizeBlank, extensions, sizeEnd, chunkContent, chunkEnd, chunkLineEnd
    case trailerStart, trailerName, trailerValue, trailerEnd, lastEnd
  }

  let limits: RequestLimits
  var phase: Phase
  /// What is left of the content, or of the chunk.
  var remaining = 0
  /// Content and framing that were consumed.
  var consumed = 0
  /// Content so far, with all of the chunk in hand.
  var total = 0
  var digits = 0
  var extensionByteCount = 0
  var trailerByteCount = 0
  var trailerCount = 0
  var trailerName = FieldNameKey()
  private var failure: RequestError?

  /// Begins with the first byte behind a head.
  ///
  /// - Throws: `longBody` when the length is over the limit.
  public init(
    _ framing: BodyFraming, limits: RequestLimits = RequestLimits()
  ) throws(RequestError) {
    self.limits = limits
    switch framing {
    case .none: phase = .complete
    case .length(let length):
      if length > limits.bodyByteCount { throw RequestError(.longBody, at: 0) }
      remaining = length
      phase = length == 0 ? .complete : .content
    case .chunked: phase = .sizeStart
    }
  }

  /// Whether the body has ended.
  public var isComplete: Bool { phase == .complete }

  /// Reads on. Call again with what is left until the body is complete or the bytes are used up.
  ///
  /// - Throws: `RequestError`; the offset counts from the body's first byte. Again each time after
  ///   an error.
  /// - Complexity: O(1) for content, O(*n*) for framing.
  public mutating func decode(_ bytes: RawSpan) throws(RequestError) -> Piece {
    if let failure { throw failure }
    let octets = bytes.octets
    var index = 0
    while phase != .complete {
      if phase == .content || phase == .chunkContent {
        let count = min(remaining, octets.count &- index)
        // Content that is to come has no bytes yet: not a stretch of its own.
        if count == 0 { break }
        remaining &-= count
        if remaining == 0 { phase = phase == .content ? .complete : .chunkEnd }
        consumed &+= index &+ count
        return Piece(
          consumedByteCount: index &+ count, content: Extent(index..<(index &+ count)),
          isComplete: phase == .complete)
      }
      guard index < octets.count else { break }
      do {
        try takeFraming(octets[index], at: consumed &+ index)
      } catch {
        failure = error
        throw error
      }
      index &+= 1
    }
    consumed &+= index
    return Piece(consumedByteCount: index, content: Extent(), isComplete: phase == .complete)
  }
}
