// SPDX-License-Identifier: BSD-3-Clause

import Bytes

/// Both ends of a session, as one side sees them, in two words.
struct FlowKey: Equatable, BitwiseCopyable {
  /// The host's address (inside), and that of the remote.
  let addresses: UInt64
  /// Protocol, the host's port, the remote's port.
  let ports: UInt64

  /// - Parameters:
  ///   - host: the inside address; 0 in the key of the outside, where it is always the same.
  ///   - port: of the host inside, or the port that it has on the outside.
  @inline(__always)
  init(_ number: UInt8, host: UInt32, port: UInt16, remote: UInt32, remotePort: UInt16) {
    addresses = UInt64(host) << 32 | UInt64(remote)
    ports = UInt64(number) << 32 | UInt64(port) << 16 | UInt64(remotePort)
  }

  @inline(__always)
  var host: UInt32 { UInt32(truncatingIfNeeded: addresses >> 32) }
  @inline(__always)
  var remote: UInt32 { UInt32(truncatingIfNeeded: addresses) }
  @inline(__always)
  var number: UInt8 { UInt8(truncatingIfNeeded: ports >> 32) }
  @inline(__always)
  var port: UInt16 { UInt16(truncatingIfNeeded: ports >> 16) }
  @inline(__always)
  var remotePort: UInt16 { UInt16(truncatingIfNeeded: ports) }

  @inline(__always)
  static func == (left: Self, right: Self) -> Bool {
    (left.addresses ^ right.addresses) | (left.ports ^ right.ports) == 0
  }
}

/// The heads of chains of records, found by a hash that only this machine knows: whoever chooses
/// addresses and ports cannot put many into one chain.
struct HashHeads {
  private let heads: PermanentTable<Int32>
  private let seed: UInt64
  private let shift: UInt64

  /// Twice as many chains as there may be records.
  init(recordCount: Int, seed: UInt64) {
    var bits = 4
    while 1 << bits < recordCount * 2 { bits += 1 }
    heads = PermanentTable(count: 1 << bits) { _ in -1 }
    self.seed = seed | 1
    shift = UInt64(64 - bits)
  }

  /// The chain of a key.
  @inline(__always)
  func slot(_ high: UInt64, _ low: UInt64) -> Int {
    var value = (high ^ seed) &* 0x9e37_79b9_7f4a_7c15
    value = (value ^ (value &>> 31) ^ low) &* (seed &* 2 &+ 0xd6e8_feb8_6659_fd93)
    value = (value ^ (value &>> 29)) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: value &>> shift)
  }

  /// The first record of a chain; negative when there is none.
  @inline(__always)
  subscript(slot: Int) -> Int32 {
    get { heads[slot] }
    nonmutating set { heads[slot] = newValue }
  }
}
