// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes

/// The client's side of RFC 2131: gets an address and keeps it.
///
/// It makes and takes payloads of UDP (port 68 to 67); `takeEvent` says what is to be done.
public final class DHCPClient {
  /// What the owner is to do.
  public enum Event {
    /// Send this to all stations, from 0.0.0.0 or the address of the lease.
    case broadcast([UInt8])
    /// Send this to the server, from the address of the lease.
    case unicast([UInt8], to: IPv4Address)
    /// Use what the lease says; it may differ from the last one.
    case bound(DHCPLease)
    /// Stop using the address.
    case lost
  }

  /// RFC 2131 figure 5.
  public enum State: Equatable, Sendable {
    case stopped, selecting, requesting, bound, renewing, rebinding
  }

  public static var serverPort: UInt16 { 67 }
  public static var clientPort: UInt16 { 68 }

  public private(set) var state = State.stopped
  public private(set) var lease: DHCPLease?
  public private(set) var nextDeadline = Instant.never

  private let station: MACAddress
  private let hostname: [UInt8]
  private let random: () -> UInt64
  private var transaction: UInt32 = 0
  private var begun = Instant.start
  private var lastSend = Instant.start
  private var tries = 0
  private var offered = IPv4Address.any
  private var offeringServer = IPv4Address.any
  private var events: [Event] = []

  /// - Parameters:
  ///   - hostname: told to the server; empty for none.
  ///   - random: transaction numbers that others cannot foretell.
  public init(station: MACAddress, hostname: [UInt8], random: @escaping () -> UInt64) {
    self.station = station
    self.hostname = hostname.count <= 255 ? hostname : []
    self.random = random
  }

  /// The next thing to do, in order, or nil.
  public func takeEvent() -> Event? {
    events.isEmpty ? nil : events.removeFirst()
  }

  /// Looks for a server.
  public func start(now: Instant) {
    guard state == .stopped else { return }
    discover(now: now)
  }

  /// Gives the lease back.
  public func stop(now: Instant) {
    if let lease, state == .bound || state == .renewing || state == .rebinding {
      var writer = writer(.release, address: lease.address.address, now: now)
      writer.option(DHCPOption.serverIdentifier, lease.server)
      events.append(.unicast(writer.finish(), to: lease.server))
    }
    drop()
    state = .stopped
    nextDeadline = .never
  }

  /// Says that another host has the address (RFC 2131 section 3.1.5).
  public func decline(now: Instant) {
    guard let lease else { return }
    var writer = writer(.decline, address: .any, now: now)
    writer.option(DHCPOption.requestedAddress, lease.address.address)
    writer.option(DHCPOption.serverIdentifier, lease.server)
    events.append(.broadcast(writer.finish()))
    drop()
    state = .selecting
    tries = 0
    begun = now
    // Ten seconds, so that a broken server does not keep us busy.
    nextDeadline = now + Nanoseconds(seconds: 10)
  }

  private func drop() {
    if lease != nil { events.append(.lost) }
    lease = nil
  }

  // MARK: - Time

  /// Does what is due.
  public func advance(to now: Instant) {
    guard now >= nextDeadline else { return }
    switch state {
    case .stopped: nextDeadline = .never
    case .selecting: sendDiscover(now: now)
    case .requesting:
      // Four requests without an answer: the offer is gone.
      if tries >= 4 { discover(now: now) } else { sendRequest(now: now) }
    case .bound, .renewing, .rebinding: keep(now: now)
    }
  }

  /// Renews, with the server first and with any later, until the time is over (section 4.4.5).
  private func keep(now: Instant) {
    guard let lease else { return discover(now: now) }
    if now >= lease.expiry {
      drop()
      discover(now: now)
      return
    }
    if state == .bound {
      begun = now
      newTransaction()
    }
    if now >= lease.rebinding {
      state = .rebinding
      events.append(.broadcast(renewal(lease, now: now)))
      nextDeadline = retry(until: lease.expiry, now: now)
    } else {
      state = .renewing
      events.append(.unicast(renewal(lease, now: now), to: lease.server))
      nextDeadline = retry(until: lease.rebinding, now: now)
    }
  }

