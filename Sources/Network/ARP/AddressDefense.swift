// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base

/// Claims an address and keeps it (RFC 5227).
///
/// With `isOptimistic` the address is used from the start and only announced, as Linux does: a
/// server should not wait six seconds. Without, it is probed for first.
public struct AddressDefense {
  public enum Step: Equatable, Sendable {
    case none
    /// Send `ARPMessage.probe`.
    case probe
    /// Send `ARPMessage.announcement`. The address may be used from the first one on.
    case announce
    /// Somebody else has the address: stop using it.
    case lost
  }

  private enum State {
    case probing(sent: Int)
    case announcing(sent: Int)
    case held
    case lost
  }

  public let address: IPv4Address
  private let station: MACAddress
  private var state: State
  private var lastDefense: Instant?
  public private(set) var nextDeadline: Instant

  // RFC 5227 section 1.1.
  static var probeCount: Int { 3 }
  static var probeInterval: Nanoseconds { Nanoseconds(seconds: 1) }
  static var announceWait: Nanoseconds { Nanoseconds(seconds: 2) }
  static var announceCount: Int { 2 }
  static var defendInterval: Nanoseconds { Nanoseconds(seconds: 10) }

  public init(
    _ address: IPv4Address, station: MACAddress, isOptimistic: Bool, random: UInt64, now: Instant
  ) {
    self.address = address
    self.station = station
    state = isOptimistic ? .announcing(sent: 0) : .probing(sent: 0)
    nextDeadline = isOptimistic ? now : now + Nanoseconds(Int64(random % 1_000_000_000))
  }

  /// Whether packets may carry the address.
  public var isUsable: Bool {
    switch state {
    case .announcing, .held: true
    case .probing, .lost: false
    }
  }

  /// Whether a rival has it now.
  public var isLost: Bool {
    if case .lost = state { return true }
    return false
  }

  /// Says what is to be sent now; to be called at `nextDeadline`.
  public mutating func advance(to now: Instant, random: UInt64) -> Step {
    guard now >= nextDeadline else { return .none }
    switch state {
    case .probing(let sent) where sent < Self.probeCount:
      state = .probing(sent: sent + 1)
      let wait =
        sent + 1 == Self.probeCount
        ? Self.announceWait
        : Nanoseconds(Self.probeInterval.count + Int64(random % 1_000_000_000))
      nextDeadline = now + wait
      return .probe
    case .probing:
      state = .announcing(sent: 1)
      nextDeadline = now + Self.announceWait
      return .announce
    case .announcing(let sent):
      state = sent + 1 >= Self.announceCount ? .held : .announcing(sent: sent + 1)
      nextDeadline = sent + 1 >= Self.announceCount ? .never : now + Self.announceWait
      return .announce
    case .held, .lost:
      nextDeadline = .never
      return .none
    }
  }

  /// Looks at a message that was received (RFC 5227 sections 2.1.1 and 2.4 (b)).
  public mutating func receive(_ message: ARPMessage, now: Instant) -> Step {
    guard message.senderStation != station else { return .none }
    switch state {
    case .probing:
      let isRival =
        message.sender == .any && message.target == address
        && message.operation == .request
      guard message.sender == address || isRival else { return .none }
      return lose()
    case .announcing, .held:
      guard message.sender == address else { return .none }
      if let last = lastDefense, now - last < Self.defendInterval { return lose() }
      lastDefense = now
      return .announce
    case .lost:
      return .none
    }
  }

  private mutating func lose() -> Step {
    state = .lost
    nextDeadline = .never
    return .lost
  }
}
