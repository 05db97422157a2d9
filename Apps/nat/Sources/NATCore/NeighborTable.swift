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
  var next: Int32 = -1
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
  private let heads: HashHeads
  private var clock = 0
  /// How many are asked for.
  private(set) var askedCount = 0

  init(seed: UInt64) {
    heads = HashHeads(recordCount: Self.capacity, seed: seed &* 7)
  }

  func find(_ address: UInt32, on side: Side) -> Int32 {
    var index = heads[heads.slot(UInt64(address), UInt64(side.rawValue))]
    while index >= 0 {
      let neighbor = records[Int(index)]
      if neighbor.address == address, neighbor.side == side { break }
      index = neighbor.next
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
    let slot = heads.slot(UInt64(address), UInt64(side.rawValue))
    var neighbor = Neighbor(address: address, side: side, state: .asked)
    neighbor.next = heads[slot]
    records[index] = neighbor
    heads[slot] = Int32(index)
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
    let slot = heads.slot(UInt64(neighbor.address), UInt64(neighbor.side.rawValue))
    if heads[slot] == index {
      heads[slot] = neighbor.next
      return
    }
    var before = heads[slot]
    while records[Int(before)].next != index { before = records[Int(before)].next }
    records[Int(before)].next = neighbor.next
  }
}
