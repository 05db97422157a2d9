// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Packets
import Testing

@Suite struct PacketsTests {
  @Test func headersGrowIntoTheHeadRoom() throws {
    var packet = packet([1, 2, 3])
    check(packet.start == Packet.headroom && packet.byteCount == 3)
    check(packet.prepend(2))
    packet.withMutableBytes { $0.storeBigEndian(UInt16(0x0809), at: 0) }
    check(packet.array == [8, 9, 1, 2, 3])
    check(packet.removeFirst(3))
    check(packet.array == [2, 3])
    check(packet.removeLast(1))
    check(packet.array == [2])
  }

  @Test func boundsThatDoNotFitAreRefused() {
    var packet = packet([1, 2, 3])
    check(!packet.removeFirst(4) && !packet.removeLast(4) && !packet.removeFirst(-1))
    check(!packet.removeLast(-1) && !packet.prepend(Packet.headroom + 1) && !packet.prepend(-1))
    check(!packet.append(packet.tailroom + 1) && !packet.append(-1) && !packet.append(.max))
    check(!packet.setBounds(start: 2, end: 1) && !packet.setBounds(start: -1, end: 1))
    check(!packet.setBounds(start: 0, end: packet.capacity + 1))
    check(!packet.truncate(to: 4) && !packet.truncate(to: -1))
    check(packet.array == [1, 2, 3])
    check(packet.setBounds(start: 0, end: packet.capacity))
    check(packet.byteCount == 2048 && packet.tailroom == 0)
  }

  @Test func buffersGoBackWhenTheLastShareGoes() throws {
    let pool = try #require(PacketPool(bufferCount: 2, byteCount: 256))
    let before = pool.freeCount
    do {
      var first = pool.allocate(headroom: 0)!
      check(first.append(10) && !first.isShared)
      var second = first.share()
      check(first.isShared && second.isShared && pool.freeCount == before - 1)
      check(second.removeFirst(4) && second.byteCount == 6 && first.byteCount == 10)
      _ = consume first
      check(!second.isShared && pool.freeCount == before - 1)
    }
    check(pool.freeCount == before)
  }

  @Test func aPoolGrowsToItsLimitAndNoFurther() throws {
    let pool = try #require(PacketPool(bufferCount: 1, byteCount: 40_000, limit: 3))
    check(pool.bufferCount == 1)
    var queue = PacketQueue()
    for _ in 0..<3 { queue.append(pool.allocate()!) }
    check(pool.allocate() == nil && pool.bufferCount == 3 && pool.availableCount == 0)
    queue.removeAll()
    check(pool.freeCount == 3 && pool.availableCount == 3)
    check(pool.allocate(headroom: 50_000) == nil && pool.allocate(headroom: -1) == nil)
    check(PacketPool(bufferCount: 0, byteCount: 1) == nil)
  }

  @Test func aNewPacketRemembersNothing() throws {
    let pool = try #require(PacketPool(bufferCount: 1, byteCount: 64, limit: 1))
    let count = pool.freeCount
    for _ in 0..<count + 1 {
      var packet = pool.allocate(headroom: 3)!
      check(packet.start == 3 && packet.byteCount == 0)
      guard case .none = packet.offload.checksum else {
        Issue.record("an old offload is still there")
        return
      }
      packet.offload.checksum = .verified
      check(packet.append(60))
    }
  }

  @Test func framesKeepTheirPieces() {
    var frame = Frame(packet([1, 2]))
    frame.rest.append(packet([3]))
    frame.rest.append(packet([4, 5, 6]))
    check(frame.byteCount == 6 && frame.array == [1, 2, 3, 4, 5, 6])
    let copy = frame.share()
    check(frame.head.isShared && copy.array == frame.array)
    var flat = packet([0])
    check(frame.copy(to: &flat) && flat.array == [0, 1, 2, 3, 4, 5, 6])
    var queue = copy.intoQueue()
    check(queue.count == 3)
    queue.dropFirst(bytes: 4)
    check(queue.count == 1 && queue.removeFirst()?.array == [5, 6])
  }

  /// Every operation against an array of arrays.
  @Test func queuesBehaveAsTheirModel() {
    let free = testPool.availableCount
    do {
      var random = SeededGenerator(seed: 7)
      var queue = PacketQueue()
      var model: [[UInt8]] = []
      for _ in 0..<3000 {
        let bytes = random.bytes(Int.random(in: 0...20, using: &random))
        switch Int.random(in: 0..<9, using: &random) {
        case 0...2:
          queue.append(packet(bytes))
          model.append(bytes)
        case 3:
          queue.prepend(packet(bytes))
          model.insert(bytes, at: 0)
        case 4:
          check(queue.removeFirst()?.array == (model.isEmpty ? nil : model.removeFirst()))
        case 5:
          let count = Int.random(in: 0...40, using: &random)
          queue.dropFirst(bytes: count)
          var rest = count
          while rest > 0, let first = model.first {
            if first.count > rest {
              model[0].removeFirst(rest)
              break
            }
            rest -= first.count
            model.removeFirst()
          }
        case 6:
          let all = model.flatMap { $0 }
          let from = Int.random(in: 0...all.count + 2, using: &random)
          let count = Int.random(in: 0...50, using: &random)
          let piece = queue.shareBytes(from: from, count: count)
          var found: [UInt8] = []
          piece.forEachBytes { found += $0.array }
          check(found == Array(all.dropFirst(from).prefix(count)))
          check(piece.byteCount == found.count)
        case 7:
          var other = PacketQueue()
          if random.chance(50) {
            other.append(packet(bytes))
            model.append(bytes)
          }
          queue.append(contentsOf: other)
        default:
          check(queue.withFirstBytes { $0.array } == model.first)
        }
        check(queue.count == model.count && queue.isEmpty == model.isEmpty)
        check(queue.byteCount == model.reduce(0) { $0 + $1.count })
      }
      var found: [[UInt8]] = []
      queue.forEachBytes { found.append($0.array) }
      check(found == model)
    }
    check(testPool.availableCount == free)
  }

