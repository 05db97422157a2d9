// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Foundation
import Packets
import Testing

/// A small repeatable source of random numbers (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: next() >> 24) }
  }

  mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

  /// Some bytes changed, cut, doubled or put in.
  mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...4, using: &self) {
      let at = Int.random(in: 0...bytes.count, using: &self)
      switch Int.random(in: 0..<6, using: &self) {
      case 0...2 where at < bytes.count:
        bytes[at] = [0, 1, 0xff, 0x7f, 0x80].randomElement(using: &self)!
      case 3 where at < bytes.count: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &self)
      case 4: bytes.removeSubrange(at...)
      default: bytes.insert(contentsOf: self.bytes(Int.random(in: 0...9, using: &self)), at: at)
      }
    }
    return bytes
  }
}

/// Runs `body` some hundred times, or for `MARTLET_FUZZ_SECONDS`, from one seed
/// (`MARTLET_FUZZ_SEED`), which it returns.
func fuzz(times: Int = 500, _ body: (inout SeededGenerator) throws -> Void) rethrows -> UInt64 {
  let environment = ProcessInfo.processInfo.environment
  let seconds = environment["MARTLET_FUZZ_SECONDS"].flatMap(Double.init)
  let seed =
    environment["MARTLET_FUZZ_SEED"].flatMap(UInt64.init)
    ?? (seconds == nil ? 1 : UInt64.random(in: 1...UInt64.max))
  let deadline = Date().addingTimeInterval(seconds ?? 0)
  // A trap tells nothing of it later.
  if seconds != nil { print("MARTLET_FUZZ_SEED=\(seed)") }
  var random = SeededGenerator(seed: seed)
  var count = 0
  while seconds == nil ? count < times : Date() < deadline {
    try body(&random)
    count += 1
  }
  return seed
}

/// One pool for all tests: its memory is never freed.
private let pool = KernelGlobal(PacketPool(bufferCount: 64, byteCount: 2048, limit: 4096)!)
var testPool: PacketPool { pool.value }

/// A packet with these bytes.
func packet(_ bytes: [UInt8], headroom: Int = Packet.headroom) -> Packet {
  var packet = testPool.allocate(headroom: headroom)!
  precondition(packet.append(bytes.count), "does not fit a test packet")
  packet.withMutableBytes { $0.copy(RawSpan(_elements: bytes.span)) }
  return packet
}

extension Packet {
  var array: [UInt8] { withBytes { $0.array } }
}

extension Frame {
  var array: [UInt8] {
    var result: [UInt8] = []
    forEachBytes { result += $0.array }
    return result
  }
}

extension RawSpan {
  var array: [UInt8] { (0..<byteCount).map { byte(at: $0) } }
}

/// Bytes from hexadecimal text with spaces.
func hex(_ text: String) -> [UInt8] {
  let digits = text.filter { !$0.isWhitespace }.map { UInt8($0.hexDigitValue!) }
  precondition(digits.count % 2 == 0, "odd number of digits")
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

func v4(_ text: String) -> IPv4Address {
  let bytes = Array(text.utf8)
  return IPv4Address(text: RawSpan(_elements: bytes.span))!
}

func v6(_ text: String) -> IPv6Address {
  let bytes = Array(text.utf8)
  return IPv6Address(text: RawSpan(_elements: bytes.span))!
}

/// `#expect` for conditions that name a packet: the macro can only take apart what can be copied.
func check(
  _ condition: Bool, _ note: Comment? = nil, at location: SourceLocation = #_sourceLocation
) {
  #expect(condition, note, sourceLocation: location)
}
