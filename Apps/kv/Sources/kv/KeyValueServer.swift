// SPDX-License-Identifier: BSD-3-Clause

import KVCore
import Martlet

/// A store for clients of memcached's text protocol: over UDP in poll mode, and over TCP with a
/// thread for each connection.
@main
struct KeyValueServer {
  static let port: UInt16 = 11211
  static let memory = 24 << 20

  static func main() throws(NetworkError) {
    let store = ItemStore(
      byteCount: memory, seed: UInt64.random(in: 0...UInt64.max), now: seconds())
    let listener = try TCPListener(port: port)
    guard let service = makeService(store) else {
      // As an ordinary process.
      Console.errors.write("kv: there are no datagrams here, only connections\n")
      accept(listener, store)
    }
    let parcel = Parcel(listener)
    Thread.start {
      if let listener = parcel.take() { accept(listener, store) }
    }
    Console.output.write("serving on port 11211\n")
    service.run()
  }

  private static func makeService(_ store: ItemStore) -> DatagramService? {
    let clock = SecondClock()
    return try? DatagramService(
      port: port, headByteCount: DatagramFrame.byteCount,
      payloadLimit: DatagramFrame.byteCount + DatagramFrame.payloadLimit
    ) { request, reply in answer(request, store, clock, &reply) }
  }

  /// Seconds since 1970.
  static func seconds() -> UInt32 {
    UInt32(clamping: Time.wallTime() / 1_000_000_000)
  }

  // MARK: Datagrams

  @inline(__always)
  private static func answer(
    _ request: RawSpan, _ store: ItemStore, _ clock: SecondClock, _ reply: inout ReplyDatagrams
  ) {
    guard let frame = DatagramFrame(parsing: request) else { return }
    Session.serve(datagram: request, frame, store, now: clock.seconds(at: reply.now), to: &reply)
    let count = UInt16(clamping: reply.count)
    reply.setHeads { index, bytes in
      DatagramFrame(
        request: frame.request, sequence: UInt16(truncatingIfNeeded: index), count: count
      ).store(in: &bytes)
    }
  }

  // MARK: Connections

  private static func accept(_ listener: borrowing TCPListener, _ store: ItemStore) -> Never {
    while true {
      guard let connection = try? listener.accept() else { continue }
      Thread.start(with: connection) { serve($0, store) }
    }
  }

  private static func serve(_ connection: consuming TCPConnection, _ store: ItemStore) {
    store.statistics.openConnections += 1
    store.statistics.totalConnections += 1
    defer { store.statistics.openConnections -= 1 }
    do throws(NetworkError) {
      try converse(&connection, store)
    } catch {
      // The client has gone; so does the connection.
    }
  }

  private static func converse(
    _ connection: inout TCPConnection, _ store: ItemStore
  ) throws(NetworkError) {
    var session = Session(store)
    var replies = ConnectionBuffer(byteCount: 16 << 10)
    var input = InputBuffer(byteCount: 8 << 10)
    while try input.read(from: &connection) {
      var isServing = true
      while isServing {
        switch input.advance(&session, now: seconds(), to: &replies) {
        case .needsOutput: try replies.flush(to: &connection)
        case .needsInput: isServing = false
        case .isOver:
          try replies.flush(to: &connection)
          return
        }
      }
      try replies.flush(to: &connection)
    }
  }
}

/// Carries what cannot be copied into a thread.
final class Parcel<Value: ~Copyable> {
  private var value: Value?

  init(_ value: consuming Value) {
    self.value = consume value
  }

  func take() -> Value? { value.take() }
}
