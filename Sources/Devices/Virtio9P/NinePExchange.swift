// SPDX-License-Identifier: BSD-3-Clause

import Base
import Machine
import Scheduling

/// A request to a 9P server and its reply, with the memory for both.
///
/// It belongs to whoever took it from a transport, until it is released.
public final class NinePExchange {
  /// The longest request without contents, and the longest reply without contents, in bytes: room
  /// for a path of `PATH_MAX` and a name.
  public static let messageByteLimit = 6144
  /// The reply's length where contents follow it: size, type, tag and a count (`Rread`).
  public static let contentsHeaderByteCount = 11

  /// The message's tag.
  public let tag: UInt16
  /// The message to send, without the contents that follow it; at most `messageByteLimit` bytes.
  public var request: [UInt8] = []
  /// The message that came, without contents. Only the first `replyByteCount` bytes mean anything.
  public internal(set) var reply: [UInt8]
  /// How many bytes of `reply` came.
  public internal(set) var replyByteCount = 0
  /// Where contents lie on their way; nil for an exchange without.
  public let data: DMAMemory?
  /// How many bytes of contents the server says to have stored in `data`.
  public internal(set) var receivedByteCount = 0
  /// Who hears of the end of a posted exchange.
  public var observer: (any NinePExchangeObserver)?
  /// What the observer wants to remember of it.
  public var note: UInt32 = 0

  /// The request, and `messageByteLimit` bytes behind it the reply.
  let messages: DMAMemory
  let isReserve: Bool
  var isDone = true
  var isPosted = false
  /// Whether contents follow the reply.
  var isSplit = false
  let finished = WaitQueue()

  /// Fails when there is no memory.
  init?(tag: UInt16, dataByteCount: Int, isReserve: Bool = false) {
    guard let messages = DMAMemory(pageCount: 2 * Self.messageByteLimit / pageSize) else {
      return nil
    }
    var data: DMAMemory?
    if dataByteCount > 0 {
      data = DMAMemory(pageCount: dataByteCount / pageSize)
      if data == nil { return nil }
    }
    self.tag = tag
    self.data = data
    self.messages = messages
    self.isReserve = isReserve
    reply = [UInt8](repeating: 0, count: Self.messageByteLimit)
    request.reserveCapacity(64)
  }

  /// Makes one that lies in memory of its own, for transports that are not this driver.
  public convenience init?(tag: UInt16, dataByteCount: Int) {
    self.init(tag: tag, dataByteCount: dataByteCount, isReserve: false)
  }

  /// Puts the request where the device reads it.
  func storeRequest() {
    let bytes = request
    messages.write(RawSpan(_elements: bytes.span), at: 0)
  }

  /// Takes the first `count` bytes of the reply out of the device's reach.
  func loadReply(_ count: Int) {
    // Moved out and back, so that nothing is copied twice.
    var bytes = reply
    reply = []
    do {
      var elements = bytes.mutableSpan
      var all = MutableRawSpan(_elements: &elements)
      var part = all._mutatingExtracting(0..<count)
      messages.read(into: &part, at: Self.messageByteLimit)
    }
    reply = bytes
    replyByteCount = count
  }

  /// Stores a reply that came by another way than this driver; bytes beyond the limit are lost.
  public func setReply(_ bytes: [UInt8], receivedByteCount received: Int = 0) {
    replyByteCount = min(bytes.count, Self.messageByteLimit)
    for index in 0..<replyByteCount { reply[index] = bytes[index] }
    receivedByteCount = min(received, data?.byteCount ?? 0)
  }
}

/// Hears of the end of exchanges that nobody waits for.
public protocol NinePExchangeObserver: AnyObject {
  /// The reply of a posted exchange came, or the device failed. The exchange is released after.
  func exchangeDidFinish(_ exchange: NinePExchange)
}
