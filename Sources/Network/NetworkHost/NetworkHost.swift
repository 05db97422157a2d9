// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Clock
import DHCP
import Internet
import IPv4
import Log
import Machine
import NDP
import Neighbors
import NetworkStack
import Packets
import Random
import ResolverConfiguration
import Scheduling
import TCP
import TimerWheel

/// The network of this machine: the stack, TCP and the card, driven by interrupts and the clock.
///
/// Kernel code is not preempted, so nothing here is locked. Calls from above are between `enter`
/// and `leave`; observers are told from inside of rounds and of such calls.
public final class NetworkHost {
  private static let made = KernelGlobal<NetworkHost?>(nil)
  /// Makes the host; set by the image. It returns nil when it cannot.
  public static let maker = KernelGlobal<(any NetworkHostMaker)?>(nil)

  /// The one host, if it is there already.
  public static var existing: NetworkHost? { made.value }

  /// The one host, which is made and started when it is first needed: a program that has no
  /// business with the network pays nothing for it. Nil without memory for it.
  public static var shared: NetworkHost? {
    if let host = made.value { return host }
    guard let maker = maker.value, let host = maker.makeNetworkHost() else { return nil }
    made.value = host
    host.start()
    host.awaitConfiguration()
    return host
  }

  public let stack: NetworkStack
  public let tcp: TCP
  public let card: (any NetworkCard)?
  /// Who the host is, and whom it asks for names.
  public private(set) var resolver = ResolverConfiguration()
  /// Woken when an address or the resolver's configuration changes.
  public let changes = WaitQueue()

  /// Woken when packets have come and when time has changed something.
  private let rounds = WaitQueue()

  private let alarm = HostAlarm()
  private var alarmAt = Instant.never
  private let settings: NetworkSettings
  private var lease: DHCPLease?

  /// The card does not interrupt, but is asked when the program asks for events or waits; and
  /// whether anything came since the alarm went off last.
  private var isPolling = false
  private var hasPolled = false
  /// Whether anything came since `poll` looked last.
  private var hasServed = false
  /// How long it is not asked at most. Each alarm costs as much as some packets.
  private static let pollTime = Nanoseconds.milliseconds(4)

  /// Frames wait for company until they are this part of the events that the program serves: the
  /// more there are to serve, the less do their senders notice. Few are not held, so that the device
  /// works on the one while the program works on the next.
  private static let batchParts = 4
  /// How long they wait at most when the card is not polled.
  private static let holdTime = Nanoseconds.milliseconds(1)

  /// Makes the host. Nil without memory for its first buffers.
  ///
  /// - Parameters:
  ///   - pool: buffers of a frame each; the card has it too.
  ///   - largeBufferLimit: how many buffers of 64 KiB there may be for loopback and reassembly.
  public init?(
    card: (any NetworkCard)?, pool: PacketPool, largeBufferLimit: Int, settings: NetworkSettings
  ) {
    let now = Clock.now()
    guard
      let stack = NetworkStack(
        interface: card, pool: pool, largeBufferLimit: largeBufferLimit, now: now,
        random: { RandomSource.next() })
    else { return nil }
    self.stack = stack
    self.card = card
    self.settings = settings
    var configuration = TCPConfiguration()
    // A quarter of all buffers may hold data that nobody reads.
    configuration.receiveMemory = max(256 << 10, pool.limit / 4 * pool.byteCount)
    configuration.reservedBuffers = min(configuration.reservedBuffers, pool.limit / 8)
    // Each takes an eighth of a buffer; a small machine must not fill up with them.
    configuration.timeWaitLimit = min(configuration.timeWaitLimit, pool.limit)
    tcp = TCP(
      pool: pool, sink: TCPLink(stack), secrets: TCPSecrets { RandomSource.next() },
      configuration: configuration, now: now)
    stack.tcp = tcp
    alarm.host = self
    EventBatch.observe(self)
  }

  /// Takes addresses, or asks for them.
  private func start() {
    let now = enter()
    if !settings.hostname.isEmpty { _ = resolver.set(hostname: settings.hostname) }
    for server in settings.nameServers { resolver.add(nameServer: server) }
    if card != nil {
      for address in settings.addresses4 { _ = stack.add(address, now: now) }
      for gateway in settings.gateways {
        if let router = gateway.ipv4 {
          _ = stack.add(IPv4Routes.Route(IPv4Prefix(.any, length: 0), via: router))
        }
      }
      if settings.wantsDHCP {
        stack.startDHCP(hostname: settings.hostname, observer: self, now: now)
      }
      stack.addressObserver = self
      stack.startIPv6(now: now)
      for address in settings.addresses6 { stack.add(address, now: now) }
      for gateway in settings.gateways {
        if let router = gateway.ipv6 { stack.add(router: router) }
      }
    }
    leave(now)
  }

  /// Whether there is an address to talk to others with, or none is to come.
  public var isConfigured: Bool {
    card == nil || !settings.wantsDHCP || lease != nil
  }

  /// How long the first user waits for an address.
  private static let patience = Nanoseconds(seconds: 4)

  /// Waits until there is an address, but not for ever.
  private func awaitConfiguration() {
    guard !isConfigured else { return }
    let deadline = Clock.now() + Self.patience
    while !isConfigured {
      if changes.wait(until: deadline, interruptible: false) == .timedOut {
        Log.write(.warning, "network", "no DHCP server answers; going on without an address")
        return
      }
    }
  }

  // MARK: Calls from above

  /// Begins a call from above. Returns what time it is.
  @inline(__always)
  public func enter() -> Instant {
    let now = Clock.now()
    stack.enter(at: now)
    return now
  }

