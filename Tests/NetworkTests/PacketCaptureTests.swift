// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Foundation
import Internet
import NetworkStack
import PacketCapture
import Packets
import Testing
import UDP

/// Keeps a capture, and reads it as a tool would.
private final class FileSink: CaptureSink {
  var bytes: [UInt8] = []
  func write(_ piece: RawSpan) { bytes += piece.array }

  func word(_ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
  }

  struct Record {
    var seconds: UInt32
    var nanoseconds: UInt32
    var length: Int
    var bytes: [UInt8]
  }

  /// All records; nil when the file is malformed.
  func records() -> [Record]? {
    guard bytes.count >= 24, word(0) == 0xa1b2_3c4d, word(4) == 4 << 16 | 2, word(8) == 0,
      word(12) == 0, word(20) == 1
    else { return nil }
    var result: [Record] = []
    var offset = 24
    while offset < bytes.count {
      guard offset + 16 <= bytes.count else { return nil }
      let count = Int(word(offset + 8))
      let record = Record(
        seconds: word(offset), nanoseconds: word(offset + 4), length: Int(word(offset + 12)),
        bytes: Array(bytes[(offset + 16)...].prefix(count)))
      guard record.bytes.count == count, count <= record.length, record.nanoseconds < 1_000_000_000,
        count <= Int(word(16))
      else { return nil }
      result.append(record)
      offset += 16 + count
    }
    return result
  }
}

@Suite struct PacketCaptureTests {
  private let scratch = PacketPool(bufferCount: 1, byteCount: 70_000)!

  @Test func theFileAndItsRecords() throws {
    let sink = FileSink()
    let capture = PacketCapture(
      sink: sink, snapLength: 5, clockOffset: 1_700_000_000_123_456_789)
    #expect(sink.bytes.count == 24 && sink.word(16) == 5)
    let first = packet([1, 2, 3])
    capture.record(first, now: Instant(nanoseconds: 1_900_000_000))
    var frame = Frame(packet([4, 5, 6]))
    frame.rest.append(packet([7, 8, 9]))
    frame.rest.append(packet([10]))
    capture.record(frame, now: Instant(nanoseconds: 2_000_000_000))
    let records = try #require(sink.records())
    #expect(records.map(\.bytes) == [[1, 2, 3], [4, 5, 6, 7, 8]])
    #expect(records.map(\.length) == [3, 7] && capture.count == 2)
    #expect(records[0].seconds == 1_700_000_002 && records[0].nanoseconds == 23_456_789)
    #expect(records[1].seconds == 1_700_000_002 && records[1].nanoseconds == 123_456_789)
    check(first.array == [1, 2, 3] && frame.byteCount == 7)
  }

  @Test func receivedPiecesAreAllThere() throws {
    let host = Host(1, address: "10.0.0.1")
    let sink = FileSink()
    host.stack.capture = PacketCapture(sink: sink)
    var rest = PacketQueue()
    rest.append(packet([3, 4], headroom: 0))
    rest.append(packet([5], headroom: 0))
    let free = testPool.availableCount
    host.stack.receive(
      packet([UInt8](repeating: 1, count: 20), headroom: 12), rest: rest, now: .start)
    #expect(sink.records()?.map(\.bytes) == [[UInt8](repeating: 1, count: 20) + [3, 4, 5]])
    #expect(testPool.availableCount == free + 2, "nothing is kept")
  }

