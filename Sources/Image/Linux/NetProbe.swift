// SPDX-License-Identifier: BSD-3-Clause
#if VIRTIO_NET
import Addresses
import Base
import Bytes
import Clock
import CommandLine
import Log
import Machine
import Packets
import Scheduling
import VirtioNet
import Virtio

final class NetProbe: InterruptHandler {
  let net: VirtioNet
  let pool: PacketPool
  var replies = 0
  var interrupts = 0
  var rounds = 0
  init(_ net: VirtioNet, _ pool: PacketPool) { self.net = net; self.pool = pool }

  func handleInterrupt() { interrupts += 1; round() }

  func round() {
    net.beginPolling()
    repeat {
      rounds += 1
      var rest = PacketQueue()
      while let packet = net.receive(rest: &rest) {
        let isReply = packet.withBytes { $0.bigEndian(at: 12, as: UInt16.self) == 0x0806 && $0.bigEndian(at: 20, as: UInt16.self) == 2 }
        if isReply { replies += 1 }
      }
      net.flush()
    } while net.endPolling()
  }

  func ask() {
    guard let packet = make() else { return }
    net.transmit(Frame(packet))
  }
  func make() -> Packet? {
    guard var packet = pool.allocate(headroom: Packet.headroom), packet.append(60) else { return nil }
    packet.withMutableBytes { (bytes: inout MutableRawSpan) in
      bytes.zero()
      bytes.storeBigEndian(UInt32.max, at: 0)
      bytes.storeBigEndian(UInt16.max, at: 4)
      bytes.storeBigEndian(UInt32(0x52540012), at: 6)
      bytes.storeBigEndian(UInt16(0x3456), at: 10)
      bytes.storeBigEndian(UInt32(0x0806_0001), at: 12)
      bytes.storeBigEndian(UInt32(0x0800_0604), at: 16)
      bytes.storeBigEndian(UInt16(1), at: 20)
      bytes.storeBigEndian(UInt32(0x52540012), at: 22)
      bytes.storeBigEndian(UInt16(0x3456), at: 26)
      bytes.storeBigEndian(UInt32(0x0a00_020f), at: 28)
      bytes.storeBigEndian(UInt32(0x0a00_0202), at: 38)
    }
    return packet
  }

  static func say(_ text: StaticString, _ value: Int) {
    let line = LogLine(.warning, "probe")
    line.append(text)
    line.append(decimal: value)
    line.end()
  }

  static func run(_ parameters: Parameters) {
    guard let transport = findVirtioDevice(VirtioNet.deviceKind, parameters.text),
      let pool = PacketPool(bufferCount: 600, byteCount: 2048)
    else { return say("no device ", 0) }
    let interrupts = transport.connectInterrupts()
    do {
      let net = try VirtioNet(transport, pool: pool)
      let probe = NetProbe(net, pool)
      if let interrupts {
        Scheduler.handle(interrupts.queues, by: probe)
        say("line ", interrupts.queues.rawValue)
        say("line ", interrupts.configuration?.rawValue ?? 999)
      }
      say("offloads ", Int(net.offloads.rawValue))
      say("mac ", Int(net.hardwareAddress?.rawValue ?? 0))
      say("features ", Int(net.device.features.rawValue))
      probe.round()
      for batch in 1...20 {
        for _ in 0..<50 { probe.ask() }
        net.flush()
        var turns = 0
        while probe.replies < batch * 50, turns < 1000 {
          turns += 1
          _ = Scheduler.sleep(until: Clock.now() + .milliseconds(1))
        }
      }
      say("replies ", probe.replies)
      say("interrupts ", probe.interrupts)
      say("rounds ", probe.rounds)
      say("free ", pool.availableCount)
      say("state ", Int(net.device.state.rawValue))
      for _ in 0..<3 {
        var queue = PacketQueue()
        for _ in 0..<100 { if let p = probe.make() { queue.append(p) } }
        var before = CycleCounter.read()
        while let packet = queue.removeFirst() { net.transmit(Frame(packet)) }
        var after = CycleCounter.read()
        say("transmit 100: ", Int(after &- before))
        before = CycleCounter.read()
        net.flush()
        after = CycleCounter.read()
        say("flush: ", Int(after &- before))
        let deadline = Clock.now() + .milliseconds(3)
        while Clock.now() < deadline {}
        before = CycleCounter.read()
        net.flush()
        after = CycleCounter.read()
        say("collect 100: ", Int(after &- before))
        net.beginPolling()
        var rest = PacketQueue()
        var count = 0
        before = CycleCounter.read()
        while let packet = net.receive(rest: &rest) { count += 1; _ = consume packet }
        after = CycleCounter.read()
        say("receive: ", Int(after &- before))
        say("of: ", count)
        before = CycleCounter.read()
        net.flush()
        after = CycleCounter.read()
        say("flush receive: ", Int(after &- before))
        before = CycleCounter.read()
        _ = net.endPolling()
        after = CycleCounter.read()
        say("end: ", Int(after &- before))
        before = CycleCounter.read()
        net.beginPolling()
        after = CycleCounter.read()
        say("begin: ", Int(after &- before))
      }
    } catch {
      say("failed ", Int(error.rawValue))
    }
  }
}
#endif
