// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// What stands before the commands of a datagram and before each datagram of its answer
/// (protocol.txt "UDP protocol"): four numbers of 16 bits in network order.
public struct DatagramFrame: Sendable, BitwiseCopyable {
  /// The client's number of the request.
  public let request: UInt16
  /// Which datagram of the message this is, from 0 on.
  public let sequence: UInt16
  /// How many the message has.
  public let count: UInt16

  @inline(__always)
  public static var byteCount: Int { 8 }
  /// The most bytes of a reply in one datagram beside this, as memcached sends them.
  public static var payloadLimit: Int { 1400 - byteCount }

  /// Nil when there are less than 8 bytes.
  @inline(__always)
  public init?(parsing bytes: RawSpan) {
    guard bytes.byteCount >= Self.byteCount else { return nil }
    request = bytes.bigEndian(at: 0)
    sequence = bytes.bigEndian(at: 2)
    count = bytes.bigEndian(at: 4)
  }

  /// The head of datagram `sequence` of an answer of `count`.
  @inline(__always)
  public init(request: UInt16, sequence: UInt16, count: UInt16) {
    self.request = request
    self.sequence = sequence
    self.count = count
  }

  /// Writes the eight bytes at the front.
  @inline(__always)
  public func store(in bytes: inout MutableRawSpan) {
    let value =
      UInt64(request) << 48 | UInt64(sequence) << 32 | UInt64(count) << 16
    bytes.storeBigEndian(value, at: 0)
  }
}

extension Session {
  /// Serves the commands of one datagram, behind its frame, into an answer that has room for all.
  @inline(__always)
  public static func serve<Sink: ReplySink & ~Copyable>(
    datagram: RawSpan, _ frame: DatagramFrame, _ store: ItemStore, now: UInt32,
    to sink: inout Sink
  ) {
    store.statistics.datagrams &+= 1
    guard frame.count <= 1, frame.sequence == 0 else {
      sink.append("SERVER_ERROR multi-packet request not supported\r\n")
      return
    }
    let input = datagram.extracting(DatagramFrame.byteCount..<datagram.byteCount)
    let consumed = store.serveQuickly(input, now: now, to: &sink)
    if consumed == input.byteCount { return }
    converse(input.extracting(consumed..<input.byteCount), store, now: now, to: &sink)
  }

  @inline(never)
  private static func converse<Sink: ReplySink & ~Copyable>(
    _ input: RawSpan, _ store: ItemStore, now: UInt32, to sink: inout Sink
  ) {
    var session = Session(store)
    var consumed = 0
    _ = session.advance(input, &consumed, now: now, to: &sink)
    if case .value = session.state { session.reply("CLIENT_ERROR bad data chunk\r\n", to: &sink) }
  }
}
