// SPDX-License-Identifier: BSD-3-Clause

import Machine
import Packets
import Testing
import Virtio

@testable import VirtioNet

/// Frames of one piece take a shorter way to the device; what comes out must be the same.
@Suite("Virtio network device, frames of one piece")
struct VirtioNetWholeFrameTests {
  private func bytes(_ count: Int, _ seed: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ seed) }
  }

  private static let checksums: [PacketOffload.Checksum] = [
    .none, .verified, .needed(start: UInt16(Packet.headroom + 34), offset: 6),
    .needed(start: UInt16(Packet.headroom + 34), offset: 26),
    // Not inside.
    .needed(start: UInt16(Packet.headroom + 34), offset: 27),
    .needed(start: UInt16(Packet.headroom - 1), offset: 6),
  ]

  @Test("they go out as other frames do", arguments: 0..<6, [1 << 34, 1 << 29, 0])
  func likeOthers(_ index: Int, _ more: UInt64) throws {
    var offload = PacketOffload()
    offload.checksum = Self.checksums[index]
    for segmentation in [PacketOffload.Segmentation.none, .tcp4] {
      offload.segmentation = segmentation
      let features = more == 1 << 34 ? SimulatedNet.allFeatures | more : more
      let (one, other) = (SimulatedNet(features: features), SimulatedNet(features: features))
      let (first, second) = (try one.makeDriver(), try other.makeDriver())
      first.transmit(frame([bytes(62)], offload: offload))
      second.transmit(whole: frame([bytes(62)], offload: offload).intoHead())
      first.flush()
      second.flush()
      #expect(one.sent.map(\.header) == other.sent.map(\.header))
      #expect(one.sent.map(\.bytes) == other.sent.map(\.bytes))
      #expect(first.counters == second.counters)
    }
  }

  @Test("they wait like others when the device falls behind", arguments: SimulatedNet.queueFeatures)
  func backlog(features: UInt64) throws {
    let model = SimulatedNet(features: features)
    let net = try model.makeDriver()
    var offload = PacketOffload()
    offload.checksum = .needed(start: UInt16(Packet.headroom + 34), offset: 6)
    model.isAsynchronous = true
    for number in 0..<400 {
      net.transmit(whole: frame([bytes(62, number)], offload: offload).intoHead())
    }
    net.flush()
    #expect(net.backlogCount == 400 - 256)
    model.isAsynchronous = false
    for _ in 0..<4 {
      model.run()
      net.beginPolling()
      net.flush()
    }
    #expect(net.backlogCount == 0 && net.counters.droppedFrames == 0)
    #expect(model.sent.map(\.bytes) == (0..<400).map { bytes(62, $0) })
    #expect(model.sent.allSatisfy { $0.header.flags == 1 && $0.header.checksumStart == 34 })
  }
}