  /// Both ways: what is sent with a checksum left to the card, and what came from this machine
  /// without one.
  @Test(arguments: [1, 500, 1472])
  func checksumsAreCompleteInTheFileAlone(size: Int) throws {
    let a = Host(1, address: "10.0.0.1")
    let sink = FileSink()
    a.interface.offloads = .transmitChecksum
    a.interface.leavesChecksums = true
    a.stack.capture = PacketCapture(sink: sink, scratch: scratch)
    let endpoint = a.stack.udp.makeEndpoint(isIPv6: false)
    endpoint.options.allowsBroadcast = true
    try a.stack.udp.bind(endpoint, to: Endpoint(IPAddress(IPv4Address.any), 7), sink: a.stack)
    for target in ["10.0.0.255", "224.0.0.251"] {
      try a.stack.udp.send(
        payload([UInt8](repeating: 0xa5, count: size), for: a.stack), on: endpoint,
        to: Endpoint(IPAddress(v4(target)), 7), sink: a.stack)
    }
    let records = try #require(sink.records())
    let sent = a.interface.takeSent().suffix(2)
    #expect(records.count == 2 && sent.count == 2)
    for (record, frame) in zip(records, sent) {
      #expect(problem(with: record.bytes) == nil)
      #expect(problem(with: frame) == "checksum of protocol 17", "the card has yet to make it")
      #expect(record.length == frame.count)
    }
    // The same bytes coming in, from another station.
    var incoming = Array(sent[sent.startIndex])
    incoming[11] ^= 1
    let received = packet(incoming, headroom: 30)
    received.offload.checksum = .needed(start: 30 + 34, offset: 6)
    a.stack.receive(received, now: .start)
    let last = try #require(sink.records()?.last)
    #expect(problem(with: last.bytes) == nil && last.length == incoming.count)
  }

  @Test func withoutScratchFramesAreAsTheyAre() throws {
    let small = PacketPool(bufferCount: 1, byteCount: 64)!
    for pool in [nil, small] {
      let sink = FileSink()
      let capture = PacketCapture(sink: sink, scratch: pool)
      let frame = packet([UInt8](repeating: 3, count: 100))
      frame.offload.checksum = .needed(start: UInt16(frame.start), offset: 0)
      capture.record(frame, now: .start)
      #expect(sink.records()?.first?.bytes == [UInt8](repeating: 3, count: 100))
    }
    #expect(small.freeCount == 1)
  }

  /// All kinds of packets of two hosts; and tshark's own word where it is installed.
  @Test func aConversationIsReadWithoutComplaint() throws {
    let a = Host(1, address: "10.0.0.1")
    let b = Host(2, address: "10.0.0.2")
    let sink = FileSink()
    a.stack.capture = PacketCapture(sink: sink, scratch: scratch)
    a.interface.offloads = .transmitChecksum
    let network = SimulatedNetwork(a, b)
    for host in [a, b] { host.stack.startIPv6(now: network.now) }
    network.run(seconds: 3)
    for address in [IPAddress(v4("10.0.0.2")), IPAddress(b.linkLocal)] {
      let endpoint = a.stack.udp.makeEndpoint(isIPv6: !address.isIPv4)
      for (port, size) in [(99, 10), (99, 5000), (7, 1)] as [(UInt16, Int)] {
        try? a.stack.udp.send(
          payload([UInt8](repeating: 0x42, count: size), for: a.stack), on: endpoint,
          to: Endpoint(address, port), sink: a.stack)
        network.run(seconds: 1)
      }
    }
    network.run(seconds: 100)
    let records = try #require(sink.records())
    #expect(records.count > 25)
    for record in records {
      let problem = problem(with: record.bytes)
      #expect(problem == nil, "\(problem ?? ""): \(record.bytes)")
    }
    try complaints(about: sink.bytes)
  }

  private func complaints(about file: [UInt8]) throws {
    let tool = URL(fileURLWithPath: "/usr/bin/tshark")
    guard FileManager.default.isExecutableFile(atPath: tool.path) else { return }
    let place = FileManager.default.temporaryDirectory
      .appendingPathComponent("martlet-\(UUID().uuidString).pcap")
    try Data(file).write(to: place)
    defer { try? FileManager.default.removeItem(at: place) }
    let process = Process()
    let output = Pipe()
    process.executableURL = tool
    process.arguments = [
      "-r", place.path, "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-Y",
      "_ws.malformed || udp.checksum.status == 0 || ip.checksum.status == 0"
        + " || icmp.checksum.status == 0 || icmpv6.checksum.status == 0",
    ]
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let said = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(String(decoding: said, as: UTF8.self) == "")
  }
}
