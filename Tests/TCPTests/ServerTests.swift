// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Testing

@testable import TCP

/// A server as nginx is one, and clients that ask it again and again.
@Suite struct ServerTests {
  /// Many at a time, a connection for each request, the server closes; ports come again while the
  /// server still has them in TIME-WAIT.
  @Test(arguments: [(0, true), (0, false), (1, true)])
  func noRequestStalls(_ lossPercent: Int, _ offersTimestamps: Bool) throws {
    var conditions = LinkConditions()
    conditions.delay = .microseconds(200)
    conditions.lossPercent = lossPercent
    var configuration = TCPConfiguration()
    configuration.ephemeralPorts = 40_000...40_799
    configuration.offersTimestamps = offersTimestamps
    let network = SimulatedNetwork(conditions, clientConfiguration: configuration)
    let listener = try network.listen(backlog: 128)
    let server = Server(listener, network)
    let load = Load(network, requests: 3000, concurrency: 200)
    load.start()
    let begin = network.now
    let isDone = network.run(for: Nanoseconds(seconds: 600)) { load.done + load.failed == 3000 }
    #expect(isDone, "\(load.done) of 3000 after \((network.now - begin).count / 1_000_000) ms")
    #expect(load.failed == 0)
    #expect(server.served == 3000)
    if lossPercent == 0 {
      #expect(network.client.tcp.counters.retransmitted == 0)
      #expect(network.server.tcp.counters.retransmitted == 0)
      #expect(load.slowest < .milliseconds(200), "nobody waited for a timer")
    }
    network.run(for: Nanoseconds(seconds: 100))
    #expect(network.server.tcp.connectionCount == 0)
    #expect(network.client.tcp.connectionCount == 0)
    #expect(network.server.pool.freeCount == network.server.pool.bufferCount)
    #expect(network.client.pool.freeCount == network.client.pool.bufferCount)
  }
}

/// Accepts, reads a request of 100 bytes, writes 5000 and closes.
private final class Server: TCPObserver {
  private let listener: Listener
  private unowned let network: SimulatedNetwork
  var served = 0

  init(_ listener: Listener, _ network: SimulatedNetwork) {
    self.listener = listener
    self.network = network
    listener.observer = self
  }

  func changed(_ events: TCPEvents) {
    while let connection = listener.accept() {
      let session = Session(connection, self, network)
      connection.observer = session
      session.changed(.readable)
    }
  }

  private final class Session: TCPObserver {
    private let connection: Connection
    private let server: Server
    private unowned let network: SimulatedNetwork
    private var received = 0

    init(_ connection: Connection, _ server: Server, _ network: SimulatedNetwork) {
      self.connection = connection
      self.server = server
      self.network = network
    }

    func changed(_ events: TCPEvents) {
      let now = network.now
      guard let bytes = try? connection.read(now: now) else {
        connection.close(now: now)
        return
      }
      received += bytes.count
      guard received == 100 else { return }
      server.served += 1
      _ = try? connection.send(Script.data(5000), now: now)
      connection.close(now: now)
    }
  }
}

/// So many clients at a time until all requests are done.
private final class Load {
  let network: SimulatedNetwork
  private var left: Int
  private let concurrency: Int
  var done = 0
  var failed = 0
  var slowest = Nanoseconds.zero

  init(_ network: SimulatedNetwork, requests: Int, concurrency: Int) {
    self.network = network
    self.concurrency = concurrency
    left = requests
  }

  func start() { for _ in 0..<concurrency { next() } }

  func next() {
    guard left > 0 else { return }
    left -= 1
    do {
      let connection = try network.connect()
      connection.observer = Client(connection, self, network.now)
    } catch {
      failed += 1
    }
  }

  private final class Client: TCPObserver {
    private let connection: Connection
    private let load: Load
    private let begin: Instant
    private var received = 0
    private var hasAsked = false

    init(_ connection: Connection, _ load: Load, _ begin: Instant) {
      self.connection = connection
      self.load = load
      self.begin = begin
    }

    func changed(_ events: TCPEvents) {
      let now = load.network.now
      do {
        if !hasAsked {
          hasAsked = try connection.send(Script.data(100), now: now) == 100
          return
        }
        while let bytes = try connection.read(now: now) {
          if bytes.isEmpty { return }
          received += bytes.count
        }
        if received == 5000 { load.done += 1 } else { load.failed += 1 }
      } catch {
        load.failed += 1
      }
      load.slowest = max(load.slowest, now - begin)
      connection.close(now: now)
      load.next()
    }
  }
}
