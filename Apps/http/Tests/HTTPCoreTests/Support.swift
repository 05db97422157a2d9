// SPDX-License-Identifier: BSD-3-Clause

import HTTPCore
import Testing

/// The UTF-8 of a text.
func octets(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The text of some UTF-8.
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// SplitMix64: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}

/// The error that a conversation ends with; nil when it does not.
func failure(_ conversation: Conversation) -> RequestError? {
  if case .failed(let error) = conversation.ending { return error }
  return nil
}

/// What some text is refused for; nil when it is not.
func refusal(_ text: String, limits: RequestLimits = RequestLimits()) -> RequestError.Reason? {
  failure(Conversation(octets(text), limits: limits))?.reason
}

/// The head of a request, with the bytes it is in.
struct ParsedHead {
  let head: RequestHead
  let bytes: [UInt8]

  init(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let bytes = octets(text)
    self.bytes = bytes
    var parser = RequestParser()
    let progress = try parser.parse(RawSpan(_elements: bytes.span))
    head = parser.head
    try #require(progress == .complete, sourceLocation: sourceLocation)
  }

  func text(_ extent: Extent?) -> String? {
    extent.map { String(decoding: bytes[$0.offset..<$0.end], as: UTF8.self) }
  }
}
