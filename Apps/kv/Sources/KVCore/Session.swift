// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// One client's side of the memcached text protocol (memcached's doc/protocol.txt): bytes in,
/// replies out. Does no input or output of its own, so a connection, a datagram and a test use it
/// alike.
///
/// Input may come in pieces of any size. Nothing larger than a command line has to be kept: values
/// go into the store, and out of it, as they come.
public struct Session: ~Copyable {
  /// Why `advance` has returned.
  public enum Progress: Equatable, Sendable {
    /// All complete commands are served; the bytes that were not consumed belong to the next one.
    case needsInput
    /// The sink has no room for the next reply.
    case needsOutput
    /// The client has ended the session, or does not speak this protocol.
    case isOver
  }

  /// What the next bytes are.
  enum State {
    case command
    /// Keys of a retrieval.
    case keys
    /// A value on its way into the store, and how many of its bytes are missing, with its line end.
    case value(Incoming)
    /// So many bytes that nobody wants.
    case unwanted(Int)
    /// The rest of a line that nobody wants.
    case unwantedLine
    case over
  }

  /// How a new value is stored.
  enum Mode: UInt8 {
    case set, add, replace, append, prepend, swap
  }

  /// A value on its way into the store.
  struct Incoming {
    var item: ItemStore.Item
    var cursor: ItemStore.Cursor
    var missing: Int
    var mode: Mode
    /// For `cas`: what the item must not have changed from.
    var unique: UInt64 = 0
  }

  /// A value on its way out.
  struct Outgoing {
    var item: ItemStore.Item
    var cursor: ItemStore.Cursor
    var missing: Int
  }

  /// A retrieval whose keys are being served.
  struct Retrieval {
    /// Whether replies tell the unique number.
    var isUnique = false
    /// Whether each item gets a new expiry.
    var touches = false
    var seconds: Int64 = 0
    var keyCount = 0
  }

  /// A line of a command that has no keys without end.
  static var lineLimit: Int { 2048 }
  /// Room for any reply but values.
  public static var replyLimit: Int { 2048 }

  let store: ItemStore
  var state = State.command
  var outgoing: Outgoing?
  var retrieval = Retrieval()
  /// Whether the command that is served is not to be answered.
  var isSilent = false

  public init(_ store: ItemStore) {
    self.store = store
  }

  deinit {
    if let outgoing { store.release(outgoing.item) }
    if case .value(let incoming) = state { store.release(incoming.item) }
  }

  /// Serves what has come.
  ///
  /// - Parameters:
  ///   - input: bytes that were not consumed, from the oldest on.
  ///   - consumed: how many of them are done with, at the beginning and at the end.
  ///   - now: seconds since 1970.
  public mutating func advance<Sink: ReplySink & ~Copyable>(
    _ input: RawSpan, _ consumed: inout Int, now: UInt32, to sink: inout Sink
  ) -> Progress {
    while true {
      if outgoing != nil, !sendValue(to: &sink) { return .needsOutput }
      if sink.room < Self.replyLimit { return .needsOutput }
      switch state {
      case .command:
        guard consumed < input.byteCount else { return .needsInput }
        isSilent = false
        let command = input.extracting(consumed..<input.byteCount)
        let count = store.serveQuickly(command, now: now, to: &sink)
        if count > 0 {
          consumed &+= count
          continue
        }
        guard takeCommand(input, &consumed, now: now, to: &sink) else { return .needsInput }
      case .keys:
        guard takeKey(input, &consumed, now: now, to: &sink) else { return .needsInput }
      case .value(let incoming):
        guard takeValue(incoming, input, &consumed, now: now, to: &sink) else {
          return .needsInput
        }
      case .unwanted(let count):
        let part = min(count, input.byteCount &- consumed)
        consumed &+= part
        state = part == count ? .command : .unwanted(count &- part)
        if part != count { return .needsInput }
      case .unwantedLine:
        guard let end = Self.lineEnd(input, from: consumed) else {
          consumed = input.byteCount
          return .needsInput
        }
        consumed = end &+ 1
        state = .command
      case .over: return .isOver
      }
    }
  }

  /// Where the line feed of the line at `start` is.
  @inline(__always)
  static func lineEnd(_ input: RawSpan, from start: Int) -> Int? {
    input.firstIndex(of: 10, from: start)
  }

  /// Answers, unless the client wants no answer.
  func reply<Sink: ReplySink & ~Copyable>(_ text: StaticString, to sink: inout Sink) {
    if !isSilent { sink.append(text) }
  }
}
