// SPDX-License-Identifier: BSD-3-Clause

import Bytes
import Machine
import Testing
import Virtio
import VirtioEntropy

/// A virtio entropy device (virtio 1.2 section 5.4).
final class SimulatedEntropy: SimulatedVirtioMMIO, @unchecked Sendable {
  let bytes: [UInt8]
  let claimed: UInt32?
  var requests: [[DeviceSideQueue.Part]] = []

  init(_ bytes: [UInt8], claimed: UInt32? = nil) {
    self.bytes = bytes
    self.claimed = claimed
    super.init(kind: 4, features: 0, queueCount: 1, configuration: [])
  }

  override func queueNotified(_ queue: Int) {
    guard let chain = rings[0]?.pop() else { return }
    requests.append(chain.parts)
    let count = rings[0]!.write(bytes, to: chain)
    push(0, chain.head, writtenByteCount: claimed ?? UInt32(count))
  }
}

@Suite struct VirtioEntropyTests {
  private func received(_ device: SimulatedEntropy) throws -> (VirtioEntropy, [[UInt8]]) {
    var all: [[UInt8]] = []
    let driver = try VirtioEntropy(#require(try device.makeTransport())) { span in
      all.append((0..<span.byteCount).map { span.byte(at: $0) })
    }
    driver.processInterrupt()
    driver.processInterrupt()
    return (driver, all)
  }

  @Test func handsOverWhatCame() throws {
    let device = SimulatedEntropy(Array(1...64))
    let (_, all) = try received(device)
    #expect(all == [Array(1...64)])
    #expect(device.requests.map { $0.map(\.byteCount) } == [[64]])
    #expect(try received(SimulatedEntropy([7, 8])).1 == [[7, 8]])
    #expect(try received(SimulatedEntropy([])).1 == [])
  }

  @Test func lengthsThatCannotBeEndTheDevice() throws {
    let (driver, all) = try received(SimulatedEntropy([1], claimed: 65))
    #expect(all.isEmpty && driver.device.state == .failed)
  }
}