  /// Ends a call from above: what was sent goes on its way, now or with what the program sends
  /// next.
  @_optimize(speed)
  public func leave(_ now: Instant) {
    if stack.hasLoopback {
      stack.flush(now: now, showsCard: false)
      arm(at: stack.nextDeadline)
    }
    if let card, card.heldCount > 0 {
      if card.heldCount >= EventBatch.count / Self.batchParts {
        card.flush()
      } else if !isPolling {
        // Otherwise the alarm for polling shows them.
        arm(at: now + Self.holdTime)
      }
    }
    // What calls from above can bring nearer. One that is too early finds nothing to do.
    arm(at: min(tcp.deadlineBound, stack.neighbors.nextDeadline))
  }

  /// Shows the card what it has not been shown.
  private func showHeld() {
    guard let card, card.heldCount > 0 else { return }
    card.flush()
  }

  // MARK: The end

  /// How long the card is given to send what it has before it is asked again.
  private static let sendingTime = Nanoseconds.microseconds(100)

  /// Closes every listener and connection, and waits until the other sides have all that was
  /// written, or `deadline` has come.
  public func finish(by deadline: Instant) {
    let now = enter()
    tcp.closeAll(now: now)
    leave(now)
    while true {
      let now = Clock.now()
      let isSending = card.map { $0.heldCount + $0.sendingCount > 0 } ?? false
      guard now < deadline, isSending || tcp.isDelivering else { return }
      // The card does not tell when it has sent something, the other side does.
      let next = isSending ? min(deadline, now + Self.sendingTime) : deadline
      _ = rounds.wait(until: next, interruptible: false)
    }
  }

  // MARK: Time

  @inline(__always)
  private func arm(at deadline: Instant) {
    guard deadline < alarmAt else { return }
    alarmAt = deadline
    Scheduler.arm(alarm, at: deadline)
  }

  fileprivate func alarmWentOff(at now: Instant) {
    alarmAt = .never
    showHeld()
    if isPolling {
      // Whoever computes and asks for nothing gets packets by interrupts again.
      if hasPolled { hasPolled = false } else { stopPolling() }
      serveCard()
    }
    // Also when nothing is due: it brings `deadlineBound` up to date.
    stack.advance(to: now)
    // Never at once again: others want the processor too.
    let next = stack.nextDeadline
    if next != .never { arm(at: max(next, now + .microseconds(50))) }
    if isPolling { arm(at: now + Self.pollTime) }
    if !rounds.isEmpty { rounds.wakeAll() }
  }

  // MARK: Rounds

  /// Lets all packets that have come go up.
  private func serveCard() {
    guard let card else { return }
    var rest = PacketQueue()
    guard var packet = card.receive(rest: &rest) else { return }
    hasPolled = true
    hasServed = true
    let now = Clock.now()
    let interceptor = stack.interceptor
    var count = 1
    while true {
      if !rest.isEmpty || !stack.intercepts(packet, by: interceptor, now: now) {
        stack.receive(packet, rest: rest.take(), now: now)
      }
      if count & 63 == 0 { card.flush() }
      guard let next = card.receive(rest: &rest) else { break }
      packet = next
      count &+= 1
    }
    stack.flush(now: now)
    arm(at: stack.nextDeadline)
    if !rounds.isEmpty { rounds.wakeAll() }
  }

  /// Lets packets go up that have come, for who looks for them all the time instead of waiting for
  /// interrupts. Returns whether there were any.
  public func poll() -> Bool {
    if card == nil { return false }
    if !isPolling { handleInterrupt() } else { serveCard() }
    defer { hasServed = false }
    return hasServed
  }

  /// Waits until packets have come by an interrupt, or time has changed something.
  public func waitForPackets() {
    _ = rounds.wait(interruptible: false)
  }

  /// Interrupts are asked for again.
  private func stopPolling() {
    guard isPolling, let card else { return }
    isPolling = false
    // What came meanwhile comes without an interrupt.
    while card.endPolling() { serveCard() }
  }
}

extension NetworkHost: InterruptHandler {
  /// The card has packets. From now on it is asked, and does not interrupt, until nothing comes.
  public func handleInterrupt() {
    guard let card else { return }
    card.beginPolling()
    isPolling = true
    serveCard()
    arm(at: Clock.now() + Self.pollTime)
  }
}

extension NetworkHost: EventBatchObserver {
  public func batchDidEnd() {
    showHeld()
    if isPolling { serveCard() }
  }

  public func processorWillPause() {
    showHeld()
    guard isPolling else { return }
    serveCard()
    stopPolling()
  }
}

extension NetworkHost: LeaseObserver, AddressObserver {
  public func leaseChanged(_ lease: DHCPLease?) {
    self.lease = lease
    resolve()
  }

  public func addressesChanged() {
    resolve()
  }

  /// Works out anew whom to ask for names.
  private func resolve() {
    var resolver = ResolverConfiguration()
    if !settings.hostname.isEmpty { _ = resolver.set(hostname: settings.hostname) }
    for server in settings.nameServers { resolver.add(nameServer: server) }
    if let lease {
      for server in lease.nameServers { resolver.add(nameServer: IPAddress(server)) }
      resolver.add(domain: lease.domain)
      resolver.add(domainSearch: lease.domainSearch)
    }
    if let automatic = stack.autoConfiguration {
      for server in automatic.nameServers { resolver.add(nameServer: IPAddress(server.address)) }
      resolver.add(domainSearch: automatic.domainSearch)
    }
    self.resolver = resolver
    changes.wakeAll()
  }
}

/// Makes the network of this machine.
public protocol NetworkHostMaker: AnyObject {
  func makeNetworkHost() -> NetworkHost?
}

/// The one timer of the kernel for all of the stack.
private final class HostAlarm: TimerEntry {
  var host: NetworkHost?

  override func fire(at now: Instant) {
    host?.alarmWentOff(at: now)
  }
}
