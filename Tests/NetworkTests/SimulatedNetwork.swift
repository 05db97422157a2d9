// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Internet
import IPv4
import NetworkStack
import Packets

/// An interface that keeps what is sent.
final class TestInterface: NetworkInterface {
  let mtu: Int
  let hardwareAddress: MACAddress
  var offloads: InterfaceOffloads = []
  var sent: [[UInt8]] = []
  var flushCount = 0

  init(_ address: UInt64, mtu: Int = 1500) {
    hardwareAddress = MACAddress(address)
    self.mtu = mtu
  }

  /// Whether frames are looked at only in `flush`, as a device may do.
  var isLazy = false
  private var waiting = PacketQueue()
  /// Whether it shows frames before it has completed their checksums.
  var leavesChecksums = false

  func transmit(_ frame: consuming Frame) {
    if offloads.contains(.transmitChecksum), !leavesChecksums { frame.completeChecksum() }
    if isLazy {
      precondition(frame.rest.isEmpty, "a lazy interface has no room for pieces")
      waiting.append(frame.intoHead())
    } else {
      sent.append(frame.array)
    }
  }

  func flush() {
    flushCount += 1
    while let packet = waiting.removeFirst() { sent.append(packet.array) }
  }

  func takeSent() -> [[UInt8]] {
    defer { sent = [] }
    return sent
  }
}

/// A stack with its interface.
final class Host {
  let interface: TestInterface
  let stack: NetworkStack
  let station: MACAddress
  var received = 0

  init(_ number: UInt8, mtu: Int = 1500, address: String? = nil, length: Int = 24) {
    interface = TestInterface(0x5254_0000_0000 | UInt64(number), mtu: mtu)
    station = interface.hardwareAddress
    let random = KernelGlobal(SeededGenerator(seed: UInt64(number)))
    stack = NetworkStack(
      interface: interface, pool: testPool, largeBufferLimit: 8, now: .start,
      random: { random.value.next() })!
    if let address {
      precondition(stack.add(IPv4Prefix(v4(address), length: length), now: .start))
    }
  }

  /// Gives it a frame.
  func take(_ frame: [UInt8], now: Instant) {
    guard frame.count <= testPool.byteCount - 64 else { return }
    received += 1
    // As a driver does: the head room of virtio's header alone.
    stack.receive(packet(frame, headroom: 12), now: now)
  }
}

/// Hosts on one wire, on virtual time.
final class SimulatedNetwork {
  private struct Arrival {
    let time: Instant
    let order: Int
    let from: Int
    let frame: [UInt8]
  }

  let hosts: [Host]
  private(set) var now = Instant.start
  private var arrivals: [Arrival] = []
  private var order = 0
  var random = SeededGenerator(seed: 1)
  var delay = Nanoseconds.milliseconds(1)
  /// Percent of frames that are lost, doubled, or late.
  var loss = 0
  var duplication = 0
  var reordering = 0
  /// Changes or swallows a frame.
  var filter: ([UInt8]) -> [UInt8]? = { $0 }
  private(set) var log: [[UInt8]] = []

  init(_ hosts: Host...) {
    self.hosts = hosts
    collect()
  }

  private func collect() {
    for (index, host) in hosts.enumerated() {
      for frame in host.interface.takeSent() {
        log.append(frame)
        guard let frame = filter(frame), !random.chance(loss) else { continue }
        for _ in 0..<(random.chance(duplication) ? 2 : 1) {
          let late = random.chance(reordering) ? Nanoseconds(delay.count * 3) : .zero
          arrivals.append(
            Arrival(time: now + delay + late, order: order, from: index, frame: frame))
          order += 1
        }
      }
    }
  }

  /// Lets time pass, up to `span` from now.
  func run(seconds: Int64, milliseconds: Int64 = 0) {
    let end = now + Nanoseconds(seconds: seconds, nanoseconds: milliseconds * 1_000_000)
    var rounds = 0
    while true {
      for host in hosts { host.stack.flush(now: now) }
      collect()
      rounds += 1
      precondition(rounds < 1_000_000, "the network does not come to rest")
      var next = hosts.map(\.stack.nextDeadline).min() ?? .never
      if let arrival = arrivals.map(\.time).min() { next = min(next, arrival) }
      if next > end { break }
      now = max(now, next)
      for host in hosts where host.stack.nextDeadline <= now { host.stack.advance(to: now) }
      let due = arrivals.filter { $0.time <= now }.sorted {
        ($0.time, $0.order) < ($1.time, $1.order)
      }
      arrivals.removeAll { $0.time <= now }
      for arrival in due {
        for (index, host) in hosts.enumerated() where index != arrival.from {
          host.take(arrival.frame, now: now)
        }
      }
    }
    now = end
    for host in hosts { host.stack.enter(at: now) }
  }
}

/// The payload of a datagram, as text goes.
func payload(_ bytes: [UInt8], for stack: NetworkStack) throws -> Frame {
  var frame = try stack.udp.makePayload(byteCount: bytes.count)
  var offset = 0
  frame.forEachMutableBytes { target in
    let part = Array(bytes[offset..<offset + target.byteCount])
    target.copy(RawSpan(_elements: part.span))
    offset += part.count
  }
  return frame
}

/// A complete IPv4 packet.
func ipv4Packet(
  from source: String, to target: String, protocol number: UInt8, _ payload: [UInt8],
  identification: UInt16 = 0, fragment: UInt16 = 0
) -> [UInt8] {
  let header = IPv4Header(
    from: v4(source), to: v4(target), protocol: number, totalByteCount: 20 + payload.count,
    identification: identification, fragment: fragment)
  var bytes = [UInt8](repeating: 0, count: 20)
  var elements = bytes.mutableSpan
  var span = MutableRawSpan(_elements: &elements)
  header.store(in: &span)
  return bytes + payload
}

/// A UDP datagram with its checksum.
func udpDatagram(
  from source: String, _ sourcePort: UInt16, to target: String, _ targetPort: UInt16,
  _ payload: [UInt8]
) -> [UInt8] {
  let bytes = [
    UInt8(sourcePort >> 8), UInt8(sourcePort & 255), UInt8(targetPort >> 8),
    UInt8(targetPort & 255), UInt8((payload.count + 8) >> 8), UInt8((payload.count + 8) & 255), 0,
    0,
  ]
  var sum = InternetChecksum(
    from: IPAddress(v4(source)), to: IPAddress(v4(target)), protocol: 17,
    byteCount: payload.count + 8)
  let all = bytes + payload
  sum.add(RawSpan(_elements: all.span))
  let value = sum.value == 0 ? 0xffff : sum.value
  var result = all
  result[6] = UInt8(value >> 8)
  result[7] = UInt8(value & 255)
  return result
}

/// An Ethernet frame.
func ethernet(to target: MACAddress, from source: MACAddress, type: UInt16, _ bytes: [UInt8])
  -> [UInt8]
{
  (0..<6).map { UInt8(truncatingIfNeeded: target.rawValue >> UInt64(40 - 8 * $0)) }
    + (0..<6).map { UInt8(truncatingIfNeeded: source.rawValue >> UInt64(40 - 8 * $0)) }
    + [UInt8(type >> 8), UInt8(type & 255)] + bytes
}
