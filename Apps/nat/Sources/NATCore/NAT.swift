// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes

/// A network address translator with a firewall between two Ethernets.
///
/// It takes frames and a time and says what is to be sent; it has no device and no clock. Nothing
/// is allocated after it is made.
///
/// Mapping is endpoint-independent, filtering is by address and port: RFC 4787 (UDP), RFC 5382
/// (TCP), RFC 5508 (ICMP). README.md says what is and is not done of them.
public final class NAT {
  /// Its own place in one of the networks.
  struct Interface {
    let prefix: IPv4Prefix
    let station: MACAddress

    @inline(__always)
    var address: UInt32 { prefix.address.rawValue }

    /// Whether a host there may have the address.
    @inline(__always)
    func mayHave(_ host: UInt32) -> Bool {
      prefix.contains(IPv4Address(host)) && host != address
        && (((host & ~prefix.mask.rawValue) &+ 1) & ~prefix.mask.rawValue) > 1
    }
  }

  let inside: Interface
  let outside: Interface
  let gateway: UInt32?
  let sessions: SessionTable
  let mappings: MappingTable
  let neighbors: NeighborTable
  let store = FrameStore()
  let firewall: Firewall
  var fragments = FragmentTable()
  var errorTokens: Int64 = 50
  var errorTokensAt = Instant.start
  private var sweepAt = Instant.start
  /// What has happened.
  public internal(set) var counters = Counters()
  let drops = PermanentTable<UInt64>(count: DropReason.allCases.count) { _ in 0 }

  /// - Parameters:
  ///   - settings: what a rule file says; `RuleParser` has checked it.
  ///   - inside: the hardware address of the port on the inside.
  ///   - outside: that on the outside.
  ///   - seed: a random number that nobody else knows.
  public init(_ settings: Settings, inside: MACAddress, outside: MACAddress, seed: UInt64) {
    self.inside = Interface(prefix: settings.inside, station: inside)
    self.outside = Interface(prefix: settings.outside, station: outside)
    gateway = settings.gateway?.rawValue
    let limit = max(1, min(settings.sessionLimit, Settings.largestSessionLimit))
    sessions = SessionTable(limit: limit, timeouts: settings.timeouts, seed: seed)
    mappings = MappingTable(limit: limit + settings.forwards.count, seed: seed)
    neighbors = NeighborTable(seed: seed)
    firewall = Firewall(settings.rules, fallback: settings.fallback)
    for forward in settings.forwards {
      _ = mappings.insert(
        Mapping(
          number: forward.transport.rawValue, isPermanent: true, port: forward.targetPort,
          host: forward.target.rawValue, outsidePort: forward.port))
    }
  }

  @inline(__always)
  func interface(_ side: Side) -> Interface { side == .inside ? inside : outside }

  /// Takes a frame that has come in, from its Ethernet header on.
  ///
  /// - Parameter frame: rewritten in place where the answer is `send`.
  public func receive(_ frame: inout MutableRawSpan, on side: Side, at now: Instant) -> Verdict {
    guard frame.byteCount >= Link.headerByteCount else { return drop(.malformed) }
    let target: UInt64 = frame.bytes.bigEndian(at: 0) >> 16
    let type: UInt16 = frame.bytes.bigEndian(at: 12)
    if type == 0x0800 {
      guard target == interface(side).station.rawValue else { return drop(.notForUs) }
      do throws(DropReason) {
        return try forward(&frame, from: side, at: now)
      } catch {
        drops[Int(error.rawValue)] &+= 1
        answer(error, to: frame.bytes, from: side, at: now)
        return .done
      }
    }
    if type == 0x0806 { return takeARP(&frame, from: side, at: now) }
    return drop(.notForUs)
  }

  @inline(__always)
  private func forward(
    _ frame: inout MutableRawSpan, from side: Side, at now: Instant
  ) throws(DropReason) -> Verdict {
    var flow = try Flow(parsing: frame.bytes)
    guard flow.end <= Link.largestFrame else { throw .tooBig }
    let verdict =
      side == .inside
      ? try outbound(&frame, &flow, at: now)
      : try inbound(&frame, flow, isHairpin: false, at: now)
    return verdict
  }

  func drop(_ reason: DropReason) -> Verdict {
    drops[Int(reason.rawValue)] &+= 1
    return .done
  }

  /// How many packets were dropped for a reason.
  public func dropCount(_ reason: DropReason) -> UInt64 { drops[Int(reason.rawValue)] }

  /// How many sessions there are.
  public var sessionCount: Int { sessions.count }
  /// How many ports are mapped, forwards among them.
  public var mappingCount: Int { mappings.count }
  /// How often rule `index` matched, and what its sessions carried; the fallback follows the last.
  public func ruleCounts(_ index: Int) -> RuleCounts { firewall.counts[index] }

  /// Whether frames wait to be taken.
  @inline(__always)
  public var hasOutput: Bool { store.readyCount > 0 }

  /// Copies the next frame to be sent to the front of `target`, which has room for 1514 bytes: an
  /// answer, a question for a neighbour, or a frame that was held.
  public func takeOutput(
    into target: inout MutableRawSpan
  ) -> (side: Side, byteCount: Int)? {
    store.takeReady(into: &target)
  }

  /// When `advance` has something to do next.
  public var nextEvent: Instant { sweepAt }

  /// Lets time pass: sessions end, neighbours are asked again. To be called once in a while; it
  /// looks at nothing before `nextEvent`.
  @inline(__always)
  public func advance(to now: Instant) {
    if now >= sweepAt { sweep(at: now) }
  }

  private func sweep(at now: Instant) {
    sweepAt = now + .milliseconds(500)
    while let index = sessions.expired(at: now) {
      end(index)
      counters.expired &+= 1
    }
    askAgain(at: now)
    for slot in 0..<FrameStore.capacity where store.isLateFragment(slot, at: now) {
      store.release(slot)
      _ = drop(.lostFragment)
    }
  }

  /// Ends a session, and its mapping with the last one.
  func end(_ index: Int32) {
    mappings.release(sessions.records[Int(index)].mapping)
    sessions.remove(index)
  }
}
