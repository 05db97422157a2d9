// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes

/// A station that has an address of one of the two networks (RFC 826).
struct Neighbor: BitwiseCopyable {
  enum State: UInt8, BitwiseCopyable {
    case unused, asked, known
  }

  var address: UInt32 = 0
  var side = Side.inside
  var state = State.unused
  /// How often it was asked for since it was last heard.
  var tries: UInt8 = 0
  var station = MACAddress.zero
  var confirmed = Instant.start
  /// When it is asked for again.
  var nextTry = Instant.never
}

/// Known neighbours and those that are asked for: a fixed number.
final class NeighborTable {
  static var capacity: Int { 512 }
  /// After this long it is asked again, while what is known is used (RFC 1122 section 2.3.2.1).
  static let fresh = Nanoseconds(seconds: 60)
  /// After this long nothing is known.
  static let lifetime = Nanoseconds(seconds: 120)
  /// Between two questions (RFC 1122 section 2.3.2.1: at most one a second).
  static let interval = Nanoseconds(seconds: 1)
  static var tryLimit: UInt8 { 3 }

  let records = PermanentTable<Neighbor>(count: capacity) { _ in Neighbor() }
  private let chains: HashChains
  private var clock = 0
  /// How many are asked for.
  private(set) var askedCount = 0

  init(seed: UInt64) {
    chains = HashChains(recordCount: Self.capacity, seed: seed &* 7)
  }

  func find(_ address: UInt32, on side: Side) -> Int32 {
    var index = chains.first(in: slot(address, side))
    while index >= 0 {
      let neighbor = records[Int(index)]
      if neighbor.address == address, neighbor.side == side { break }
      index = chains.next(after: index)
    }
    return index
  }

  /// Adds a neighbour that is not there, in the place of one that is known if need be: it can be
  /// asked for again. Negative when all places are asked for.
  func insert(_ address: UInt32, on side: Side) -> Int32 {
    guard askedCount < Self.capacity / 2 else { return -1 }
    var index = clock
    while records[index].state == .asked { index = (index + 1) % Self.capacity }
    clock = (index + 1) % Self.capacity
    if records[index].state == .known { unlink(Int32(index)) }
    records[index] = Neighbor(address: address, side: side, state: .asked)
    chains.insert(Int32(index), in: slot(address, side))
    askedCount += 1
    return Int32(index)
  }

  /// Notes a station's answer.
  func confirm(_ index: Int32, _ station: MACAddress, at now: Instant) {
    if records[Int(index)].state == .asked { askedCount -= 1 }
    records[Int(index)].state = .known
    records[Int(index)].station = station
    records[Int(index)].confirmed = now
    records[Int(index)].tries = 0
    records[Int(index)].nextTry = now + Self.fresh
  }

  /// Goes back to asking: what is known has become too old.
  func doubt(_ index: Int32) {
    if records[Int(index)].state == .known { askedCount += 1 }
    records[Int(index)].state = .asked
    records[Int(index)].tries = 0
  }

  /// Forgets a neighbour.
  func remove(_ index: Int32) {
    if records[Int(index)].state == .asked { askedCount -= 1 }
    unlink(index)
    records[Int(index)] = Neighbor()
  }

  private func unlink(_ index: Int32) {
    let neighbor = records[Int(index)]
    chains.remove(index, from: slot(neighbor.address, neighbor.side))
  }

  private func slot(_ address: UInt32, _ side: Side) -> Int {
    chains.slot(UInt64(address), UInt64(side.rawValue))
  }
}
