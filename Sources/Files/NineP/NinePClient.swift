// SPDX-License-Identifier: BSD-3-Clause

import Base
import Bytes
import Virtio9P

/// A session with a 9P2000.L server: one method for each request.
///
/// A method waits for the reply; others may run meanwhile and use the same session.
final class NinePClient {
  private let transport: any NinePTransport
  private var nextFid: UInt32 = 0
  private var freeFids: [UInt32] = []
  /// Fids that the server has not been told to forget yet.
  private var forgotten: [UInt32] = []
  /// The most contents of one message, in bytes.
  private(set) var dataByteLimit: Int

  /// What a message has beside its contents, at most (`P9_IOHDRSZ`).
  private static let overhead = 24
  /// Messages without contents must fit, or nothing works.
  private static let leastMessageByteCount = NinePExchange.messageByteLimit

  init(_ transport: any NinePTransport) {
    self.transport = transport
    dataByteLimit = transport.dataByteLimit
  }

  // MARK: Exchanges

  func take(
    hasData: Bool = false, _ patience: NinePPatience = .blocks
  ) throws(SystemError) -> NinePExchange {
    sendForgotten()
    return try transport.take(hasData: hasData, patience)
  }

  func release(_ exchange: NinePExchange) {
    transport.release(exchange)
  }

  func request(_ type: MessageType, _ exchange: NinePExchange) -> RequestWriter {
    let storage = exchange.request
    exchange.request = []
    return RequestWriter(type, tag: exchange.tag, reusing: storage)
  }

  /// Sends a request and returns the reply's fields. What the server refuses is thrown.
  func answer(
    _ request: consuming RequestWriter, _ type: MessageType, _ exchange: NinePExchange,
    sending: Int = 0, receiving: Int = 0, tag: UInt16? = nil,
    _ patience: NinePPatience = .blocks
  ) throws(SystemError) -> ReplyReader {
    exchange.request = request.finished(contentsByteCount: sending)
    try transport.perform(exchange, sending: sending, receiving: receiving, patience)
    do {
      return try ReplyReader(
        exchange.reply, count: exchange.replyByteCount,
        contentsByteCount: exchange.receivedByteCount, answering: type, tag: tag ?? exchange.tag)
    } catch {
      throw Self.reason(error)
    }
  }

  private static func reason(_ error: ProtocolError) -> SystemError {
    if case .refused(let number) = error { return SystemError(linuxNumber: number) }
    return .inputOutput
  }

  /// Runs a reader; a reply that cannot be read is an input error.
  func fields<R>(
    _ body: () throws(ProtocolError) -> R
  ) throws(SystemError) -> R {
    do { return try body() } catch { throw Self.reason(error) }
  }

  // MARK: Fids

  /// A number that is not in use.
  private func makeFid() throws(SystemError) -> UInt32 {
    if let number = freeFids.popLast() { return number }
    // The last number means none (`NOFID`).
    guard nextFid < .max else { throw .tooManyOpenFilesInSystem }
    nextFid += 1
    return nextFid - 1
  }

  /// A fid that the server refused to make is free. When its answer made no sense, it may have
  /// made it.
  private func takeBack(_ number: UInt32, after error: SystemError) {
    if error == .inputOutput { forget(number) } else { freeFids.append(number) }
  }

  /// Tells the server, now or soon, to forget a fid. Waits for nothing: this happens wherever the
  /// last reference goes.
  func forget(_ number: UInt32) {
    forgotten.append(number)
    sendForgotten()
  }

  private func sendForgotten() {
    while !forgotten.isEmpty, let exchange = transport.takeAtOnce() {
      guard let number = forgotten.popLast() else { return transport.release(exchange) }
      var request = request(.clunk, exchange)
      request.add(number)
      exchange.request = request.finished()
      exchange.note = number
      exchange.observer = self
      transport.post(exchange)
    }
  }

  // MARK: The session

  /// Agrees on the protocol. Throws `notSupported` when the server speaks another.
  func start() throws(SystemError) {
    let exchange = try take()
    defer { release(exchange) }
    // A message of this kind has no tag.
    var request = RequestWriter(.version, tag: .max)
    request.add(UInt32(dataByteLimit + Self.overhead))
    request.add("9P2000.L")
    var reply = try answer(request, .version, exchange, tag: .max)
    let (size, version) = try fields { () throws(ProtocolError) in
      (try reply.integer(UInt32.self), try reply.text(limit: 64))
    }
    guard version == StaticString("9P2000.L").byteArray,
      Int(size) >= Self.leastMessageByteCount
    else { throw .notSupported }
    dataByteLimit = min(dataByteLimit, Int(size) - Self.overhead)
  }

