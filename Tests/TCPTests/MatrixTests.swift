// SPDX-License-Identifier: BSD-3-Clause

import Base
import Foundation
import Packets
import Testing

@testable import TCP

/// Two stacks in all kinds of weather. What each cell of the matrix comes to is kept in
/// Snapshots/matrix.txt: a change of behaviour shows there, wanted or not.
@Suite struct MatrixTests {
  private static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Snapshots/matrix.txt")

  @Test func allBytesArriveAndNothingHasChanged() throws {
    let lines = try Weather.matrix.map { "\($0.testDescription): \(try outcome(of: $0))" }
    if ProcessInfo.processInfo.environment["MARTLET_RENEW_SNAPSHOTS"] != nil {
      let text = lines.joined(separator: "\n") + "\n"
      try text.write(to: Self.file, atomically: true, encoding: .utf8)
      return
    }
    let kept = try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n")
    #expect(kept.count == lines.count)
    for (line, old) in zip(lines, kept) {
      #expect(
        line == String(old),
        "if this is wanted: MARTLET_RENEW_SNAPSHOTS=1 swift test --filter MatrixTests")
    }
  }

  /// Runs one cell: how long it took on virtual time and what it cost.
  private func outcome(of weather: Weather) throws -> String {
    let name = Comment(rawValue: weather.testDescription)
    let network = SimulatedNetwork(
      weather.conditions, seed: weather.seed, clientConfiguration: weather.configuration,
      serverConfiguration: weather.configuration, version6: weather.version6)
    let listener = try network.listen()
    let client = try network.connect()
    try #require(network.run(for: Nanoseconds(seconds: 600)) { listener.isReadable }, name)
    let server = try #require(listener.accept())
    let one = Pump(client, sending: weather.bytes, seed: 3, peerSeed: 4, network)
    let two = Pump(
      server, sending: weather.both ? weather.bytes : 10, seed: 4, peerSeed: 3, network)
    let begin = network.now
    one.step()
    two.step()
    let done = network.run(for: Nanoseconds(seconds: 3600)) {
      one.isClosed && two.isClosed && client.isHungUp && server.isHungUp
    }
    #expect(done, "\(name): \(one.sent) \(one.received) \(two.sent) \(two.received)")
    #expect(one.isRight && two.isRight, name)
    #expect(two.received == weather.bytes && one.received == two.sent, name)
    let span = (network.now - begin).count / 1_000_000
    let frames = network.client.sentCount + network.server.sentCount
    // No storm: a bounded number of events for each segment's worth of data.
    let segments = (one.sent + two.sent) / min(1400, weather.buffer / 4) + 20
    #expect(frames < segments * 8, "\(name): \(frames) frames for \(segments) segments")
    #expect(network.alarmCount < segments * 24, name)
    network.run(for: Nanoseconds(seconds: 300))
    for host in [network.client, network.server] {
      #expect(host.tcp.connectionCount == 0, name)
      #expect(host.tcp.receivedBytes == 0 && host.tcp.reassembledPackets == 0, name)
      #expect(host.tcp.nextDeadline == .never, name)
      #expect(host.pool.freeCount == host.pool.bufferCount, name)
    }
    let counters = [network.client.tcp.counters, network.server.tcp.counters]
    let again = counters.reduce(0) { $0 + $1.retransmitted }
    let timeouts = counters.reduce(0) { $0 + $1.timeouts }
    return "\(span) ms, \(frames) frames, \(again) again, \(timeouts) timeouts"
  }
}
