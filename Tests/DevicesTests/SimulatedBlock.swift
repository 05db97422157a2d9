// SPDX-License-Identifier: BSD-3-Clause

import Machine
import Testing

@testable import VirtioBlock

/// A virtio block device (virtio 1.2 section 5.2), written from the specification alone.
final class SimulatedBlock: SimulatedVirtioMMIO, @unchecked Sendable {
  struct Request: Equatable {
    var kind: UInt32
    var sector: Int
    var byteCount: Int
  }

  static let allFeatures: UInt64 = 1 << 1 | 1 << 6 | 1 << 9 | 1 << 13 | 1 << 14 | 1 << 29

  var contents: [UInt8]
  var requests: [Request] = []
  /// How many chains the device found at once, at most.
  var mostAtOnce = 0
  /// Whether what comes at once is answered from the last to the first.
  var answersBackwards = false
  /// The status of each request, by its number; nil for a device that says nothing.
  var code: (Int) -> UInt8? = { _ in 0 }
  /// The length that is claimed instead of the right one.
  var claimed: UInt32?
  var serial = "disk0"

  init(sectorCount: Int = 1024, blockSize: UInt32 = 512, features: UInt64 = allFeatures) {
    contents = (0..<sectorCount * 512).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }
    super.init(
      kind: 2, features: features, queueCount: 1,
      configuration: [UInt8](repeating: 0, count: 60))
    set(UInt64(sectorCount), at: 0, 8)
    set(16384, at: 8, 4)
    set(UInt64(blockSize), at: 20, 4)
    set(64, at: 36, 4)
    set(64, at: 48, 4)
  }

  func set(_ value: UInt64, at offset: Int, _ byteCount: Int) {
    for index in 0..<byteCount {
      configuration[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
    }
  }

  func makeDriver() throws -> VirtioBlock { try VirtioBlock(#require(try makeTransport())) }

  override func queueNotified(_ queue: Int) {
    guard status & 4 != 0 else { return }
    var chains: [DeviceSideQueue.Chain] = []
    while let chain = rings[0]?.pop() { chains.append(chain) }
    mostAtOnce = max(mostAtOnce, chains.count)
    for chain in answersBackwards ? chains.reversed() : chains { answer(chain) }
  }

  private func answer(_ chain: DeviceSideQueue.Chain) {
    let bytes = rings[0]!.readableBytes(of: chain)
    let kind = UInt32(bytes[0])
    let sector = (0..<8).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    let room = chain.parts.filter(\.isWritable).reduce(0) { $0 + $1.byteCount } - 1
    let data = Array(bytes.dropFirst(16))
    requests.append(Request(kind: kind, sector: sector, byteCount: max(room, data.count)))
    var reply: [UInt8] = []
    switch kind {
    case 0: reply = Array(contents[sector * 512..<sector * 512 + room])
    case 1: contents.replaceSubrange(sector * 512..<sector * 512 + data.count, with: data)
    case 8: reply = Array((Array(serial.utf8) + [UInt8](repeating: 0, count: 20)).prefix(20))
    case 11, 13: clear(data, kind: kind)
    default: break
    }
    let code = code(requests.count - 1)
    // Nothing at all is said when the test wants that.
    if let code { reply.append(code) }
    let count = rings[0]!.write(reply, to: chain)
    push(0, chain.head, writtenByteCount: claimed ?? UInt32(count))
  }

  /// One range: a sector, a number of sectors, flags.
  private func clear(_ data: [UInt8], kind: UInt32) {
    let sector = (0..<8).reduce(0) { $0 | Int(data[$1]) << (8 * $1) }
    let count = (0..<4).reduce(0) { $0 | Int(data[8 + $1]) << (8 * $1) }
    requests[requests.count - 1].sector = sector
    requests[requests.count - 1].byteCount = count * 512
    guard kind == 13 else { return }
    let zeros = [UInt8](repeating: 0, count: count * 512)
    contents.replaceSubrange(sector * 512..<(sector + count) * 512, with: zeros)
  }
}