  /// The root of what the server shows. `user` is who makes files.
  func attach(user: UInt32) throws(SystemError) -> (NinePFid, QID) {
    let exchange = try take()
    defer { release(exchange) }
    let number = try makeFid()
    var request = request(.attach, exchange)
    request.add(number)
    request.add(UInt32.max)
    request.add("root")
    request.add("")
    request.add(user)
    do {
      var reply = try answer(request, .attach, exchange)
      let identity = try fields { () throws(ProtocolError) in try reply.identity() }
      return (NinePFid(number, of: self), identity)
    } catch {
      takeBack(number, after: error)
      throw error
    }
  }

  /// A fid for the file called `name` in the directory `fid`.
  func walk(_ fid: NinePFid, to name: RawSpan) throws(SystemError) -> (NinePFid, QID) {
    let exchange = try take()
    defer { release(exchange) }
    let number = try makeFid()
    var request = request(.walk, exchange)
    request.add(fid.number)
    request.add(number)
    request.add(UInt16(1))
    request.add(name)
    do {
      var reply = try answer(request, .walk, exchange)
      let identity = try fields { () throws(ProtocolError) in
        guard try reply.integer(UInt16.self) == 1 else { throw .truncated }
        return try reply.identity()
      }
      return (NinePFid(number, of: self), identity)
    } catch {
      takeBack(number, after: error)
      throw error
    }
  }

  /// One more fid for the same file.
  func copy(_ fid: NinePFid) throws(SystemError) -> NinePFid {
    let exchange = try take()
    defer { release(exchange) }
    let number = try makeFid()
    var request = request(.walk, exchange)
    request.add(fid.number)
    request.add(number)
    request.add(UInt16(0))
    do {
      var reply = try answer(request, .walk, exchange)
      try fields { () throws(ProtocolError) in
        guard try reply.integer(UInt16.self) == 0 else { throw .truncated }
      }
      return NinePFid(number, of: self)
    } catch {
      takeBack(number, after: error)
      throw error
    }
  }

  // MARK: Files

  /// Opens the file of `fid` itself, which walks no more after. `flags` are Linux's.
  func open(_ fid: NinePFid, flags: UInt32) throws(SystemError) {
    let exchange = try take()
    defer { release(exchange) }
    var request = request(.open, exchange)
    request.add(fid.number)
    request.add(flags)
    _ = try answer(request, .open, exchange)
  }

  /// Makes a regular file in the directory `fid`, which from then on is the file, opened.
  func create(
    _ name: RawSpan, in fid: NinePFid, flags: UInt32, mode: UInt32, group: UInt32
  ) throws(SystemError) -> QID {
    let exchange = try take()
    defer { release(exchange) }
    var request = request(.create, exchange)
    request.add(fid.number)
    request.add(name)
    request.add(flags)
    request.add(mode)
    request.add(group)
    var reply = try answer(request, .create, exchange)
    return try fields { () throws(ProtocolError) in try reply.identity() }
  }

  /// Reads up to `count` bytes into the exchange's data; returns how many came.
  func read(
    _ fid: NinePFid, at offset: Int64, count: Int, with exchange: NinePExchange,
    _ patience: NinePPatience = .blocks
  ) throws(SystemError) -> Int {
    var request = request(.read, exchange)
    request.add(fid.number)
    request.add(UInt64(bitPattern: offset))
    request.add(UInt32(count))
    var reply = try answer(request, .read, exchange, receiving: count, patience)
    let came = try fields { () throws(ProtocolError) in Int(try reply.integer(UInt32.self)) }
    guard came <= count, came <= exchange.receivedByteCount else { throw .inputOutput }
    return came
  }

  /// Writes the first `count` bytes of the exchange's data; returns how many the server took.
  func write(
    _ fid: NinePFid, at offset: Int64, count: Int, with exchange: NinePExchange
  ) throws(SystemError) -> Int {
    var request = request(.write, exchange)
    request.add(fid.number)
    request.add(UInt64(bitPattern: offset))
    request.add(UInt32(count))
    var reply = try answer(request, .write, exchange, sending: count)
    let taken = try fields { () throws(ProtocolError) in Int(try reply.integer(UInt32.self)) }
    guard taken <= count else { throw .inputOutput }
    return taken
  }

  /// Asks for what was written to reach the host's disk; only its contents if `contentsOnly`.
  func synchronize(_ fid: NinePFid, contentsOnly: Bool) throws(SystemError) {
    let exchange = try take()
    defer { release(exchange) }
    var request = request(.synchronize, exchange)
    request.add(fid.number)
    request.add(UInt32(contentsOnly ? 1 : 0))
    _ = try answer(request, .synchronize, exchange)
  }
}

extension NinePClient: NinePExchangeObserver {
  /// The server has forgotten a fid: its number is free. What it answered does not matter.
  func exchangeDidFinish(_ exchange: NinePExchange) {
    freeFids.append(exchange.note)
  }
}
