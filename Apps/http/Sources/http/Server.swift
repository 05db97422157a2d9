// SPDX-License-Identifier: BSD-3-Clause

import HTTPServer
import Martlet

/// Serves a site to many connections in one thread.
final class Server {
  private let limits: ServerLimits
  private let site: Site
  private let list = ReadyList()
  private let budget: BufferBudget
  private let outbox = Outbox()
  private var listener: TCPListener?
  /// Each under its token less one; nil where there is room.
  private var clients: [Client?] = []
  private var freeIndices: [Int] = []
  private var now = Time.now()
  /// The time of day, in seconds since 1970.
  private var second = 0
  /// When the deadlines are looked at next, and how often.
  private var nextSweep = Instant.start
  private static let sweepTime = Nanoseconds.milliseconds(500)
  /// When a server that ends gives up those who are not done; `never` while it does not end.
  private var endsBy = Instant.never

  private static let bufferByteCount = 16 << 10
  private static let listenerToken = 0

  /// - Throws: `addressInUse`, `noNetwork`, `noMemory`.
  init(port: UInt16, limits: ServerLimits, site: Site) throws(NetworkError) {
    self.limits = limits
    self.site = site
    budget = BufferBudget(limit: limits.bufferedByteCount)
    listener = try TCPListener(port: port)
    listener?.announce(on: list, as: Self.listenerToken)
  }

  /// Serves until the site wants the server to end, and those who were being served are.
  func run() {
    var buffer = [UInt8](repeating: 0, count: Self.bufferByteCount)
    while endsBy == .never || (site.counters.open > 0 && now < endsBy) {
      let token = list.next(deadline: nextSweep)
      now = Time.now()
      second = Int(Time.wallTime() / 1_000_000_000)
      if let token {
        if token == Self.listenerToken {
          acceptAll(&buffer)
        } else if token <= clients.count, let client = clients[token - 1] {
          serve(client, at: token - 1, &buffer)
        }
      }
      if now >= nextSweep { sweep(&buffer) }
      if site.wantsEnd, endsBy == .never { beginEnd() }
    }
  }

  // MARK: Clients

  @_optimize(speed)
  private func serve(_ client: Client, at index: Int, _ buffer: inout [UInt8]) {
    do throws(NetworkError) {
      let before = client.session.requestCount
      let goesOn = try client.serve(site, second: second, &buffer, outbox)
      site.counters.requests += client.session.requestCount - before
      if goesOn {
        client.updateDeadline(now: now, limits)
      } else {
        remove(at: index)
      }
    } catch {
      // The client has gone, and so does the connection.
      remove(at: index)
    }
  }

  private func acceptAll(_ buffer: inout [UInt8]) {
    while site.counters.open < limits.connectionCount || removeIdle() {
      guard let connection = listener?.acceptIfReady() else { return }
      let index: Int
      if let free = freeIndices.popLast() {
        index = free
      } else {
        index = clients.count
        clients.append(nil)
      }
      connection.announce(on: list, as: index + 1)
      let client = Client(connection, Session(limits: limits.request, budget: budget))
      clients[index] = client
      site.counters.open += 1
      site.counters.accepted += 1
      client.updateDeadline(now: now, limits)
    }
  }

  private func remove(at index: Int) {
    clients[index] = nil
    freeIndices.append(index)
    site.counters.open -= 1
  }

  /// Makes room for another: closes the connection that has been idle for longest. False when all
  /// are busy.
  private func removeIdle() -> Bool {
    var oldest: Int?
    var deadline = Instant.never
    for index in clients.indices {
      if let client = clients[index], client.isIdle, client.deadline < deadline {
        oldest = index
        deadline = client.deadline
      }
    }
    guard let oldest else { return false }
    remove(at: oldest)
    return true
  }

  // MARK: Time

  private func sweep(_ buffer: inout [UInt8]) {
    nextSweep = now + Self.sweepTime
    for index in clients.indices {
      guard let client = clients[index], client.deadline <= now else { continue }
      let goesOn = (try? client.expire(second: second, outbox)) ?? false
      if goesOn { serve(client, at: index, &buffer) } else { remove(at: index) }
    }
    // Those for whom there was no room before.
    acceptAll(&buffer)
  }

  /// Takes no more connections, lets the requests under way end, and closes those that are idle.
  private func beginEnd() {
    endsBy = now + .milliseconds(Int64(limits.drainTime))
    listener = nil
    for index in clients.indices {
      guard let client = clients[index] else { continue }
      client.session.endsSoon = true
      if client.isIdle { remove(at: index) }
    }
  }
}