  /// Half of what remains, at least a minute.
  private func retry(until end: Instant, now: Instant) -> Instant {
    let half = Nanoseconds(max((end - now).count / 2, 60_000_000_000))
    return min(end, now + half)
  }

  private func renewal(_ lease: DHCPLease, now: Instant) -> [UInt8] {
    lastSend = now
    var writer = writer(.request, address: lease.address.address, now: now)
    describe(&writer)
    return writer.finish()
  }

  private func discover(now: Instant) {
    state = .selecting
    begun = now
    tries = 0
    newTransaction()
    sendDiscover(now: now)
  }

  private func newTransaction() {
    transaction = UInt32(truncatingIfNeeded: random())
  }

  private func sendDiscover(now: Instant) {
    var writer = writer(.discover, address: .any, now: now)
    describe(&writer)
    events.append(.broadcast(writer.finish()))
    backOff(now: now)
  }

  private func sendRequest(now: Instant) {
    lastSend = now
    var writer = writer(.request, address: .any, now: now)
    writer.option(DHCPOption.requestedAddress, offered)
    writer.option(DHCPOption.serverIdentifier, offeringServer)
    describe(&writer)
    events.append(.broadcast(writer.finish()))
    backOff(now: now)
  }

  /// 4, 8, 16, 32, then 64 seconds, each varied by one (section 4.1).
  private func backOff(now: Instant) {
    let seconds = Int64(4) << Int64(min(tries, 4))
    tries += 1
    let variation = Int64(random() % 2_000_000_000) - 1_000_000_000
    nextDeadline = now + Nanoseconds(seconds: seconds, nanoseconds: variation)
  }

  private func writer(
    _ type: DHCPMessageType, address: IPv4Address, now: Instant
  ) -> DHCPWriter {
    let seconds = max(0, (now - begun).count / 1_000_000_000)
    return DHCPWriter(
      type, transaction: transaction, station: station, address: address,
      seconds: UInt16(truncatingIfNeeded: min(seconds, 65_535)),
      // Until it has an address, the stack takes only packets to all.
      wantsBroadcast: address == .any)
  }

  private func describe(_ writer: inout DHCPWriter) {
    var identifier: [UInt8] = [1]
    var shift: UInt64 = 48
    while shift > 0 {
      shift -= 8
      identifier.append(UInt8(truncatingIfNeeded: station.rawValue >> shift))
    }
    writer.option(DHCPOption.clientIdentifier, identifier)
    // 1500 bytes.
    writer.option(DHCPOption.maximumSize, [5, 0xdc])
    if !hostname.isEmpty { writer.option(DHCPOption.hostName, hostname) }
    writer.option(
      DHCPOption.parameterList,
      [
        DHCPOption.subnetMask, DHCPOption.classlessRoutes, DHCPOption.router,
        DHCPOption.nameServer, DHCPOption.hostName, DHCPOption.domainName,
        DHCPOption.interfaceMTU, DHCPOption.leaseTime, DHCPOption.renewalTime,
        DHCPOption.rebindingTime, DHCPOption.domainSearch,
      ])
  }

  // MARK: - Replies

  /// Takes the payload of a datagram to port 68.
  public func receive(_ payload: RawSpan, now: Instant) {
    guard state != .stopped, state != .bound,
      let reply = DHCPReply(parsing: payload, station: station),
      reply.transaction == transaction
    else { return }
    switch (state, reply.type) {
    case (.selecting, .offer):
      // The first offer that can be used. The request tells the other servers.
      guard tries > 0, DHCPLease(reply, requestedAt: now) != nil else { return }
      offered = reply.address
      offeringServer = reply.server
      state = .requesting
      tries = 0
      sendRequest(now: now)
    case (.requesting, .ack) where reply.server == offeringServer,
      (.renewing, .ack), (.rebinding, .ack):
      guard let lease = DHCPLease(reply, requestedAt: lastSend) else { return }
      self.lease = lease
      state = .bound
      tries = 0
      nextDeadline = lease.renewal
      events.append(.bound(lease))
    case (.requesting, .nak), (.renewing, .nak), (.rebinding, .nak):
      guard state != .requesting || reply.server == offeringServer else { return }
      drop()
      discover(now: now)
    default: break
    }
  }
}
