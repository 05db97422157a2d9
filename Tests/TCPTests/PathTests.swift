// SPDX-License-Identifier: BSD-3-Clause

import Addresses
import Base
import Bytes
import Testing

@testable import TCP

/// What ICMP tells (RFC 9293 section 3.9.2.2, RFC 5927, RFC 1191, RFC 8201).
@Suite struct PathTests {
  /// The first bytes of a segment of this side, as ICMP quotes them.
  private func quote(_ script: Script, seq: Int) -> [UInt8] {
    var header = SegmentHeader(
      from: script.localPort, to: script.remote.port, sequence: script.base + seq, flags: .ack)
    header.window = 1
    var bytes = [UInt8](repeating: 0, count: 20)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    header.emit(into: &raw)
    return Array(bytes[..<8])
  }

  private func unreachable(_ script: Script, _ kind: TCP.UnreachableKind, seq: Int) {
    let bytes = quote(script, seq: seq)
    script.tcp.unreachable(
      kind, from: script.host.address, to: script.remote.address, quoted: bytes.span.bytes,
      now: script.now)
  }

  private func tooBig(_ script: Script, _ mtu: Int, seq: Int) {
    let bytes = quote(script, seq: seq)
    script.tcp.packetTooBig(
      mtu: mtu, from: script.host.address, to: script.remote.address, quoted: bytes.span.bytes,
      now: script.now)
  }

  @Test(arguments: [TCP.UnreachableKind.soft, .hard])
  func whatLivesIsNotGivenUp(_ kind: TCP.UnreachableKind) throws {
    let script = Script()
    let connection = try script.accepted()
    try script.write(connection, 10)
    script.drain()
    unreachable(script, kind, seq: 1)
    #expect(connection.state == .established, "MUST-54, MUST-56")
    while script.millisecondsUntilSent() != nil { script.drain() }
    // But it is told when the connection dies (SHLD-25, MUST-47).
    #expect(connection.takeError() == (kind == .hard ? .refused : .unreachable))
  }

  @Test func aRefusedOpenEndsAtOnce() throws {
    let script = Script()
    let connection = try script.connect()
    script.expect(.syn)
    unreachable(script, .soft, seq: 0)
    #expect(connection.state == .synSent, "MUST-56")
    unreachable(script, .hard, seq: 7)
    #expect(connection.state == .synSent, "RFC 5927 section 4.1: not what is outstanding")
    unreachable(script, .hard, seq: 0)
    #expect(connection.takeError() == .refused, "SHLD-26")
    script.expectNoDeadline()
  }

  @Test func aNarrowerPathMakesSmallerSegments() throws {
    let script = Script()
    let connection = try script.accepted { $0.maximumSegmentSize = 1460 }
    try script.write(connection, 5000)
    #expect(script.drain().map(\.payload.count) == [1460, 1460, 1460, 620])
    tooBig(script, 1000, seq: 1)
    #expect(connection.segmentSize == 960)
    let again = script.drain()
    #expect(again.first.map { $0.header.sequence - script.base } == 1, "RFC 1191 section 6.4")
    #expect(again.allSatisfy { $0.payload.count <= 960 })
    var acknowledged = 1
    for segment in again { acknowledged += segment.payload.count }
    while acknowledged < 5001 {
      script.inject(.ack, ack: acknowledged)
      let more = script.drain()
      try #require(!more.isEmpty)
      for segment in more {
        #expect(segment.payload.count <= 960)
        let start = segment.header.sequence - script.base
        #expect(segment.payload == Script.data(segment.payload.count, from: start))
        acknowledged = max(acknowledged, start + segment.payload.count)
      }
    }
    script.inject(.ack, ack: 5001)
    #expect(connection.unacknowledgedByteCount == 0)
  }

  @Test func forgedMessagesAreIgnored() throws {
    let script = Script()
    let connection = try script.accepted { $0.maximumSegmentSize = 1460 }
    try script.write(connection, 1000)
    script.drain()
    tooBig(script, 600, seq: 5000)
    #expect(connection.segmentSize == 1460, "RFC 5927 section 4.1")
    tooBig(script, 2000, seq: 1)
    #expect(connection.segmentSize == 1460, "no larger")
    tooBig(script, 68, seq: 1)
    #expect(connection.segmentSize == 552 - 40, "not below what is of use")
    let bytes: [UInt8] = [0, 80, 15]
    let isRecognized = script.tcp.recognizes(
      from: script.host.address, to: script.remote.address, quoted: bytes.span.bytes)
    #expect(!isRecognized)
  }
}