  @Test func queuesTakePacketsOfAnyPool() throws {
    let pool = try #require(PacketPool(bufferCount: 4, byteCount: 128))
    let (free, other) = (pool.freeCount, testPool.availableCount)
    do {
      var queue = PacketQueue()
      queue.append(pool.allocate()!)
      queue.append(packet([1]))
      queue.append(pool.allocate()!)
      check(pool.freeCount == free - 2)
    }
    check(pool.freeCount == free && testPool.availableCount == other)
  }
}

@Suite struct InternetChecksumTests {
  /// RFC 1071 section 4.1 as it is written there.
  private func reference(_ bytes: [UInt8]) -> UInt16 {
    var sum: UInt32 = 0
    var offset = 0
    while offset < bytes.count {
      let low = offset + 1 < bytes.count ? bytes[offset + 1] : 0
      sum += UInt32(bytes[offset]) << 8 | UInt32(low)
      offset += 2
    }
    while sum >> 16 != 0 { sum = (sum & 0xffff) + sum >> 16 }
    return ~UInt16(sum)
  }

  @Test func theExampleOfRFC1071Section3() {
    let bytes = hex("0001 f203 f4f5 f6f7")
    check(InternetChecksum.of(RawSpan(_elements: bytes.span)) == ~0xddf2)
  }

  @Test func anyBytesInAnyPieces() {
    var random = SeededGenerator(seed: 3)
    for round in 0..<2000 {
      var bytes = random.bytes(Int.random(in: 0...200, using: &random))
      if round % 3 == 0 { bytes = bytes.map { _ in 0xff } }
      check(InternetChecksum.of(RawSpan(_elements: bytes.span)) == reference(bytes))
      var checksum = InternetChecksum()
      var rest = bytes[...]
      while !rest.isEmpty {
        let piece = Array(rest.prefix(Int.random(in: 0...40, using: &random)))
        checksum.add(RawSpan(_elements: piece.span))
        rest = rest.dropFirst(piece.count)
      }
      check(checksum.value == reference(bytes))
    }
  }

  @Test func pseudoHeaders() {
    let payload: [UInt8] = [0x12, 0x34, 0x56]
    var four = InternetChecksum(
      from: IPAddress(v4("192.168.1.2")), to: IPAddress(v4("10.255.0.1")), protocol: 17,
      byteCount: 3)
    four.add(RawSpan(_elements: payload.span))
    check(four.value == reference(hex("c0a80102 0aff0001 0011 0003") + payload))
    var six = InternetChecksum(
      from: IPAddress(v6("fe80::1")), to: IPAddress(v6("ff02::fb")), protocol: 58, byteCount: 70_000
    )
    six.add(RawSpan(_elements: payload.span))
    let header = hex(
      "fe80000000000000 0000000000000001 ff02000000000000 00000000000000fb 00011170 0000003a")
    check(six.value == reference(header + payload))
  }

  @Test func rightPacketsSumToAllOnes() {
    var bytes = hex("45000073000040004011 0000 c0a80001c0a800c7")
    let checksum = InternetChecksum.of(RawSpan(_elements: bytes.span))
    check(checksum == 0xb861)
    bytes[10] = 0xb8
    bytes[11] = 0x61
    var sum = InternetChecksum()
    sum.add(RawSpan(_elements: bytes.span))
    check(sum.isRight)
    bytes[3] ^= 1
    sum = InternetChecksum()
    sum.add(RawSpan(_elements: bytes.span))
    check(!sum.isRight)
  }

  @Test func aChangedWordUpdatesTheChecksum() {
    // The example of RFC 1624 section 4.
    check(InternetChecksum.updated(0xdd2f, from: 0x5555, to: 0x3285) == 0x0000)
    var random = SeededGenerator(seed: 9)
    for _ in 0..<500 {
      var bytes = random.bytes(40)
      let before = reference(bytes)
      let old = UInt16(bytes[6]) << 8 | UInt16(bytes[7])
      let new = UInt16.random(in: 0...UInt16.max, using: &random)
      bytes[6] = UInt8(new >> 8)
      bytes[7] = UInt8(new & 0xff)
      check(InternetChecksum.updated(before, from: old, to: new) == reference(bytes))
    }
  }
}
